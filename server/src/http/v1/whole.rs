//! A completion in one piece.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use gateway::{Step, Whole};
use protocol::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::{
    Identity,
    books::{describe, extras, finish_reason, usage},
    call::Call,
    error::ApiError,
};

/// The most bytes of an answer that is gathered before it is sent.
const LARGEST: usize = 32 << 20;

/// Answers when the answer is whole.
///
/// # Errors
/// Where it could not be completed.
pub(super) async fn respond(mut call: Call, identity: &Identity) -> Result<Response, ApiError> {
    let mut whole = Whole::default();
    let reason = loop {
        match call.next().await {
            Step::Finished(reason) => break reason,
            Step::Failed(problem) => return Err(call.failed(problem)),
            step => whole.add(step),
        }
        if whole.bytes() > LARGEST {
            return Err(call.failed(too_large()));
        }
        // An upstream that always has more must not keep others waiting.
        tokio::task::consume_budget().await;
    };
    let report = call.report();
    let body = json!({
        "id": identity.id,
        "object": "chat.completion",
        "created": identity.created,
        "model": report.model,
        "choices": [{
            "index": 0,
            "message": message(whole),
            "logprobs": null,
            "finish_reason": finish_reason(&reason),
        }],
        "usage": usage(&report),
        "rivulet": extras(&report),
    });
    let mut response = Json(body).into_response();
    describe(response.headers_mut(), &report, true);
    Ok(response)
}

fn message(whole: Whole) -> Value {
    let (text, thinking, tools) = whole.into_parts();
    let has_text = tools.is_empty() || !text.is_empty();
    let mut message = json!({
        "role": "assistant",
        "content": has_text.then_some(text),
        "refusal": null,
    });
    if !thinking.is_empty() {
        message["reasoning_content"] = thinking.into();
    }
    if !tools.is_empty() {
        let calls = tools.into_iter().map(|call| {
            let function = json!({"name": call.name, "arguments": call.arguments});
            json!({"id": call.id, "type": "function", "function": function})
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

fn too_large() -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        format!(
            "The answer grew larger than {} MB and was ended.",
            LARGEST >> 20
        ),
    )
    .advice("Set max_tokens, or ask for a stream.")
}
