//! What is asked: the request's body, checked, with the script it is answered
//! by.

use axum::http::HeaderMap;
use serde::Deserialize;

use super::error::ApiError;
use crate::script::Script;
use crate::state::State;

/// The header that carries a script.
const SCRIPT_HEADER: &str = "x-simulate";

/// The header that carries a script's key.
const KEY_HEADER: &str = "x-simulate-key";

/// The longest key, in bytes.
const KEY_LIMIT: usize = 200;

/// Tokens added to the estimate for each message's frame.
const MESSAGE_TOKENS: u64 = 4;

/// A request that can be answered.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) model: String,
    /// The text of the last message of the person.
    pub(super) question: String,
    /// An estimate.
    pub(super) prompt_tokens: u64,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    /// The most tokens to answer with.
    pub(super) limit: u64,
    /// Its fault is one that this request meets.
    pub(super) script: Script,
}

/// The body, as far as it matters here.
#[derive(Deserialize)]
struct Wire {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    simulate: Option<Script>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
struct ContentPart {
    text: Option<String>,
}

impl Ask {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// The error to answer with.
    pub(super) fn read(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let wire: Wire = serde_json::from_slice(body).map_err(|error| {
            ApiError::bad_request(format!("The request body could not be read: {error}."))
        })?;
        let model = wire
            .model
            .filter(|model| !model.is_empty())
            .ok_or_else(|| {
                ApiError::bad_request("You must provide a model.").with_param("model")
            })?;
        let messages = wire.messages.filter(|messages| !messages.is_empty());
        let messages = messages.ok_or_else(|| {
            ApiError::bad_request("You must provide at least one message.").with_param("messages")
        })?;
        if !state.knows(&model) {
            return Err(ApiError::unknown_model(&model));
        }
        let script = script(state, headers, &model, wire.simulate)?;
        let last_of_person = messages.iter().rfind(|message| message.role == "user");
        let limit = wire.max_completion_tokens.or(wire.max_tokens);
        Ok(Self {
            question: last_of_person.map(Message::text).unwrap_or_default(),
            prompt_tokens: messages.iter().map(Message::tokens).sum(),
            stream: wire.stream.unwrap_or(false),
            include_usage: wire
                .stream_options
                .and_then(|options| options.include_usage)
                .unwrap_or(false),
            limit: limit.unwrap_or(u64::MAX),
            script,
            model,
        })
    }
}

/// The script that applies, without its fault when this request does not meet
/// it.
fn script(
    state: &State,
    headers: &HeaderMap,
    model: &str,
    in_body: Option<Script>,
) -> Result<Script, ApiError> {
    let text_of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let brought = match text_of(SCRIPT_HEADER) {
        Some(json) => Some(Script::from_json(json).map_err(ApiError::bad_request)?),
        None => in_body,
    };
    let mut script = brought
        .or_else(|| state.script_of(model))
        .unwrap_or_default();
    script
        .check()
        .map_err(|sentence| ApiError::bad_request(sentence).with_param("simulate"))?;
    if let Some(fault) = &script.fault {
        let key = text_of(KEY_HEADER)
            .or(script.key.as_deref())
            .unwrap_or(model);
        if key.len() > KEY_LIMIT {
            let sentence = format!("A key must be at most {KEY_LIMIT} bytes long.");
            return Err(ApiError::bad_request(sentence));
        }
        if !state.meets(fault, key).map_err(ApiError::bad_request)? {
            script.fault = None;
        }
    }
    Ok(script)
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                let texts = parts.iter().filter_map(|part| part.text.as_deref());
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// Four bytes a token, the usual rule of thumb.
    fn tokens(&self) -> u64 {
        let bytes = match &self.content {
            None => 0,
            Some(Content::Text(text)) => text.len(),
            Some(Content::Parts(parts)) => parts
                .iter()
                .filter_map(|part| part.text.as_deref())
                .map(str::len)
                .sum(),
        };
        bytes.div_ceil(4) as u64 + MESSAGE_TOKENS
    }
}
