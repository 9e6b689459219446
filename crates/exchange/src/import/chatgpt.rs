//! ChatGPT's export: a list of conversations, each a `mapping` of nodes.

mod content;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::draft::{Draft, Node};
use super::links::Links;
use super::{Import, counted, sane};

/// Reads a conversation.
pub(super) fn conversation(import: &mut Import, value: &Value) {
    let now_ms = import.now_ms;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let time = |name: &str| value.get(name).and_then(|it| sane::moment(it, now_ms));
    let yes = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
    let mut draft = Draft {
        title: text("title").unwrap_or_default().to_owned(),
        created_ms: time("create_time"),
        updated_ms: time("update_time"),
        pinned: yes("is_starred"),
        archived: yes("is_archived"),
        current: text("current_node").map(ToOwned::to_owned),
        ..Draft::default()
    };
    let mut losses = Losses::default();
    let empty = Map::new();
    let mapping = value.get("mapping").and_then(Value::as_object);
    let mapping = mapping.unwrap_or(&empty);
    let links = Links::of(mapping, "parent", "children");
    for (key, node) in mapping {
        let (parent, rank) = links.of_node(key);
        let message = node.get("message").filter(|it| it.is_object());
        let content = message.and_then(|it| content::read(import, it, &mut draft, &mut losses));
        draft.nodes.push(Node {
            key: key.clone(),
            parent: parent.map(ToOwned::to_owned),
            rank,
            content,
        });
    }
    let called = import.called(&draft.title);
    for sentence in losses.sentences(&called) {
        import.problem(sentence);
    }
    import.keep(draft);
}

/// What of a conversation could not be imported.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Files that are not there, by name.
    pub(super) missing: BTreeSet<String>,
    /// Files that cannot be kept, by name, and why.
    pub(super) refused: BTreeSet<(String, String)>,
    /// Kinds of content that are not known, and how often each came.
    pub(super) kinds: BTreeMap<String, usize>,
}

impl Losses {
    pub(super) fn sentences(self, called: &str) -> Vec<String> {
        let mut sentences = Vec::new();
        if !self.missing.is_empty() {
            let names: Vec<_> = self.missing.iter().map(|it| sane::line(it, 80)).collect();
            let shown = names.iter().take(5).map(|it| format!("“{it}”"));
            let mut shown = shown.collect::<Vec<_>>().join(", ");
            if let Some(more @ 1..) = names.len().checked_sub(5) {
                shown.push_str(&format!(" and {more} more"));
            }
            sentences.push(format!(
                "{called}: files that are not in the import were left out: {shown}."
            ));
        }
        for (name, why) in self.refused {
            let name = sane::line(&name, 80);
            sentences.push(format!(
                "{called}: the file “{name}” was left out, because {why}."
            ));
        }
        for (kind, count) in self.kinds {
            let kind = sane::line(&kind, 80);
            let pieces = counted(count, "piece");
            sentences.push(format!(
                "{called}: {pieces} of the kind “{kind}” had to be left out: it is not known here."
            ));
        }
        sentences
    }
}
