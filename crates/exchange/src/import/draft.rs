//! From another program's nodes to a conversation of ours: a tree in which
//! questions and answers take turns.

use std::collections::HashMap;

use protocol::{
    Attachment, Conversation, ConversationId, ConversationSettings, Message, MessageId,
    MessageState, Problem, ProblemKind, Role, ToolCall, title_from,
};

use super::{Import, counted, sane, tree};

/// A conversation as another program tells it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) created_ms: Option<i64>,
    pub(super) updated_ms: Option<i64>,
    pub(super) pinned: bool,
    pub(super) archived: bool,
    pub(super) folder: Option<String>,
    pub(super) settings: ConversationSettings,
    /// The node at the end of the path that was shown.
    pub(super) current: Option<String>,
    pub(super) nodes: Vec<Node>,
}

/// A node of the tree.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) key: String,
    pub(super) parent: Option<String>,
    /// Which child of its parent it is.
    pub(super) rank: usize,
    /// What it says; without, it only connects others.
    pub(super) content: Option<Content>,
}

/// What a message says.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) role: Role,
    pub(super) text: String,
    pub(super) thinking: String,
    pub(super) tools: Vec<ToolCall>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) model: Option<String>,
    pub(super) created_ms: Option<i64>,
    pub(super) state: MessageState,
    pub(super) reason: Option<String>,
    pub(super) problem: Option<Problem>,
}

impl Content {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            text: String::new(),
            thinking: String::new(),
            tools: Vec::new(),
            attachments: Vec::new(),
            model: None,
            created_ms: None,
            state: MessageState::Finished,
            reason: None,
            problem: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
            && self.thinking.is_empty()
            && self.tools.is_empty()
            && self.attachments.is_empty()
            && self.problem.is_none()
    }

    /// About how much memory it takes.
    fn bytes(&self) -> u64 {
        // What is kept around a text, roughly.
        const AROUND: usize = 200;
        let tools = self.tools.iter().map(|it| it.arguments.len() + AROUND);
        let files = self.attachments.len() * AROUND;
        let bytes = self.text.len() + self.thinking.len() + tools.sum::<usize>() + files + AROUND;
        bytes as u64
    }

    /// Goes on with what the same side said next.
    fn append(&mut self, more: &Self) {
        paragraph(&mut self.text, &more.text);
        paragraph(&mut self.thinking, &more.thinking);
        self.tools.extend(more.tools.iter().cloned());
        for attachment in &more.attachments {
            if !self.attachments.contains(attachment) {
                self.attachments.push(attachment.clone());
            }
        }
        self.model = more.model.clone().or_else(|| self.model.take());
        self.state = more.state;
        self.reason = more.reason.clone();
        self.problem = more.problem.clone();
    }
}

/// Adds a text as a paragraph of its own.
pub(super) fn paragraph(text: &mut String, more: &str) {
    let more = more.trim_matches('\n');
    if more.trim().is_empty() {
        return;
    }
    if !text.trim().is_empty() {
        text.truncate(text.trim_end().len());
        text.push_str("\n\n");
    }
    text.push_str(more);
}

/// What is said of an answer that was being written when the file was made.
pub(super) fn interrupted() -> Problem {
    Problem::new(
        ProblemKind::Interrupted,
        "This answer was still being written when it was exported.",
    )
    .advice("What had been written is kept; ask again for the whole answer.")
    .retryable()
}

/// A message on its way.
struct Said {
    content: Content,
    parent: Option<usize>,
    rank: usize,
    /// Whether versions of it that go on took its place.
    replaced: bool,
}

impl Import<'_> {
    /// Keeps the conversation, and lists what of it cannot be kept.
    pub(super) fn keep(&mut self, mut draft: Draft) {
        let called = self.called(&draft.title);
        let numbers = numbers(&draft.nodes);
        if numbers.len() < draft.nodes.len() {
            let twice = counted(draft.nodes.len() - numbers.len(), "message");
            self.problem(format!(
                "{called}: {twice} with the id of another one had to be left out."
            ));
            let mut number = 0..;
            draft
                .nodes
                .retain(|it| number.next() == numbers.get(&it.key).copied());
        }
        let numbers = self::numbers(&draft.nodes);
        let mut orphans = 0;
        let mut parent = |node: &Node| {
            let found = node
                .parent
                .as_ref()
                .and_then(|key| numbers.get(key))
                .copied();
            orphans += usize::from(node.parent.is_some() && found.is_none());
            found
        };
        let parents = draft.nodes.iter().map(&mut parent).collect();
        let tree = tree::arrange(parents);
        self.loose_ends(&called, orphans, tree.circles);
        let current = draft
            .current
            .as_ref()
            .and_then(|key| numbers.get(key))
            .copied();
        let Some((said, place, bytes)) = take_turns(&draft.nodes, &tree, self.left) else {
            return self.problem(format!(
                "{called} was not imported: with each version whole it is too large."
            ));
        };
        self.left -= bytes;
        if said.is_empty() {
            return self.problem(format!("{called} was not imported: it has no messages."));
        }
        let current = current.and_then(|node| place[node]);
        self.finish_draft(draft, said, current);
    }

    /// Lists messages that follow nothing, or themselves.
    pub(super) fn loose_ends(&mut self, called: &str, orphans: usize, circles: usize) {
        if orphans > 0 {
            let orphans = counted(orphans, "message");
            self.problem(format!(
                "{called}: the file lacks what {orphans} should follow; each begins a version of \
                 the conversation of its own."
            ));
        }
        if circles > 0 {
            let circles = counted(circles, "circle");
            self.problem(format!(
                "{called}: messages follow themselves in {circles}; the first of each begins a \
                 version of the conversation of its own."
            ));
        }
    }

    fn finish_draft(&mut self, draft: Draft, said: Vec<Said>, current: Option<usize>) {
        let fallback = draft.created_ms.or(draft.updated_ms).unwrap_or(self.now_ms);
        let mut times: Vec<i64> = Vec::with_capacity(said.len());
        for it in &said {
            // Parents come first. An answer is at least a millisecond younger
            // than its question, so that what was said last is the newest.
            let after = it.parent.map(|parent| times[parent].saturating_add(1));
            let time = it.content.created_ms.or(after).unwrap_or(fallback);
            times.push(after.map_or(time, |after| time.max(after)));
        }
        let mut order: Vec<usize> = (0..said.len()).filter(|it| !said[*it].replaced).collect();
        order.sort_by_key(|it| (times[*it], said[*it].rank));
        let mut ids = vec![None; said.len()];
        let mut messages = Vec::with_capacity(order.len());
        let id = ConversationId((self.new_id)());
        for &index in &order {
            let id = MessageId((self.new_id)());
            ids[index] = Some(id);
            let parent = said[index].parent.and_then(|parent| ids[parent]);
            let content = said[index].content.clone();
            messages.push(message(id, parent, times[index], content));
        }
        let newest = times.iter().copied().max().unwrap_or(fallback);
        let question = messages.iter().find(|it| it.role == Role::User);
        let title = match sane::title(&draft.title) {
            title if title.is_empty() => title_from(question.map_or("", |question| &question.text)),
            title => title,
        };
        let mut conversation = Conversation {
            id,
            title,
            updated_ms: draft.updated_ms.unwrap_or(newest),
            pinned: draft.pinned,
            archived: draft.archived,
            folder: draft.folder,
            temporary: false,
            settings: sane::settings(draft.settings),
            leaf: None,
            messages,
        };
        let current = current.and_then(|it| ids[it]);
        let shown = conversation.path().last().map(|it| it.id);
        if current.is_some() && current != shown {
            conversation.leaf = current;
        }
        self.imported.conversations.push(conversation);
    }
}

fn message(id: MessageId, parent: Option<MessageId>, created_ms: i64, said: Content) -> Message {
    let mut tools = said.tools;
    for (index, tool) in (0..).zip(&mut tools) {
        tool.index = index;
    }
    Message {
        id,
        parent,
        role: said.role,
        state: said.state,
        text: said.text,
        attachments: said.attachments,
        thinking: said.thinking,
        tools,
        model: said.model.filter(|_| said.role == Role::Assistant),
        created_ms,
        turn: None,
        last_event: 0,
        statistics: None,
        reason: said.reason,
        problem: said.problem,
    }
}

/// The number of the first node with each key.
fn numbers(nodes: &[Node]) -> HashMap<String, usize> {
    let mut numbers = HashMap::with_capacity(nodes.len());
    for (number, node) in nodes.iter().enumerate() {
        numbers.entry(node.key.clone()).or_insert(number);
    }
    numbers
}

/// The messages, parents first, and which of them each node is in: what one
/// side said in several nodes is one message. Where it goes on in several
/// versions, each is whole. Last, how many bytes that takes; none where they
/// are more than allowed.
fn take_turns(
    nodes: &[Node],
    tree: &tree::Tree,
    most_bytes: u64,
) -> Option<(Vec<Said>, Vec<Option<usize>>, u64)> {
    let content = |node: usize| nodes[node].content.as_ref().filter(|it| !it.is_empty());
    // The node above that says something, and how many such follow each: all,
    // and those of the same side.
    let mut above: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut follow = vec![(0_usize, 0_usize); nodes.len()];
    for &node in &tree.order {
        above[node] = tree.parents[node].and_then(|parent| match content(parent) {
            Some(_) => Some(parent),
            None => above[parent],
        });
        if let (Some(below), Some(parent)) = (content(node), above[node]) {
            let same = content(parent).is_some_and(|it| it.role == below.role);
            follow[parent].0 += 1;
            follow[parent].1 += usize::from(same);
        }
    }
    let mut said: Vec<Said> = Vec::new();
    let mut place: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut bytes = 0_u64;
    for &node in &tree.order {
        let before = above[node].and_then(|above| place[above]);
        let Some(content) = content(node) else {
            place[node] = before;
            continue;
        };
        bytes = bytes.saturating_add(content.bytes());
        let same = before.filter(|it| said[*it].content.role == content.role);
        let (all, same_side) = above[node].map_or((0, 0), |above| follow[above]);
        place[node] = match same {
            Some(before) if all == 1 => {
                said[before].content.append(content);
                Some(before)
            }
            Some(before) => {
                let mut longer = said[before].content.clone();
                bytes = bytes.saturating_add(longer.bytes());
                longer.append(content);
                // It became another version when it went on otherwise.
                longer.created_ms = content.created_ms.or(longer.created_ms);
                said[before].replaced = all == same_side;
                said.push(Said {
                    content: longer,
                    parent: said[before].parent,
                    rank: nodes[node].rank,
                    replaced: false,
                });
                Some(said.len() - 1)
            }
            None => {
                said.push(Said {
                    content: content.clone(),
                    parent: before,
                    rank: nodes[node].rank,
                    replaced: false,
                });
                Some(said.len() - 1)
            }
        };
        if bytes > most_bytes {
            return None;
        }
    }
    Some((said, place, bytes))
}
