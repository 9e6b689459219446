//! What a request needs of a model, and what is said where none has it.

use protocol::{Problem, ProblemKind, Usage, Usd};
use providers::{AnswerFormat, ChatMessage, Format, Image, Part, ToolChoice};

use crate::{AnswerRequest, cost::estimate, deployment::Deployment};

/// What a request needs of a model.
pub(super) struct Needs {
    pub(super) images: bool,
    pub(super) tools: bool,
    pub(super) schema: bool,
    /// JSON without a schema, an image by its address, a tool that must be
    /// called: not every format has a word for these.
    json: bool,
    addresses: bool,
    forced: bool,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

impl Needs {
    pub(super) fn of(request: &AnswerRequest) -> Self {
        let ask = &request.ask;
        let parts = || ask.messages.iter().flat_map(|message| &message.parts);
        let is_call = |part: &Part| matches!(part, Part::ToolCall { .. } | Part::ToolResult { .. });
        let bytes = ask.messages.iter().map(ChatMessage::bytes).sum::<usize>()
            + ask.system.as_ref().map_or(0, String::len)
            + request.options.begun.len();
        let schema = matches!(ask.params.format, Some(AnswerFormat::Schema { .. }));
        Self {
            images: parts().any(|part| matches!(part, Part::Image(_))),
            tools: !ask.tools.is_empty() || parts().any(is_call),
            schema,
            json: ask.params.format == Some(AnswerFormat::Json),
            addresses: parts().any(|part| matches!(part, Part::Image(Image::Url(_)))),
            forced: matches!(
                ask.tool_choice,
                Some(ToolChoice::Required | ToolChoice::Named(_))
            ),
            input_tokens: Usage::estimate_tokens(bytes),
            output_tokens: ask.params.max_tokens.map_or(500, u64::from).min(4_000),
        }
    }

    /// What this would cost there, by estimate.
    pub(super) fn cost(&self, deployment: &Deployment) -> Option<Usd> {
        match &deployment.facts.price {
            Some(price) => Some(estimate(self.input_tokens, self.output_tokens, price)),
            None if deployment.source.config.is_local() => Some(Usd::ZERO),
            None => None,
        }
    }

    /// Whether a model can do this, as far as is known.
    pub(super) fn fit(&self, deployment: &Deployment) -> bool {
        let facts = &deployment.facts;
        let can = |needed: bool, can: Option<bool>| !needed || can != Some(false);
        let has_words = match deployment.source.config.format {
            Format::OpenAi | Format::Responses => true,
            Format::Anthropic => !self.json,
            Format::Gemini => !self.addresses,
            Format::Ollama => !self.addresses && !self.forced,
        };
        has_words
            && can(self.images, facts.images)
            && can(self.tools, facts.tools)
            && can(self.schema, facts.json_schema)
            && facts
                .context
                .is_none_or(|window| self.input_tokens < window)
    }
}

pub(super) fn nobody_fits(needs: &Needs) -> Problem {
    let mut what = Vec::new();
    if needs.images {
        what.push("sees images".to_owned());
    }
    if needs.tools {
        what.push("calls tools".to_owned());
    }
    if needs.schema {
        what.push("keeps to a JSON schema".to_owned());
    }
    what.push(format!("reads about {} tokens", needs.input_tokens));
    Problem::new(
        ProblemKind::NotFound,
        format!("There is no model that {}.", what.join(", ")),
    )
    .advice("Name a model, or configure a provider that has one.")
}

pub(super) fn nobody_so_cheap(most: Usd) -> Problem {
    Problem::new(
        ProblemKind::BadRequest,
        format!(
            "No model of known price answers this for at most {}.",
            most.spoken()
        ),
    )
    .advice("Raise the maximum price, shorten the message, or name a model.")
}
