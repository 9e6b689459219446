//! A request in OpenAI's format, and what it asks of the gateway. What we
//! cannot do is refused with a reason; members that change nothing about an
//! answer (`user`, `metadata`, `store`, …) and unknown ones are passed over.

mod checks;
mod conversation;
mod params;
mod wire;

#[cfg(test)]
mod tests;

use axum::http::HeaderMap;
use gateway::{AnswerRequest, ChatRequest, Options};
use protocol::TurnId;

use super::error::ApiError;
use conversation::conversation;
use wire::Wire;

/// The header that names models to fall back to, with commas between them.
const FALLBACKS: &str = "x-rivulet-fallbacks";

/// A request that can be passed on.
pub(super) struct Ask {
    pub(super) model: Option<String>,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    chat: ChatRequest,
    options: Options,
}

impl Ask {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// What is wrong with it, in OpenAI's shape.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let mut wire: Wire = serde_json::from_slice(body).map_err(|error| {
            ApiError::parameter("body", format!("The request could not be read: {error}."))
        })?;
        wire.refuse()?;
        let (system, messages) = conversation(std::mem::take(&mut wire.messages))?;
        let extras = wire.rivulet.take().unwrap_or_default();
        let in_header = headers
            .get(FALLBACKS)
            .and_then(|value| value.to_str().ok())
            .map(|names| {
                let names = names.split(',').map(str::trim);
                names
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect()
            });
        let mut models = wire.models.take();
        let model = wire.model.take().filter(|model| !model.is_empty());
        let model = model.or_else(|| first_of(&mut models));
        let options = Options {
            prefer: extras.prefer,
            max_cost: extras.max_cost,
            cache: extras.cache,
            owner: owner(headers),
            fallbacks: in_header
                .or(extras.fallbacks)
                .or(wire.fallbacks.take())
                .or(models),
            may_replace: wire.stream != Some(true),
            unseen: wire.stream != Some(true),
            begun: String::new(),
        };
        let include_usage = wire.stream_options.as_ref().and_then(|it| it.include_usage);
        Ok(Self {
            model,
            stream: wire.stream.unwrap_or(false),
            include_usage: include_usage.unwrap_or(false),
            chat: ChatRequest {
                model: String::new(),
                system,
                messages: messages.into(),
                params: wire.params()?,
                tools: wire.tools()?.into(),
                tool_choice: wire.tool_choice()?,
                // The upstream streams either way, so that what broke off can
                // be continued.
                stream: true,
            },
            options,
        })
    }

    /// What the gateway is asked.
    pub(super) fn into_request(self, turn: TurnId, model: String) -> AnswerRequest {
        AnswerRequest {
            turn,
            ask: ChatRequest { model, ..self.chat },
            options: self.options,
        }
    }
}

/// Takes the first out of a list of models that are to be asked in order.
fn first_of(models: &mut Option<Vec<String>>) -> Option<String> {
    let models = models.as_mut().filter(|models| !models.is_empty())?;
    Some(models.remove(0))
}

/// Who asks, where a key tells people apart; `None` where there is none. Only
/// its hash goes further.
fn owner(headers: &HeaderMap) -> Option<String> {
    use std::hash::{BuildHasher, RandomState};
    use std::sync::LazyLock;
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let key = headers.get(axum::http::header::AUTHORIZATION)?;
    Some(format!("key {:016x}", HASHER.hash_one(key.as_bytes())))
}
