//! A completion in one piece.

use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;

use super::chunks::{HUGE, plain_error, tool_call_id, usage};
use super::error::ApiError;
use super::identity;
use crate::script::{Fault, FaultKind};
use crate::speech::Part;
use crate::stream::{FLUSH, Telling, cut};

/// Answers after the time that saying it all takes.
pub(super) async fn respond(mut telling: Telling, model: &str) -> Response {
    let mut message = Message::default();
    message.hear(&mut telling);
    let time = match telling.spent.completion {
        0 => Duration::ZERO,
        tokens => telling.pace.time_of(tokens),
    };
    tokio::time::sleep(time).await;
    telling.flight.sent(telling.spent.completion);

    let fault = telling.fault.take().map(|(_, fault)| fault);
    if let Some(fault) = &fault
        && fault.kind == FaultKind::HugeEvent
    {
        message.text.push_str(&"x".repeat(HUGE));
    }
    let body = message.body(&mut telling, model);
    let ends_here = matches!(
        fault.as_ref().map(|fault| fault.kind),
        Some(FaultKind::Cut | FaultKind::ErrorInStream | FaultKind::PlainErrorInStream)
    );
    if ends_here {
        telling.flight.failed();
    } else {
        telling.flight.completed();
    }
    let body = match fault {
        Some(fault) => spoil(body, &fault),
        None => body.into(),
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// All of an answer.
#[derive(Default)]
struct Message {
    text: String,
    thinking: String,
    refusal: String,
    /// Names and arguments.
    tools: Vec<(String, String)>,
}

impl Message {
    /// Takes in everything that is to be said.
    fn hear(&mut self, telling: &mut Telling) {
        loop {
            let left = telling.limit - telling.spent.completion;
            if left == 0 {
                return;
            }
            let Some(piece) = telling.speech.next(left) else {
                return;
            };
            telling.spent.add(&piece);
            let heard = match piece.part {
                Part::Thinking => &mut self.thinking,
                Part::Text => &mut self.text,
                Part::Refusal => &mut self.refusal,
                Part::Tool { name, .. } => {
                    if piece.begins {
                        self.tools.push((name.clone(), String::new()));
                    }
                    match self.tools.last_mut() {
                        Some((_, arguments)) => arguments,
                        None => return,
                    }
                }
            };
            heard.push_str(piece.text);
        }
    }

    fn body(self, telling: &mut Telling, model: &str) -> Vec<u8> {
        let (id, created) = identity();
        let reason = telling.reason();
        let something = |text: String| (!text.is_empty()).then_some(text);
        let has_text = self.tools.is_empty() && self.refusal.is_empty() || !self.text.is_empty();
        let mut message = json!({
            "role": "assistant",
            "content": has_text.then_some(self.text),
            "refusal": something(self.refusal),
        });
        if let Some(thinking) = something(self.thinking) {
            message["reasoning_content"] = thinking.into();
        }
        if !self.tools.is_empty() {
            let calls = self.tools.into_iter().enumerate();
            message["tool_calls"] = calls
                .map(|(index, (name, arguments))| {
                    json!({
                        "id": tool_call_id(index),
                        "type": "function",
                        "function": {"name": name, "arguments": arguments},
                    })
                })
                .collect();
        }
        let completion = json!({
            "id": id,
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [{
                "index": 0,
                "message": message,
                "finish_reason": (!reason.is_empty()).then_some(reason),
            }],
            "usage": usage(&telling.spent),
        });
        completion.to_string().into_bytes()
    }
}

/// The same body with the fault in it.
fn spoil(mut body: Vec<u8>, fault: &Fault) -> Body {
    let middle = body.len() / 2;
    match fault.kind {
        FaultKind::Cut => {
            body.truncate(middle);
            let said = stream::iter([Ok(Bytes::from(body))]);
            // The wait lets the server send what came before.
            let end = stream::once(async {
                tokio::time::sleep(FLUSH).await;
                Err(cut())
            });
            return Body::from_stream(said.chain(end));
        }
        FaultKind::Garbage => body.truncate(middle),
        FaultKind::InvalidUtf8 => body.insert(middle, 0xff),
        FaultKind::ErrorInStream => body = ApiError::scripted(fault).to_json(),
        FaultKind::PlainErrorInStream => body = plain_error(fault).to_string().into_bytes(),
        // Said already, or met before there was a body.
        FaultKind::HugeEvent
        | FaultKind::Status
        | FaultKind::Html
        | FaultKind::Reset
        | FaultKind::Silence => {}
    }
    body.into()
}
