//! An answer in one piece.

use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::problem::{Objection, Problem};
use crate::script::{Fault, FaultKind};
use crate::speech::{Part, Spent};
use crate::stream::{FLUSH, Telling, cut};
use crate::wire::{Ending, HUGE, Setting};

/// All of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) thinking: String,
    pub(crate) refusal: String,
    /// Names and arguments.
    pub(crate) tools: Vec<(String, String)>,
    pub(crate) ending: Ending,
    pub(crate) spent: Spent,
    /// How long saying it takes.
    pub(crate) time: Duration,
    /// Why the provider refuses to say more.
    pub(crate) refused: Option<Problem>,
}

/// Answers after the time that saying it all takes.
pub(crate) async fn respond(
    mut telling: Telling,
    setting: &Setting<'_>,
    request_id: &str,
) -> Response {
    let format = telling.format;
    let fault = telling.fault.take();
    let refused = fault.as_ref().and_then(|(position, fault)| {
        let refuses = fault.kind == FaultKind::RefusedContent;
        refuses.then(|| {
            telling.limit = telling.limit.min(*position);
            format.words(&Objection::Content).reworded(fault)
        })
    });
    let mut answer = Answer::hear(&mut telling);
    if refused.is_some() {
        answer.ending = Ending::Filtered;
    }
    answer.refused = refused;
    tokio::time::sleep(answer.time).await;
    telling.flight.sent(telling.spent.completion);

    let fault = fault.map(|(_, fault)| fault);
    if let Some(fault) = &fault
        && fault.kind == FaultKind::HugeEvent
    {
        answer.text.push_str(&"x".repeat(HUGE));
    }
    let body = format.whole(setting, answer).to_string().into_bytes();
    let ends_here = matches!(
        fault.as_ref().map(|fault| fault.kind),
        Some(
            FaultKind::Cut
                | FaultKind::ErrorInStream
                | FaultKind::PlainErrorInStream
                | FaultKind::RefusedContent
        )
    );
    if ends_here {
        telling.flight.failed();
    } else {
        telling.flight.completed();
    }
    let body = match fault {
        Some(fault) => {
            let problem = Problem::scripted(&fault);
            match fault.kind {
                FaultKind::ErrorInStream => format.error_body(&problem, request_id).into(),
                FaultKind::PlainErrorInStream => format.plain_error(setting, &problem).into(),
                _ => spoil(body, &fault),
            }
        }
        None => body.into(),
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl Answer {
    /// Takes in everything that is to be said.
    fn hear(telling: &mut Telling) -> Self {
        let mut answer = Self {
            text: String::new(),
            thinking: String::new(),
            refusal: String::new(),
            tools: Vec::new(),
            ending: Ending::Stop,
            spent: telling.spent,
            time: Duration::ZERO,
            refused: None,
        };
        answer.hear_all(telling);
        answer.ending = telling.ending();
        answer.spent = telling.spent;
        if telling.spent.completion > 0 {
            answer.time = telling.pace.time_of(telling.spent.completion);
        }
        answer
    }

    fn hear_all(&mut self, telling: &mut Telling) {
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
        // Said already, or met before there was a body.
        FaultKind::HugeEvent
        | FaultKind::ErrorInStream
        | FaultKind::PlainErrorInStream
        | FaultKind::Status
        | FaultKind::Html
        | FaultKind::Reset
        | FaultKind::Silence
        | FaultKind::ContextTooLong
        | FaultKind::RefusedContent => {}
    }
    body.into()
}
