//! Turns "answer this" into attempts at upstream models. The seam is small: a
//! request goes in ([`Gateway::answer`]), an answer's steps come out
//! ([`Answer::next`]) and at the end its books ([`Answer::close`]).
//!
//! A request names a model, an alias or `auto`. `route.rs` makes it a chain of
//! deployments, `failover.rs` asks them one after another until the answer is
//! whole, by the rules of `policy.rs`; `breaker.rs`, `limiter.rs` and
//! `speed.rs` remember how each has done. `seam.rs` joins what two of them
//! wrote. `cache.rs` answers without asking anybody.

mod abilities;
mod attempt;
mod breaker;
mod cache;
mod catalogue;
mod chat_models;
mod config;
pub mod cost;
mod deployment;
pub mod difficulty;
pub mod facts;
mod failover;
mod flight;
mod lengths;
mod limiter;
mod policy;
mod provider_gateway;
mod route;
mod seals;
mod seam;
mod speed;
mod stop_phrases;
mod whole;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod catalogue_tests;
#[cfg(test)]
mod scripted_upstream;

pub use cache::{CacheConfig, CacheStatistics, CacheStore, CachedAnswer};
pub use config::{Alias, ConfigError, GatewayConfig, ModelConfig, Policy, ProviderConfig};
pub use facts::{FactBook, Facts};
pub use provider_gateway::{Checked, ProviderGateway};
/// What requests and answers are made of.
pub use providers::{
    AnswerFormat, ChatMessage, ChatRequest, Effort, FinishReason, Image, Params, Part, Tool,
    ToolChoice,
};
/// The types of [`ProviderConfig`]'s fields.
pub use providers::{Clocks, Format, Url};
pub use stop_phrases::{Met, Shown, StopPhrases};
pub use whole::Whole;

use async_trait::async_trait;
use protocol::{Attempt, ModelList, Preference, Problem, Saving, Status, Usage, Usd};

/// The model that stands for "whichever fits the request".
pub const AUTO: &str = "auto";

/// What the engine needs of the gateway; tests put a scripted one in its
/// place.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// The models that may be asked, as last heard from the providers.
    async fn models(&self) -> ModelList;

    /// Which model answers a request that names this one, or none: `auto`, an
    /// alias, or `provider/model`. Cheap: no network.
    ///
    /// # Errors
    /// A `not_found` problem where no provider offers it, or none offers any.
    fn resolve(&self, model: Option<&str>) -> Result<String, Problem>;

    /// Begins to answer. Returns at once; nothing is sent before the first
    /// [`Answer::next`].
    fn answer(&self, request: AnswerRequest) -> Box<dyn Answer>;

    /// Whether what [`Gateway::resolve`] gave sees images, where that is known:
    /// of `auto` and an alias, whether one of its models does. Cheap: no
    /// network.
    fn sees_images(&self, _model: &str) -> Option<bool> {
        None
    }

    /// What the cache has done so far.
    fn cache_statistics(&self) -> CacheStatistics {
        CacheStatistics::default()
    }
}

/// A request for an answer.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// The turn it is for, which the attempt records name.
    pub turn: protocol::TurnId,
    /// What is asked. Its model is what [`Gateway::resolve`] gave: `auto`, an
    /// alias, or `provider/model`.
    pub ask: ChatRequest,
    /// How the gateway may go about it.
    pub options: Options,
}

/// How the gateway may go about a request.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What matters most where the gateway chooses the model.
    pub prefer: Option<Preference>,
    /// The most that the answer may cost by estimate.
    pub max_cost: Option<Usd>,
    /// Whether the cache may answer: yes at any temperature, no, or (`None`)
    /// at temperature 0.
    pub cache: Option<bool>,
    /// Whose cache it is, where people's are kept apart.
    pub owner: Option<String>,
    /// The models to ask when the first cannot answer, instead of the
    /// configured ones; an empty list is none at all.
    pub fallbacks: Option<Vec<String>>,
    /// Whether shown text may be taken back ([`Step::Replace`]). Where it may
    /// not, an answer that cannot be continued fails.
    pub may_replace: bool,
    /// Whether nothing is shown before the end, so that tool calls that broke
    /// off can be begun anew.
    pub unseen: bool,
    /// What the reader has of the answer already; the steps bring what follows
    /// it, joined as after a break. It may be taken back, as other text, only
    /// where the model begins anew and says something else, and its last word
    /// where the model writes that differently. Such an answer is neither
    /// remembered nor taken from memory, and `max_tokens` bounds what is new.
    pub begun: String,
}

/// An answer on its way.
#[async_trait]
pub trait Answer: Send {
    /// The next step. `None` only after [`Step::Finished`] or
    /// [`Step::Failed`], one of which always comes. Cancel-safe: a call that
    /// was dropped has lost nothing.
    async fn next(&mut self) -> Option<Step>;

    /// The books as they stand now, the running attempt included.
    fn report(&self) -> Report;

    /// Closes the upstream connection, at once if it is still open, and gives
    /// the books.
    fn close(self: Box<Self>) -> Report;
}

/// The books of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The upstream calls, in order.
    pub attempts: Vec<Attempt>,
    /// The model that answers, as `provider/model`: the last one asked.
    pub model: Option<String>,
    /// Tokens and cost of all attempts together.
    pub usage: Usage,
    /// Why this model answered, in words, where the gateway chose it.
    pub route: Option<String>,
    /// What the choice, or the cache, is thought to have saved.
    pub saving: Option<Saving>,
    /// Whether the answer came from the cache.
    pub cached: bool,
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
        /// Which call of the answer, counted from 0.
        index: u32,
        /// Its id, in the first fragment.
        id: Option<String>,
        /// The tool's name, in the first fragment.
        name: Option<String>,
        /// More of the arguments' JSON text.
        arguments: String,
    },
    /// Another model could not go on from the text's end: so many characters
    /// (Unicode scalar values) of the text stay, and this follows them.
    Replace {
        /// How many characters stay.
        keep: usize,
        /// What follows them now.
        text: String,
    },
    /// Tokens and cost so far, of all attempts together; replaces an earlier
    /// report.
    Usage(Usage),
    /// Terminal: the answer is whole.
    Finished(FinishReason),
    /// Terminal: it could not be completed.
    Failed(Problem),
}
