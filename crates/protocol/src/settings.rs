//! How a conversation's answers are asked for and shown, and named presets of
//! that.

use serde::{Deserialize, Serialize};

use crate::{Problem, ProblemKind, Usd, fields::read_fields};

/// The most stop phrases and the most watch words, each.
pub const MOST_PHRASES: usize = 16;
/// The longest stop phrase or watch word, in bytes.
pub const LONGEST_PHRASE: usize = 200;
/// The longest name of a preset or a folder, in characters.
pub const LONGEST_NAME: usize = 80;
/// The longest name of a model, in bytes.
pub const LONGEST_MODEL: usize = 500;
/// The fastest typewriter, in characters a second.
pub const FASTEST_TYPEWRITER: u32 = 1000;

/// Settings of a request; what is absent is the model's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Instructions placed before the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Randomness, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling: only the likeliest tokens that together have this
    /// probability, more than 0 and at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// The most output tokens the answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// The answer ends where one of these phrases is complete; at most
    /// [`MOST_PHRASES`] of at most [`LONGEST_PHRASE`] bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Whether the phrase that ended an answer stays in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_stop: bool,
    /// What matters most where the gateway chooses the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer: Option<Preference>,
    /// The most that an answer may cost by estimate, in US dollars; models of
    /// unknown price are then not chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Usd>,
    /// Whether an identical question may be answered from the cache at any
    /// temperature. Without it, only at temperature 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<bool>,
}

impl Settings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every setting is within its range, and the instructions have at
    /// most `message_limit` bytes.
    ///
    /// # Errors
    /// `bad_request` or `too_large`, in words for a person.
    pub fn check(&self, message_limit: usize) -> Result<(), Problem> {
        check_text(
            "system prompt",
            self.system.as_deref().unwrap_or_default(),
            message_limit,
        )?;
        if self
            .temperature
            .is_some_and(|value| !(0.0..=2.0).contains(&value))
        {
            return Err(bad("The temperature must be between 0 and 2."));
        }
        if self
            .top_p
            .is_some_and(|value| !(value > 0.0 && value <= 1.0))
        {
            return Err(bad("Top-p must be more than 0 and at most 1."));
        }
        if self.max_tokens == Some(0) {
            return Err(bad("The limit on output tokens must be at least 1."));
        }
        if self.max_cost.is_some_and(|most| most <= Usd::ZERO) {
            return Err(bad("The maximum price must be more than 0."));
        }
        check_phrases("stop phrase", &self.stop)
    }
}

/// Whether a text that a model is to read has at most `limit` bytes, and no
/// NUL; `what` names it.
///
/// # Errors
/// `bad_request` or `too_large`, in words for a person.
pub fn check_text(what: &str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.len() > limit {
        let size = text.len();
        let message = format!("The {what} has {size} bytes; the limit is {limit}.");
        return Err(Problem::new(ProblemKind::TooLarge, message)
            .advice("Shorten it, or raise the limit in the server's configuration."));
    }
    if text.contains('\0') {
        return Err(bad(format!("The {what} contains a NUL character."))
            .advice("Remove it: no text needs one."));
    }
    Ok(())
}

fn check_phrases(what: &str, phrases: &[String]) -> Result<(), Problem> {
    if phrases.len() > MOST_PHRASES {
        return Err(bad(format!("At most {MOST_PHRASES} {what}s can be given.")));
    }
    if phrases
        .iter()
        .any(|phrase| phrase.is_empty() || phrase.len() > LONGEST_PHRASE)
    {
        return Err(bad(format!("A {what} has 1 to {LONGEST_PHRASE} bytes.")));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, message)
}

/// What matters most in the choice of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// The least money.
    Cheapest,
    /// A model as good as the request needs, and no dearer.
    #[default]
    Balanced,
    /// The least time.
    Fastest,
    /// The strongest model.
    Best,
}

/// Words that the page marks and counts in answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Watch {
    /// The words; at most [`MOST_PHRASES`] of at most [`LONGEST_PHRASE`] bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Whether only whole words count.
    #[serde(skip_serializing_if = "is_false")]
    pub whole: bool,
    /// Whether capitals must match.
    #[serde(skip_serializing_if = "is_false")]
    pub case: bool,
}

read_fields!(Watch {} words, whole, case);

/// How the text of an answer appears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typing {
    /// As it arrives.
    Off,
    /// In an even flow.
    #[default]
    Smooth,
    /// So many characters a second.
    Typewriter(u32),
}

/// How a conversation is asked and shown: kept with it, and by presets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ConversationSettings {
    /// The model to ask, as `provider/model`, an alias or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How to ask it.
    #[serde(skip_serializing_if = "Settings::is_default")]
    pub ask: Settings,
    /// What to mark.
    #[serde(skip_serializing_if = "is_default")]
    pub watch: Watch,
    /// How the text appears.
    #[serde(skip_serializing_if = "is_default")]
    pub typing: Typing,
}

read_fields!(ConversationSettings {} model, ask, watch, typing);

impl ConversationSettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every setting is within its range; see [`Settings::check`].
    ///
    /// # Errors
    /// `bad_request` or `too_large`, in words for a person.
    pub fn check(&self, message_limit: usize) -> Result<(), Problem> {
        if self
            .model
            .as_ref()
            .is_some_and(|model| model.is_empty() || model.len() > LONGEST_MODEL)
        {
            let message = format!("The name of a model has 1 to {LONGEST_MODEL} bytes.");
            return Err(bad(message));
        }
        self.ask.check(message_limit)?;
        check_phrases("watch word", &self.watch.words)?;
        if let Typing::Typewriter(speed) = self.typing
            && !(1..=FASTEST_TYPEWRITER).contains(&speed)
        {
            let message =
                format!("A typewriter writes 1 to {FASTEST_TYPEWRITER} characters a second.");
            return Err(bad(message));
        }
        Ok(())
    }
}

/// Settings under a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preset {
    /// Its name, by which it is found; 1 to [`LONGEST_NAME`] characters.
    pub name: String,
    /// What it sets.
    pub settings: ConversationSettings,
}

read_fields!(Preset { name, settings });

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_and_what_is_at_its_edge_is_not() {
        let check = |settings: serde_json::Value| {
            let settings: ConversationSettings = serde_json::from_value(settings).unwrap();
            settings.check(10).map_err(|problem| problem.to_string())
        };
        let phrases = |count: usize, bytes: usize| vec!["x".repeat(bytes); count];
        for (settings, words) in [
            (json!({"model": ""}), "name of a model"),
            (json!({"model": "m".repeat(501)}), "1 to 500 bytes"),
            (json!({"ask": {"system": "12345678901"}}), "11 bytes"),
            (json!({"ask": {"system": "a\0"}}), "NUL"),
            (json!({"ask": {"temperature": 2.1}}), "between 0 and 2"),
            (json!({"ask": {"temperature": -0.1}}), "between 0 and 2"),
            (json!({"ask": {"top_p": 0.0}}), "more than 0"),
            (json!({"ask": {"top_p": 1.1}}), "at most 1"),
            (json!({"ask": {"max_tokens": 0}}), "at least 1"),
            (json!({"ask": {"max_cost": "0"}}), "more than 0"),
            (
                json!({"ask": {"stop": phrases(17, 1)}}),
                "At most 16 stop phrases",
            ),
            (
                json!({"ask": {"stop": phrases(1, 0)}}),
                "A stop phrase has 1",
            ),
            (json!({"ask": {"stop": phrases(1, 201)}}), "1 to 200 bytes"),
            (
                json!({"watch": {"words": phrases(17, 1)}}),
                "16 watch words",
            ),
            (json!({"watch": {"words": phrases(1, 201)}}), "A watch word"),
            (json!({"typing": {"typewriter": 0}}), "1 to 1000"),
            (json!({"typing": {"typewriter": 1001}}), "1 to 1000"),
        ] {
            let said = check(settings.clone()).expect_err(&settings.to_string());
            assert!(said.contains(words), "{settings} gave {said:?}");
        }
        for settings in [
            json!({}),
            json!({"model": "auto", "typing": "off"}),
            json!({"ask": {"system": "1234567890", "temperature": 0.0, "top_p": 1.0}}),
            json!({"ask": {"temperature": 2.0, "max_tokens": 1, "max_cost": "0.000001"}}),
            json!({"ask": {"stop": phrases(16, 200)}, "watch": {"words": phrases(16, 200)}}),
            json!({"typing": {"typewriter": 1}}),
            json!({"typing": {"typewriter": 1000}}),
        ] {
            assert_eq!(check(settings.clone()), Ok(()), "{settings}");
        }
    }
}
