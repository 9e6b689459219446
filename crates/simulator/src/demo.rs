//! The demo models: labelled as a simulation, useful for trying the page.

mod attached;
mod commands;
mod prose;

use std::borrow::Cow;

use crate::script::{Fault, FaultKind, Script};
use crate::sight::Image;
use crate::speech::count_tokens;

/// What simulated thinking says; ends with a blank line, so that it can be
/// repeated.
pub(crate) const THINKING: &str = include_str!("../content/thinking.md");

/// The tokens per second of a model in no hurry and without delay.
const USUAL_SPEED: f64 = 60.0;

/// How long the novelist goes on when no number of words is asked for.
const NOVEL_WORDS: u64 = 5_000;

/// A demo model.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    first_token_ms: u64,
    tokens_per_second: f64,
    thinks: bool,
    breaks_off: bool,
    /// What it says when nothing better fits; without it, a novel.
    page: Option<&'static str>,
}

/// The demo models, in the order to show them.
pub(crate) static MODELS: [Model; 5] = [
    Model {
        id: "guide",
        name: "Guide",
        description: "Simulation: explains Rivulet and shows what an answer can look like.",
        first_token_ms: 300,
        tokens_per_second: USUAL_SPEED,
        thinks: false,
        breaks_off: false,
        page: Some(include_str!("../content/guide.md")),
    },
    Model {
        id: "thinker",
        name: "Thinker",
        description: "Simulation: shows prepared thinking before its answer.",
        first_token_ms: 300,
        tokens_per_second: USUAL_SPEED,
        thinks: true,
        breaks_off: false,
        page: Some(include_str!("../content/thinker.md")),
    },
    Model {
        id: "slow",
        name: "Slow",
        description: "Simulation: waits three seconds, then writes five tokens a second.",
        first_token_ms: 3_000,
        tokens_per_second: 5.0,
        thinks: false,
        breaks_off: false,
        page: Some(include_str!("../content/slow.md")),
    },
    Model {
        id: "novelist",
        name: "Novelist",
        description: "Simulation: writes very long answers.",
        first_token_ms: 300,
        tokens_per_second: USUAL_SPEED,
        thinks: false,
        breaks_off: false,
        page: None,
    },
    Model {
        id: "fragile",
        name: "Fragile",
        description: "Simulation: breaks off half-way.",
        first_token_ms: 300,
        tokens_per_second: USUAL_SPEED,
        thinks: false,
        breaks_off: true,
        page: Some(include_str!("../content/fragile.md")),
    },
];

/// The prepared pages and the words that call for them; the first that fits is
/// shown. A phrase of several words must occur as it is.
const TOPICS: [(&str, &[&str]); 9] = [
    (include_str!("../content/help.md"), &["help"]),
    (
        include_str!("../content/markdown.md"),
        &["markdown", "formatting"],
    ),
    (
        include_str!("../content/code.md"),
        &["code", "rust", "python", "typescript", "bash", "sql"],
    ),
    (include_str!("../content/table.md"), &["table", "tables"]),
    (
        include_str!("../content/math.md"),
        &["math", "maths", "formula", "formulas"],
    ),
    (
        include_str!("../content/keys.md"),
        &["key", "keys", "openai api key"],
    ),
    (
        include_str!("../content/providers.md"),
        &[
            "provider",
            "providers",
            "ollama",
            "openai",
            "configuration",
            "config",
        ],
    ),
    (
        include_str!("../content/stop.md"),
        &["stop", "stopping", "reload", "come back", "close the tab"],
    ),
    (
        include_str!("../content/about.md"),
        &[
            "rivulet",
            "what is this",
            "who are you",
            "what are you",
            "what can you do",
        ],
    ),
];

/// The demo model with this id.
pub(crate) fn model(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

/// What a model answers to a question with images. A model that is none of the
/// demo's answers as the guide does.
pub(crate) fn answer(model_id: &str, question: &str, images: &[Image]) -> Cow<'static, str> {
    let model = model(model_id).unwrap_or(&MODELS[0]);
    let (files, question) = attached::split(question);
    if let Some(answer) = commands::obey(question) {
        return answer.into();
    }
    if let Some(answer) = attached::describe(&files, images) {
        return answer.into();
    }
    match model.page {
        Some(page) => topic(question).unwrap_or(page).into(),
        None => prose::words(NOVEL_WORDS).into(),
    }
}

impl Model {
    /// How the model behaves when nobody says otherwise.
    pub(crate) fn script(&self) -> Script {
        Script {
            first_token_ms: self.first_token_ms,
            tokens_per_second: self.tokens_per_second,
            thinking_tokens: if self.thinks {
                count_tokens(THINKING)
            } else {
                0
            },
            fault: self.breaks_off.then(|| Fault::new(FaultKind::Cut)),
            ..Script::default()
        }
    }
}

/// The prepared page a question calls for.
fn topic(question: &str) -> Option<&'static str> {
    let words: Vec<String> = question
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let asked = format!(" {} ", words.join(" "));
    TOPICS
        .iter()
        .find(|(_, phrases)| {
            phrases
                .iter()
                .any(|phrase| asked.contains(&format!(" {phrase} ")))
        })
        .map(|(page, _)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_find_their_page() {
        let check = |question: &str, heading: &str| {
            let page = answer("guide", question, &[]);
            assert!(page.contains(heading), "{question}: {page}");
        };
        check("What is Rivulet?", "## What Rivulet is");
        check("what is this", "## What Rivulet is");
        check(
            "Show me Markdown, code, a table and math",
            "# A tour of Markdown",
        );
        check("Where do I put my OPENAI_API_KEY?", "## Keys");
        check("Which providers are there?", "## Providers");
        check("what happens when I press stop", "## Stopping");
        check("show me some code", "## Counting words");
        check("a TABLE please", "## Tables");
        check("math!", "## Math");
        check("help", "## What you can ask");
        check("Why is the sky blue?", "did not understand your question");
        check("", "did not understand your question");
    }

    #[test]
    fn every_answer_says_that_it_is_a_simulation() {
        let questions = [
            "hello",
            "help",
            "count from 1 to 3",
            "write 40 words",
            "repeat x",
            "File \"notes.txt\":\n```\none\n```\nWhat is this?",
        ];
        let pages = TOPICS.iter().map(|(page, _)| Cow::Borrowed(*page));
        let answers = MODELS
            .iter()
            .flat_map(|model| questions.map(|question| answer(model.id, question, &[])));
        for text in pages.chain(answers) {
            let opening: String = text.chars().take(60).collect();
            assert!(
                opening.to_lowercase().contains("simulat"),
                "not labelled: {opening}"
            );
        }
    }
}
