//! What is refused: what we cannot do, and what no model takes.

use serde_json::Value;

use super::{ApiError, wire::Wire};

/// The most texts at which an answer may end, and the most bytes of each: an
/// answer is searched for all of them.
const STOPS: usize = 16;
const STOP_BYTES: usize = 1_000;

impl Wire {
    /// Refuses what would change the answer if it were passed over, with a
    /// reason.
    pub(super) fn refuse(&self) -> Result<(), ApiError> {
        let no = |param, message: &str| Err(ApiError::parameter(param, message));
        if self.messages.is_empty() {
            return no("messages", "There must be at least one message.");
        }
        if self.n.is_some_and(|n| n != 1) {
            return no("n", "Only one choice can be had: n must be 1.");
        }
        if self.logprobs == Some(true) || self.top_logprobs.is_some() {
            return no("logprobs", "Log probabilities are not available.");
        }
        if self
            .logit_bias
            .as_ref()
            .is_some_and(|bias| !bias.is_empty())
        {
            return no("logit_bias", "logit_bias is not available.");
        }
        let other = |modality: &String| modality != "text";
        if self.modalities.iter().flatten().any(other) {
            return no("modalities", "Answers are text only.");
        }
        for (param, value, message) in self.unavailable() {
            if value.is_some() {
                return no(param, message);
            }
        }
        self.check_numbers()?;
        self.check_stops()
    }

    /// Parameters that no provider's format of ours has a word for, or that
    /// have a successor.
    fn unavailable(&self) -> [(&'static str, &Option<Value>, &'static str); 8] {
        [
            (
                "functions",
                &self.functions,
                "functions are no longer taken: use tools.",
            ),
            (
                "function_call",
                &self.function_call,
                "function_call is no longer taken: use tool_choice.",
            ),
            (
                "prediction",
                &self.prediction,
                "Predicted outputs are not available.",
            ),
            (
                "web_search_options",
                &self.web_search_options,
                "Searching the web is not available.",
            ),
            ("audio", &self.audio, "Answers are text only."),
            (
                "verbosity",
                &self.verbosity,
                "verbosity is not available: say in a message how long the answer shall be.",
            ),
            ("min_p", &self.min_p, "min_p is not available: use top_p."),
            (
                "repetition_penalty",
                &self.repetition_penalty,
                "repetition_penalty is not available: use frequency_penalty.",
            ),
        ]
    }

    fn check_numbers(&self) -> Result<(), ApiError> {
        for (param, value, least, most) in [
            ("temperature", self.temperature, 0.0, 2.0),
            ("top_p", self.top_p, 0.0, 1.0),
            ("frequency_penalty", self.frequency_penalty, -2.0, 2.0),
            ("presence_penalty", self.presence_penalty, -2.0, 2.0),
        ] {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                let message = format!("{param} must be from {least} to {most}.");
                return Err(ApiError::parameter(param, message));
            }
        }
        if self.max_completion_tokens.or(self.max_tokens) == Some(0) {
            let message = "The limit on output tokens must be at least 1.";
            return Err(ApiError::parameter("max_tokens", message));
        }
        Ok(())
    }

    fn check_stops(&self) -> Result<(), ApiError> {
        let stops = self.stop.as_ref().map_or(&[][..], |stop| stop.as_slice());
        if stops.len() > STOPS || stops.iter().any(|stop| stop.len() > STOP_BYTES) {
            let message =
                format!("stop may have at most {STOPS} texts of at most {STOP_BYTES} bytes.");
            return Err(ApiError::parameter("stop", message));
        }
        Ok(())
    }
}
