//! What has been said before an answer, and where the answer goes on.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::demo;
use crate::script::{Continuation, Script};
use crate::sight::Image;
use crate::speech;

/// How many words a model repeats that overlaps.
const OVERLAP_WORDS: usize = 4;

/// Tokens added to the estimate for each message's frame.
const MESSAGE_TOKENS: u64 = 4;

/// Tokens added to the estimate for each image.
const IMAGE_TOKENS: u64 = 1_000;

/// A message of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) images: Vec<Image>,
}

/// Who says a message, in the same words for every format. The result of a tool
/// is a tool's, also where the format calls it the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    System,
    User,
    Assistant,
    Tool,
    Other,
}

impl Turn {
    /// A message of text alone.
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            images: Vec::new(),
        }
    }

    /// Four bytes a token, the usual rule of thumb.
    pub(crate) fn tokens(&self) -> u64 {
        let images = self.images.len() as u64 * IMAGE_TOKENS;
        self.text.len().div_ceil(4) as u64 + MESSAGE_TOKENS + images
    }
}

impl Role {
    /// The role a format calls so.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "system" | "developer" => Self::System,
            "user" => Self::User,
            "assistant" | "model" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            _ => Self::Other,
        }
    }

    /// The text of a message of this role from its content: a string, or parts
    /// of which those with a text count. What the assistant said in several
    /// parts is one text; other parts stand on lines of their own.
    pub(crate) fn text_of(self, content: &Value) -> String {
        let glue = if self == Self::Assistant { "" } else { "\n" };
        match content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts = parts.iter().filter_map(|part| match &part["text"] {
                    Value::String(text) => Some(text.clone()),
                    // What a tool of Anthropic's gives has a content of its own.
                    _ if part["type"] == "tool_result" => Some(self.text_of(&part["content"])),
                    _ => part.as_str().map(str::to_owned),
                });
                texts.collect::<Vec<_>>().join(glue)
            }
            _ => String::new(),
        }
    }
}

/// The words to say to a conversation; `None` when the script has other things
/// to say.
pub(crate) fn words(script: &Script, model: &str, turns: &[Turn]) -> Option<Cow<'static, str>> {
    let say = |turns: &[Turn]| {
        speech::words(script, || {
            let (text, images) = question(turns);
            demo::answer(model, text, images)
        })
    };
    if let Some((last, before)) = turns.split_last() {
        if last.role == Role::Assistant {
            let words = say(before)?;
            return Some(match seam(&words, &last.text) {
                Some(seam) => words[seam..].to_owned().into(),
                None => words,
            });
        }
        if let Some((begun, before)) = before.split_last()
            && last.role == Role::User
            && last.text.trim_start().starts_with("Continue")
            && begun.role == Role::Assistant
        {
            let words = say(before)?;
            if let Some(seam) = seam(&words, &begun.text)
                && goes_on(script, &words[seam..])
            {
                return Some(continued(script, &words, seam).into());
            }
        }
    }
    say(turns)
}

/// The person's last message.
fn question(turns: &[Turn]) -> (&str, &[Image]) {
    let last = turns.iter().rfind(|turn| turn.role == Role::User);
    last.map_or(("", &[]), |turn| (&turn.text, &turn.images))
}

/// Where words go on that were begun so; `None` when they begin otherwise.
/// White space at the end of the beginning may be the caller's.
fn seam(words: &str, begun: &str) -> Option<usize> {
    let starts = |begun: &str| words.starts_with(begun).then_some(begun.len());
    starts(begun).or_else(|| starts(begun.trim_end()))
}

/// Whether a request to continue is taken as one. To a demo model that has said
/// all it had to say, it is a question like any other.
fn goes_on(script: &Script, rest: &str) -> bool {
    script.text.is_some() || script.tokens.is_some() || !rest.trim().is_empty()
}

/// What is said when asked to continue after `seam`.
fn continued(script: &Script, words: &str, seam: usize) -> String {
    match script.continuation.unwrap_or_default() {
        Continuation::Exact => words[seam..].trim_start().to_owned(),
        Continuation::Overlap => words[overlap(&words[..seam])..].to_owned(),
        Continuation::Restart => words.to_owned(),
        Continuation::Differ => format!("Something else entirely: {words}"),
    }
}

/// Where the last few words of a text begin.
fn overlap(begun: &str) -> usize {
    let mut start = begun.len();
    for _ in 0..OVERLAP_WORDS {
        let before = begun[..start].trim_end();
        start = before
            .char_indices()
            .rfind(|(_, character)| character.is_whitespace())
            .map_or(0, |(index, space)| index + space.len_utf8());
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "one two three four five six seven";

    fn check(continuation: Option<Continuation>, turns: &[(Role, &str)], expected: &str) {
        let script = Script {
            text: Some(TEXT.to_owned()),
            continuation,
            ..Script::default()
        };
        let turns: Vec<Turn> = turns
            .iter()
            .map(|&(role, text)| Turn::new(role, text))
            .collect();
        let said = words(&script, "guide", &turns);
        assert_eq!(said.as_deref(), Some(expected), "{turns:?}");
    }

    #[test]
    fn what_was_begun_goes_on() {
        use Role::{Assistant, System, User};
        let asked =
            |begun, role, last| [(System, "s"), (User, "q"), (Assistant, begun), (role, last)];
        let prefill = |begun, expected| {
            check(None, &[(User, "q"), (Assistant, begun)], expected);
        };
        prefill("", TEXT);
        prefill("one two", " three four five six seven");
        prefill("one two ", "three four five six seven");
        prefill("one two\n\n", " three four five six seven");
        prefill("one tw", "o three four five six seven");
        prefill(TEXT, "");
        prefill("two", TEXT);

        let go_on = |begun, expected| check(None, &asked(begun, User, "Continue."), expected);
        go_on("one two", "three four five six seven");
        go_on("one tw", "o three four five six seven");
        go_on(TEXT, "");
        go_on("two", TEXT);
        check(None, &asked("one two", User, "Go on."), TEXT);

        let check = |how, expected: &str| {
            let begun = "one two three four five s";
            check(Some(how), &asked(begun, User, "Continue exactly"), expected);
        };
        check(Continuation::Exact, "ix seven");
        check(Continuation::Overlap, "three four five six seven");
        check(Continuation::Restart, TEXT);
        check(
            Continuation::Differ,
            &format!("Something else entirely: {TEXT}"),
        );
    }

    #[test]
    fn a_demo_model_goes_on_with_the_answer_to_the_question_before() {
        let turn = |role, text: &str| Turn::new(role, text);
        let script = Script::default();
        let mut turns = vec![
            turn(Role::User, "count from 1 to 5"),
            turn(Role::Assistant, "Simulated count:\n\n1 2"),
            turn(Role::User, "Continue where you left off"),
        ];
        let said = words(&script, "fragile", &turns);
        assert_eq!(said.as_deref(), Some("3 4 5"));
        turns[1].text.push_str(" 3 4 5");
        let said = words(&script, "guide", &turns).unwrap();
        assert!(said.contains("did not understand"), "{said}");
    }

    #[test]
    fn texts_are_found_in_all_kinds_of_content() {
        let check = |role: Role, content: Value, expected: &str| {
            assert_eq!(role.text_of(&content), expected, "{content}");
        };
        check(Role::User, "a".into(), "a");
        check(Role::User, Value::Null, "");
        let parts = serde_json::json!([
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "text", "text": "b"},
        ]);
        check(Role::User, parts.clone(), "a\nb");
        check(Role::Assistant, parts, "ab");
        let results = serde_json::json!([
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "4"}]},
            {"type": "tool_result", "tool_use_id": "u", "content": "5"},
        ]);
        check(Role::Tool, results, "4\n5");
    }
}
