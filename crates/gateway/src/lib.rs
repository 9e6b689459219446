//! Turns "answer this" into attempts at upstream models. The seam is small: a
//! request goes in ([`Gateway::answer`]), an attempt's steps come out
//! ([`Answer::next`]) and at the end its records ([`Answer::close`]).

mod catalogue;
mod chat_models;
mod config;
mod provider_answer;
mod provider_gateway;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod catalogue_tests;
#[cfg(test)]
mod scripted_upstream;

pub use config::{ConfigError, ProviderConfig};
pub use provider_gateway::ProviderGateway;
/// The types of [`ProviderConfig::base_url`] and [`ProviderConfig::clocks`].
pub use providers::{Clocks, Url};

use async_trait::async_trait;
use protocol::{Attempt, ModelList, Problem, Settings, Status, Usage};
use providers::{ChatMessage, FinishReason};

/// What the engine needs of the gateway; tests put a scripted one in its
/// place.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// The models that may be asked, as last heard from the providers.
    async fn models(&self) -> ModelList;

    /// Which model answers a request that names this one, or none. Cheap: no
    /// network.
    ///
    /// # Errors
    /// A `not_found` problem where no provider offers it, or none offers any.
    fn resolve(&self, model: Option<&str>) -> Result<String, Problem>;

    /// Begins to answer. Returns at once; nothing is sent before the first
    /// [`Answer::next`].
    fn answer(&self, request: AnswerRequest) -> Box<dyn Answer>;
}

/// A request for an answer.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// The turn it is for, which the attempt records name.
    pub turn: protocol::TurnId,
    /// The model, as `provider/model`, already resolved.
    pub model: String,
    /// The conversation so far, oldest first; ends with the person's message.
    pub messages: Vec<ChatMessage>,
    /// How to ask.
    pub settings: Settings,
}

/// An answer on its way.
#[async_trait]
pub trait Answer: Send {
    /// The next step. `None` only after [`Step::Finished`] or
    /// [`Step::Failed`], one of which always comes. Cancel-safe: a call that
    /// was dropped has lost nothing.
    async fn next(&mut self) -> Option<Step>;

    /// Closes the upstream connection, at once if it is still open, and tells
    /// what was attempted, in order.
    fn close(self: Box<Self>) -> Vec<Attempt>;
}

/// What happens while an answer is on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// What the gateway does now; names provider, model and attempt.
    Status(Status),
    /// More text.
    Text(String),
    /// More thinking.
    Thinking(String),
    /// A fragment of a tool call; see [`providers::Delta::Tool`].
    Tool {
        /// The provider's index of the call.
        index: u32,
        /// Its id, in the first fragment.
        id: Option<String>,
        /// The tool's name, in the first fragment.
        name: Option<String>,
        /// More of the arguments' JSON text.
        arguments: String,
    },
    /// Tokens as the provider reports them; replaces an earlier report.
    Usage(Usage),
    /// Terminal: the answer is whole.
    Finished(FinishReason),
    /// Terminal: it could not be completed.
    Failed(Problem),
}
