//! What the palette lists, in groups.

use leptos::prelude::*;
use protocol::{ConversationId, ConversationSummary, Role, api::Hit};

use super::{
    super::{
        commands::Command,
        search::Target,
        shelf,
        shortcuts::keys::Keys,
        state::{AUTOMATIC, ChatState},
    },
    BEFORE, Scope,
    hits::day,
    matching::{Match, Needle},
};
use crate::ui::Symbol;

/// How many of a kind are listed beside other kinds, at most.
const FEW: usize = 6;
/// How many are listed where there is nothing else, at most.
const MANY: usize = 200;
/// Somebody who types what a command and a conversation are called means the
/// command.
const COMMAND_FIRST: i32 = 4;
/// What is found by another word than it is called is rather not meant.
const OTHER_WORD: i32 = 10;

/// Something to choose.
#[derive(Clone)]
pub(super) struct Item {
    /// Its icon.
    pub(super) symbol: Symbol,
    /// What it is called; every second piece is what was typed.
    pub(super) label: Vec<String>,
    /// A quieter line below that; every second piece is what was found.
    pub(super) note: Vec<String>,
    /// What stands at its end.
    pub(super) aside: String,
    /// Its shortcut.
    pub(super) keys: Option<Keys>,
    /// Whether it is the one chosen now.
    pub(super) chosen: bool,
    /// What it does.
    pub(super) deed: Deed,
}

/// What choosing something does.
#[derive(Clone)]
pub(super) enum Deed {
    /// Opens a conversation.
    Open(ConversationId),
    /// Opens a conversation at a message.
    OpenAt(Target),
    /// Runs a command.
    Run(&'static Command),
    /// Takes a model, by its id and its name.
    Model(String, String),
    /// Applies the preset of this name.
    Preset(String),
    /// Shows a folder in the list.
    Folder(String),
    /// Puts the conversation shown into a folder, or out of any with `""`.
    File(String),
}

/// Items of a kind under a heading.
#[derive(Clone)]
pub(super) struct Group {
    /// What they are.
    pub(super) heading: String,
    /// The items, the best first.
    pub(super) items: Vec<Item>,
}

/// What is listed for what was typed. `found` is what the server has found.
pub(super) fn groups(state: ChatState, scope: Scope, typed: &str, found: &[Hit]) -> Vec<Group> {
    let needle = Needle::new(typed);
    let mut groups = match scope {
        Scope::Everything if needle.is_empty() => {
            vec![recent(state, FEW), commands(&needle).first(MANY)]
        }
        Scope::Everything => everything(state, &needle, found),
        Scope::Search if needle.is_empty() => vec![recent(state, MANY)],
        Scope::Search => {
            let (titles, messages): (Vec<_>, Vec<_>) =
                found.iter().partition(|hit| hit.message.is_none());
            vec![hits("Titles", &titles), hits("Messages", &messages)]
        }
        Scope::Models => by_provider(state, &needle),
        Scope::Presets => vec![presets(state, &needle).first(MANY)],
        Scope::Folders => vec![places(state, &needle, typed)],
    };
    groups.retain(|group| !group.items.is_empty());
    groups
}

fn everything(state: ChatState, needle: &Needle, found: &[Hit]) -> Vec<Group> {
    let mut ranked = [
        conversations(state, needle),
        commands(needle),
        models(state, needle),
        presets(state, needle),
        folders(state, needle),
    ];
    ranked.sort_by_key(|ranked| std::cmp::Reverse(ranked.best()));
    let mut groups: Vec<Group> = ranked.into_iter().map(|ranked| ranked.first(FEW)).collect();
    let is_listed = |hit: &Hit| {
        let mut listed = groups.iter().flat_map(|group| &group.items);
        listed.any(|item| matches!(item.deed, Deed::Open(id) if id == hit.conversation))
    };
    let others: Vec<_> = found
        .iter()
        .filter(|hit| hit.message.is_some() || !is_listed(hit))
        .collect();
    // Last, for it comes later: nothing may move under the finger.
    groups.push(hits("In conversations", &others));
    groups
}

/// Items of a kind with how well each is what was typed.
struct Ranked {
    heading: &'static str,
    items: Vec<(i32, Item)>,
}

impl Ranked {
    /// The best first; equally good ones in the order they came.
    fn new(heading: &'static str, items: impl Iterator<Item = (i32, Item)>) -> Self {
        let mut items: Vec<_> = items.collect();
        items.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        Self { heading, items }
    }

    fn best(&self) -> i32 {
        self.items.first().map_or(i32::MIN, |(score, _)| *score)
    }

    fn first(self, most: usize) -> Group {
        Group {
            heading: self.heading.to_owned(),
            items: self
                .items
                .into_iter()
                .take(most)
                .map(|(_, item)| item)
                .collect(),
        }
    }
}

fn item(symbol: Symbol, label: Vec<String>, deed: Deed) -> Item {
    Item {
        symbol,
        label,
        note: Vec::new(),
        aside: String::new(),
        keys: None,
        chosen: false,
        deed,
    }
}

/// The newest conversations but the one shown.
fn recent(state: ChatState, most: usize) -> Group {
    let shown = state.current.get();
    let items = state.conversations.with(|all| {
        let others = all
            .iter()
            .filter(|row| !row.archived && Some(row.id) != shown);
        let item = |row: &ConversationSummary| conversation(row, vec![row.title.clone()]);
        others.take(most).map(item).collect()
    });
    Group {
        heading: "Recent".to_owned(),
        items,
    }
}

fn conversations(state: ChatState, needle: &Needle) -> Ranked {
    state.conversations.with(|all| {
        let found = all.iter().filter_map(|row| {
            let Match { score, pieces } = needle.find(&row.title)?;
            Some((score, conversation(row, pieces)))
        });
        Ranked::new("Conversations", found)
    })
}

fn conversation(row: &ConversationSummary, label: Vec<String>) -> Item {
    let symbol = if row.temporary {
        Symbol::Temporary
    } else {
        Symbol::Chat
    };
    let mut item = item(symbol, label, Deed::Open(row.id));
    item.aside = match &row.folder {
        _ if row.archived => "Archived".to_owned(),
        Some(folder) => folder.clone(),
        None => String::new(),
    };
    item
}

fn commands(needle: &Needle) -> Ranked {
    let found = BEFORE.with_borrow(|before| {
        let found = before.commands.iter().filter_map(|&command| {
            let Match { score, pieces } = needle.find(command.label).or_else(|| {
                let all = format!("{} {}", command.label, command.also);
                Some(Match {
                    score: needle.find(&all)?.score - OTHER_WORD,
                    pieces: vec![command.label.to_owned()],
                })
            })?;
            let mut item = item(command.symbol, pieces, Deed::Run(command));
            item.keys = Some(command.keys);
            let score = if needle.is_empty() {
                0
            } else {
                score + COMMAND_FIRST
            };
            Some((score, item))
        });
        found.collect::<Vec<_>>()
    });
    Ranked::new("Commands", found.into_iter())
}

/// All models that are meant, each with its provider.
fn models(state: ChatState, needle: &Needle) -> Ranked {
    let now = state.model.get();
    let mut found = Vec::new();
    state.models.with(|models| {
        for provider in &models.providers {
            for model in &provider.models {
                let hit = needle.find(&model.name).or_else(|| {
                    Some(Match {
                        score: needle.find(&model.id)?.score - OTHER_WORD,
                        pieces: vec![model.name.clone()],
                    })
                });
                let Some(Match { score, pieces }) = hit else {
                    continue;
                };
                let deed = Deed::Model(model.id.clone(), model.name.clone());
                let mut item = item(Symbol::Model, pieces, deed);
                item.note.extend(model.description.clone());
                if model.id != AUTOMATIC {
                    item.aside.clone_from(&provider.label);
                }
                item.chosen = now.as_ref() == Some(&model.id);
                found.push((score, item));
            }
        }
    });
    Ranked::new("Models", found.into_iter())
}

/// The models as in the picker while nothing is typed, else the best first.
fn by_provider(state: ChatState, needle: &Needle) -> Vec<Group> {
    if !needle.is_empty() {
        return vec![models(state, needle).first(MANY)];
    }
    let mut groups: Vec<Group> = Vec::new();
    // All are equally good: they come in the picker's order.
    for (_, mut item) in models(state, &Needle::new("")).items {
        let heading = std::mem::take(&mut item.aside);
        match groups.last_mut() {
            Some(group) if group.heading == heading => group.items.push(item),
            _ => groups.push(Group {
                heading,
                items: vec![item],
            }),
        }
    }
    groups
}

fn presets(state: ChatState, needle: &Needle) -> Ranked {
    state.presets.with(|presets| {
        let found = presets.iter().filter_map(|preset| {
            let Match { score, pieces } = needle.find(&preset.name)?;
            let deed = Deed::Preset(preset.name.clone());
            Some((score, item(Symbol::Settings, pieces, deed)))
        });
        Ranked::new("Presets", found)
    })
}

fn folders(state: ChatState, needle: &Needle) -> Ranked {
    let names = state.conversations.with(|all| shelf::folders(all));
    let found = names.into_iter().filter_map(|name| {
        let Match { score, pieces } = needle.find(&name)?;
        Some((score, item(Symbol::Folder, pieces, Deed::Folder(name))))
    });
    Ranked::new("Folders", found)
}

/// Where the conversation shown can go.
fn places(state: ChatState, needle: &Needle, typed: &str) -> Group {
    let now = state
        .current
        .get()
        .and_then(|id| state.summary(id))
        .and_then(|row| row.folder);
    let mut group = folders(state, needle).first(MANY);
    let mut is_known = false;
    for item in &mut group.items {
        if let Deed::Folder(name) = &item.deed {
            is_known |= name == typed;
            item.chosen = now.as_ref() == Some(name);
            item.deed = Deed::File(name.clone());
        }
    }
    if needle.is_empty() {
        if now.is_some() {
            let out = item(
                Symbol::Close,
                vec!["No folder".to_owned()],
                Deed::File(String::new()),
            );
            group.items.insert(0, out);
        }
    } else if !is_known {
        let label = vec![format!("New folder “{typed}”")];
        group
            .items
            .push(item(Symbol::New, label, Deed::File(typed.to_owned())));
    }
    group
}

fn hits(heading: &str, hits: &[&Hit]) -> Group {
    Group {
        heading: heading.to_owned(),
        items: hits.iter().map(|hit| found(hit)).collect(),
    }
}

fn found(hit: &Hit) -> Item {
    let Some(message) = hit.message else {
        let mut item = item(
            Symbol::Chat,
            hit.excerpt.clone(),
            Deed::Open(hit.conversation),
        );
        item.aside = day(hit.at_ms);
        return item;
    };
    let target = Target {
        conversation: hit.conversation,
        message,
        words: hit.excerpt.iter().skip(1).step_by(2).cloned().collect(),
    };
    let mut item = item(Symbol::Chat, vec![hit.title.clone()], Deed::OpenAt(target));
    item.note = hit
        .excerpt
        .iter()
        .map(|piece| without_marks(piece))
        .collect();
    if let (Some(Role::User), Some(first)) = (hit.role, item.note.first_mut()) {
        first.insert_str(0, "You: ");
    }
    item.aside = day(hit.at_ms);
    item
}

/// A piece of Markdown without the marks that only get in the way in a line.
fn without_marks(piece: &str) -> String {
    let lines = piece.split('\n').map(|line| {
        let words = line.trim_start_matches('#');
        // Else it is a name, such as "#1".
        let is_heading = words.len() == line.len() || words.starts_with(' ');
        if is_heading { words } else { line }
    });
    lines
        .collect::<Vec<_>>()
        .join(" ")
        .replace("**", "")
        .replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_words_and_not_marks() {
        assert_eq!(
            without_marks("## A **bold** `word`\nof #1 in C#"),
            " A bold word of #1 in C#"
        );
        assert_eq!(without_marks("#1\n# Two"), "#1  Two");
    }
}
