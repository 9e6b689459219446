//! Reading a script, and refusing one that makes no sense.

use axum::http::HeaderValue;

use super::{Fault, Script};

/// The most tokens a script may ask for.
const TOKEN_LIMIT: u64 = 1_000_000;

/// The longest time a script may name, in milliseconds: an hour.
const WAIT_LIMIT_MS: u64 = 3_600_000;

/// The slowest speed that is not zero, in tokens per second.
const SLOWEST: f64 = 0.001;

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn from_json(json: &str) -> Result<Self, String> {
        let script: Self = serde_json::from_str(json)
            .map_err(|error| format!("The script could not be read: {error}."))?;
        script.check()?;
        Ok(script)
    }

    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    /// A sentence that says which.
    pub(crate) fn check(&self) -> Result<(), String> {
        let speed = self.tokens_per_second;
        let status = self.fault.as_ref().and_then(|fault| fault.status);
        let wait = self.fault.as_ref().and_then(Fault::retry_after);
        if speed != 0.0 && !(speed.is_finite() && speed >= SLOWEST) {
            return Err(format!(
                "tokens_per_second must be 0 or at least {SLOWEST}."
            ));
        }
        if self.first_token_ms > WAIT_LIMIT_MS {
            return Err(format!("first_token_ms must be at most {WAIT_LIMIT_MS}."));
        }
        let reset = self.rate_limit.as_ref().and_then(|limit| limit.reset_ms);
        if reset.unwrap_or(0) > WAIT_LIMIT_MS {
            return Err(format!(
                "rate_limit.reset_ms must be at most {WAIT_LIMIT_MS}."
            ));
        }
        if self.tokens.unwrap_or(0).max(self.thinking_tokens) > TOKEN_LIMIT {
            return Err(format!(
                "tokens and thinking_tokens must be at most {TOKEN_LIMIT}."
            ));
        }
        if self.split_bytes == Some(0) || self.chunk_tokens == Some(0) {
            return Err("split_bytes and chunk_tokens must be at least 1.".to_owned());
        }
        if status.is_some_and(|status| !(400..600).contains(&status)) {
            return Err("fault.status must be from 400 to 599.".to_owned());
        }
        if wait.is_some_and(|wait| HeaderValue::from_str(&wait).is_err()) {
            return Err("fault.retry_after cannot be the value of a header.".to_owned());
        }
        Ok(())
    }
}
