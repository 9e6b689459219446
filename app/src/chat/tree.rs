//! All messages of the conversation shown, every version of each, and the path
//! through them that is shown. Another path needs no request.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use protocol::{Conversation, MessageId, MessageState, Role};

use super::state::{ChatState, ShownMessage};

/// Which of its versions a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its number, from 1; the oldest is the first.
    pub(crate) number: usize,
    /// How many there are: at least two.
    pub(crate) of: usize,
}

/// The messages of a conversation, and the path through them.
pub(crate) struct Tree {
    all: Vec<ShownMessage>,
    path: Vec<ShownMessage>,
}

impl ChatState {
    /// Shows a conversation along the path that is stored with it. What is
    /// drawn already and has not changed stays as it is, and so does what this
    /// page is just following.
    pub(crate) fn show_tree(&self, conversation: &Conversation) {
        let mut before: HashMap<MessageId, ShownMessage> = self
            .tree
            .get_untracked()
            .into_iter()
            .map(|shown| (shown.id(), shown))
            .collect();
        let mut all: Vec<ShownMessage> = conversation
            .messages
            .iter()
            .map(|message| {
                let old = before.remove(&message.id).filter(|old| {
                    let is_same = old.message.with_untracked(|old| {
                        old.state == message.state && old.text == message.text
                    });
                    is_same || old.is_live()
                });
                old.unwrap_or_else(|| ShownMessage::new(message.clone()))
            })
            .collect();
        // What was sent and is not accepted yet is on its way there.
        if self.current.get_untracked() == Some(conversation.id) {
            let mut sent: Vec<ShownMessage> =
                before.values().filter(|it| it.is_live()).cloned().collect();
            let parents = sent
                .iter()
                .filter_map(|answer| before.get(&answer.parent()?).cloned());
            let mut unaccepted: Vec<_> = parents.collect();
            unaccepted.append(&mut sent);
            all.extend(unaccepted);
        }
        let leaf = self.leaf_of(conversation);
        let path = path_to(&all, |shown| Some(shown.id()) == leaf);
        self.tree.set(all);
        self.messages.set(path);
    }

    /// Shows no message.
    pub(crate) fn clear_tree(&self) {
        self.take_tree();
    }

    /// Shows no message any more; gives what puts them back.
    pub(crate) fn take_tree(&self) -> Tree {
        Tree {
            all: self.tree.try_update(std::mem::take).unwrap_or_default(),
            path: self.messages.try_update(std::mem::take).unwrap_or_default(),
        }
    }

    /// Shows messages again that were taken away, and the path through them.
    pub(crate) fn put_back_tree(&self, tree: Tree) {
        self.tree.set(tree.all);
        self.messages.set(tree.path);
    }

    /// Whether the stored conversation has what this page does not show: other
    /// messages, the same ones in another state, or another path.
    pub(crate) fn differs_from(&self, conversation: &Conversation) -> bool {
        let stored = conversation.messages.iter().map(|it| (it.id, it.state));
        let is_same = self.tree.with_untracked(|all| {
            let shown = all
                .iter()
                .map(|it| it.message.with_untracked(|it| (it.id, it.state)));
            let is_followed = |it: &ShownMessage| {
                it.is_live()
                    || it
                        .message
                        .with_untracked(|it| it.state != MessageState::Writing)
            };
            stored.eq(shown) && all.iter().all(is_followed)
        });
        let last = self
            .messages
            .with_untracked(|path| path.last().map(ShownMessage::id));
        !is_same || last != self.leaf_of(conversation)
    }

    /// The end of the path to show: the one chosen here that the server does
    /// not know yet, else the one stored.
    fn leaf_of(&self, conversation: &Conversation) -> Option<MessageId> {
        let chosen = self.choosing.get_untracked();
        let chosen = chosen.filter(|chosen| conversation.find(*chosen).is_some());
        chosen.or_else(|| conversation.path().last().map(|message| message.id))
    }

    /// Whether this is a message of the conversation shown, on the path shown
    /// or not.
    pub(crate) fn knows(&self, message: &ShownMessage) -> bool {
        self.tree
            .with_untracked(|all| all.iter().any(|shown| shown.key == message.key))
    }

    /// Puts new messages at the end of a path and shows that.
    pub(crate) fn show_new(&self, mut path: Vec<ShownMessage>, new: &[ShownMessage]) {
        self.remember_path();
        self.tree.update(|all| all.extend_from_slice(new));
        path.extend_from_slice(new);
        self.messages.set(path);
    }

    /// Shows a path of messages that are still there.
    pub(crate) fn show_path(&self, mut path: Vec<ShownMessage>) {
        path.retain(|shown| self.knows(shown));
        self.messages.set(path);
    }

    /// The messages shown before this one.
    pub(crate) fn path_before(&self, message: &ShownMessage) -> Vec<ShownMessage> {
        self.messages.with_untracked(|all| {
            all.iter()
                .take_while(|shown| shown.key != message.key)
                .cloned()
                .collect()
        })
    }

    /// Shows the path through this message: the one that was shown when it last
    /// was, else the one to what was last said after it.
    pub(crate) fn show_through(&self, message: &ShownMessage) {
        self.remember_path();
        let end = self.ends.with_value(|ends| ends.get(&message.key).copied());
        let path = self.tree.with_untracked(|all| {
            let below = below(all, message.key);
            let end = end.filter(|end| below.iter().any(|shown| shown.key == *end));
            path_through(all, end.unwrap_or(message.key))
        });
        self.messages.set(path);
    }

    /// The path shown is about to be left.
    fn remember_path(&self) {
        let path = self.messages.get_untracked();
        if let Some(last) = path.last() {
            self.ends.update_value(|ends| {
                ends.extend(path.iter().map(|shown| (shown.key, last.key)));
            });
        }
    }

    /// The versions of a message, itself among them, older ones first.
    pub(crate) fn versions_of(&self, message: &ShownMessage) -> Vec<ShownMessage> {
        let of = place(message);
        self.tree.with_untracked(|all| {
            let versions = all.iter().filter(|shown| place(shown) == of);
            versions.cloned().collect()
        })
    }

    /// Whether this answer, or another version of it, is being written.
    pub(crate) fn is_being_answered(&self, answer: &ShownMessage) -> bool {
        let of = place(answer);
        self.tree.with(|all| {
            let mut versions = all.iter().filter(|shown| place(shown) == of);
            versions.any(|shown| {
                shown.live.with(Option::is_some)
                    || shown.message.with(|it| it.state == MessageState::Writing)
            })
        })
    }

    /// A message and all that follow it, on every path.
    pub(crate) fn with_all_after(&self, message: &ShownMessage) -> Vec<ShownMessage> {
        self.tree.with_untracked(|all| below(all, message.key))
    }

    /// Takes messages out. Where the path shown went through them, the one to
    /// what was last said beside them is shown, or to what was said before.
    pub(crate) fn remove(&self, gone: &[ShownMessage]) {
        let is_gone = |shown: &ShownMessage| gone.iter().any(|gone| gone.key == shown.key);
        let path = self.messages.get_untracked();
        let first = path.iter().find(|shown| is_gone(shown));
        let other = first.and_then(|first| {
            let versions = self.versions_of(first);
            let at = versions.iter().position(|it| it.key == first.key)?;
            // The neighbour of the one that goes: the older one, if there is.
            let mut beside = versions[..at].iter().rev().chain(&versions[at + 1..]);
            beside.find(|version| !is_gone(version)).cloned()
        });
        self.tree.update(|all| all.retain(|shown| !is_gone(shown)));
        match other {
            Some(other) => self.show_through(&other),
            None if first.is_some() => self.messages.set(
                path.iter()
                    .take_while(|shown| !is_gone(shown))
                    .cloned()
                    .collect(),
            ),
            None => {}
        }
    }
}

/// The messages that have versions, by key.
pub(crate) fn versions(all: &[ShownMessage]) -> HashMap<u64, Version> {
    let mut by_place: HashMap<_, Vec<u64>> = HashMap::new();
    for shown in all {
        by_place.entry(place(shown)).or_default().push(shown.key);
    }
    let several = by_place.into_values().filter(|keys| keys.len() > 1);
    several
        .flat_map(|keys| {
            let of = keys.len();
            let numbered = (1..).zip(keys);
            numbered.map(move |(number, key)| (key, Version { number, of }))
        })
        .collect()
}

/// What the versions of a message have in common.
fn place(shown: &ShownMessage) -> (Option<MessageId>, bool) {
    shown
        .message
        .with_untracked(|message| (message.parent, message.role == Role::User))
}

/// A message and all that follow it. Parents come before children: one pass
/// finds them.
fn below(all: &[ShownMessage], key: u64) -> Vec<ShownMessage> {
    let mut ids = HashSet::new();
    let descends = |shown: &&ShownMessage| {
        let is_below = shown.key == key || shown.parent().is_some_and(|it| ids.contains(&it));
        is_below && ids.insert(shown.id())
    };
    all.iter().filter(descends).cloned().collect()
}

/// The path through a message to what was last said after it.
fn path_through(all: &[ShownMessage], key: u64) -> Vec<ShownMessage> {
    let last = below(all, key).last().map(|last| last.key);
    path_to(all, |shown| Some(shown.key) == last)
}

/// The messages from the root to the one that is meant.
fn path_to(all: &[ShownMessage], is_meant: impl Fn(&ShownMessage) -> bool) -> Vec<ShownMessage> {
    let mut path: Vec<ShownMessage> = Vec::new();
    for shown in all.iter().rev() {
        let is_next = match path.last() {
            None => is_meant(shown),
            Some(after) => after.parent() == Some(shown.id()),
        };
        if is_next {
            path.push(shown.clone());
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use protocol::ConversationId;

    use super::*;

    fn id(number: u8) -> MessageId {
        MessageId::from_random_bytes([number; 16])
    }

    /// Messages by number, with the number of what they follow.
    fn all(messages: &[(u8, u8)]) -> Vec<ShownMessage> {
        let message = |&(number, parent): &(u8, u8)| {
            let parent = (parent > 0).then(|| id(parent));
            let message = serde_json::json!({
                "id": id(number), "parent": parent, "role": "user", "state": "finished",
                "text": number.to_string(), "created_ms": number,
            });
            ShownMessage::new(serde_json::from_value(message).unwrap())
        };
        messages.iter().map(message).collect()
    }

    fn texts(shown: &[ShownMessage]) -> Vec<String> {
        shown
            .iter()
            .map(|it| it.message.with_untracked(|it| it.text.clone()))
            .collect()
    }

    #[test]
    fn a_path_goes_through_a_message_to_the_newest_after_it() {
        let all = all(&[(1, 0), (2, 1), (3, 1), (4, 2), (5, 0), (6, 5), (7, 2)]);
        let through = |at: usize| texts(&path_through(&all, all[at].key));
        assert_eq!(through(0), ["1", "2", "7"]);
        assert_eq!(through(2), ["1", "3"]);
        assert_eq!(through(3), ["1", "2", "4"]);
        assert_eq!(through(4), ["5", "6"]);
        assert_eq!(texts(&below(&all, all[1].key)), ["2", "4", "7"]);
    }

    #[test]
    fn versions_are_numbered_from_the_oldest_on() {
        let all = all(&[(1, 0), (2, 1), (3, 1), (4, 2), (5, 0)]);
        let versions = versions(&all);
        let version = |at: usize| versions.get(&all[at].key).map(|it| (it.number, it.of));
        assert_eq!(version(0), Some((1, 2)));
        assert_eq!(version(4), Some((2, 2)));
        assert_eq!(version(2), Some((2, 2)));
        assert_eq!(version(3), None);
    }

    #[test]
    fn what_is_removed_makes_room_for_its_neighbour() {
        let owner = Owner::new();
        owner.set();
        let state = ChatState::new(&crate::PageData::default());
        let all = all(&[(1, 0), (2, 1), (3, 1), (4, 3), (5, 1)]);
        let mut conversation =
            Conversation::new(ConversationId::from_random_bytes([1; 16]), String::new(), 0);
        conversation.messages = all.iter().map(|it| it.message.get_untracked()).collect();
        conversation.leaf = Some(id(4));
        state.show_tree(&conversation);
        let shown = || texts(&state.messages.get_untracked());
        assert_eq!(shown(), ["1", "3", "4"]);

        let remove = |text: &str| {
            let tree = state.tree.get_untracked();
            let meant = tree
                .iter()
                .find(|it| it.message.with_untracked(|it| it.text == text));
            state.remove(&state.with_all_after(meant.unwrap()));
        };
        remove("3");
        assert_eq!(shown(), ["1", "2"]);
        remove("5");
        assert_eq!(shown(), ["1", "2"]);
        remove("2");
        assert_eq!(shown(), ["1"]);
    }
}
