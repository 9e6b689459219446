//! How much it shall think: older models count tokens of thinking, newer ones
//! decide for themselves and are only told how much effort to make.

use protocol::Role;
use serde_json::{Value, json};

use crate::{ChatRequest, Effort, Part, ToolChoice};

/// The fewest tokens of thinking that can be asked for.
const LEAST_BUDGET: u32 = 1_024;

/// The version of a model in the line of Claude, and the first that thinks as
/// it sees fit.
type Version = (u32, u32);
const ADAPTIVE: Version = (4, 6);

/// How a model can be asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// With a budget of tokens.
    Budget,
    /// As it sees fit, with a word for the effort.
    Adaptive(Version),
}

impl Style {
    /// Reads it from the model's name; what does not clearly say that it is
    /// newer is taken for older.
    pub(super) fn of(model: &str) -> Self {
        match version(model) {
            Some(version) if version >= ADAPTIVE => Self::Adaptive(version),
            _ => Self::Budget,
        }
    }

    /// The value of `thinking`. Not to think at all is asked for by silence:
    /// the models that think unasked do not all take `disabled`.
    pub(super) fn thinking(self, request: &ChatRequest, max_tokens: u32) -> Option<Value> {
        let effort = request.params.effort?;
        if effort == Effort::None || !may_think(request) {
            return None;
        }
        match self {
            // Without being asked for a summary they think in secret.
            Self::Adaptive(_) => Some(json!({"type": "adaptive", "display": "summarized"})),
            Self::Budget if has_bare_tool_calls(request) => None,
            Self::Budget => {
                // A quarter of the limit is left for the answer.
                let budget = effort
                    .budget_tokens()
                    .min(max_tokens - max_tokens.div_ceil(4));
                let enabled = || json!({"type": "enabled", "budget_tokens": budget});
                (budget >= LEAST_BUDGET).then(enabled)
            }
        }
    }

    /// The word of `output_config` for the effort.
    pub(super) fn effort(self, effort: Option<Effort>) -> Option<&'static str> {
        let Self::Adaptive(version) = self else {
            return None;
        };
        match effort? {
            Effort::None => None,
            Effort::Minimal | Effort::Low => Some("low"),
            Effort::Medium => Some("medium"),
            Effort::High => Some("high"),
            // The word is newer than the first of these models.
            Effort::Xhigh if version == ADAPTIVE => Some("high"),
            Effort::Xhigh => Some("xhigh"),
            Effort::Max => Some("max"),
        }
    }
}

/// Thinking is refused together with tools that must be called, and where the
/// model goes on from its own words.
fn may_think(request: &ChatRequest) -> bool {
    let is_forced = !request.tools.is_empty()
        && matches!(
            request.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Named(_))
        );
    let last = request.messages.last().map(|message| message.role);
    !is_forced && last != Some(Role::Assistant)
}

/// Whether tools were just called without thinking that we can give back:
/// with a budget, a model does not think on behind such calls.
fn has_bare_tool_calls(request: &ChatRequest) -> bool {
    let has = |parts: &[Part], is: fn(&Part) -> bool| parts.iter().any(is);
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    let is_sealed = |part: &Part| {
        matches!(
            part,
            Part::Thinking {
                signature: Some(_),
                ..
            }
        )
    };
    let mut messages = request.messages.iter().rev();
    let answers_tools = messages
        .next()
        .is_some_and(|last| has(&last.parts, is_result));
    let mut earlier = messages.skip_while(|message| message.role == Role::User);
    answers_tools
        && earlier
            .next()
            .is_none_or(|said| !has(&said.parts, is_sealed))
}

/// The two numbers in names such as `claude-sonnet-4-6`, `claude-opus-5` and
/// `claude-3-5-haiku-20241022`, where longer numbers are dates.
fn version(model: &str) -> Option<Version> {
    let (_, name) = model.split_once("claude-")?;
    let number = |word: &str| match word.len() {
        1 | 2 => word.parse().ok(),
        _ => None,
    };
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words = words.skip_while(|word| number(word).is_none());
    let major = number(words.next()?)?;
    let minor = words.next().and_then(number).unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_which_claude_it_is() {
        for (model, expected) in [
            ("claude-3-haiku-20240307", Some((3, 0))),
            ("claude-3-5-sonnet-20241022", Some((3, 5))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("claude-opus-4-5-20251101", Some((4, 5))),
            ("claude-opus-4-6", Some((4, 6))),
            ("anthropic/claude-sonnet-4.6", Some((4, 6))),
            ("us.anthropic.claude-opus-4-6-v1:0", Some((4, 6))),
            ("claude-opus-4-7@20260416", Some((4, 7))),
            ("claude-sonnet-5", Some((5, 0))),
            ("claude-haiku-5-5-20261001", Some((5, 5))),
            ("claude-x", None),
            ("glm-4-7", None),
        ] {
            assert_eq!(version(model), expected, "{model}");
            let is_adaptive = matches!(Style::of(model), Style::Adaptive(_));
            assert_eq!(is_adaptive, expected >= Some(ADAPTIVE), "{model}");
        }
    }

    #[test]
    fn the_first_of_the_newer_ones_lacks_a_word() {
        let effort = |model, effort| Style::of(model).effort(Some(effort));
        assert_eq!(effort("claude-opus-4-6", Effort::Xhigh), Some("high"));
        assert_eq!(effort("claude-opus-4-7", Effort::Xhigh), Some("xhigh"));
        assert_eq!(effort("claude-opus-4-6", Effort::Max), Some("max"));
        assert_eq!(effort("claude-opus-4-6", Effort::Minimal), Some("low"));
        assert_eq!(effort("claude-opus-4-6", Effort::None), None);
        assert_eq!(effort("claude-opus-4-5", Effort::High), None);
    }
}
