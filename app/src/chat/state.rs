//! What the chat screen knows, as narrow signals provided by context.

use std::sync::atomic::{AtomicU64, Ordering};

use leptos::prelude::*;
use protocol::{
    Conversation, ConversationId, ConversationSummary, Message, MessageId, MessageState, ModelList,
    Problem, Role, title_from,
};

use super::{live::LiveView, steering::Steering, turn::Unsure};
use crate::shell::PageData;

/// What stands for a model that Rivulet chooses for each message.
pub(crate) const AUTOMATIC: &str = "auto";

/// The state of the chat screen; lives as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct ChatState {
    /// The sidebar's conversations, newest first.
    pub(crate) conversations: RwSignal<Vec<ConversationSummary>>,
    /// The models to choose from.
    pub(crate) models: RwSignal<ModelList>,
    /// The model chosen, as `provider/model`.
    pub(crate) model: RwSignal<Option<String>>,
    /// What matters where Rivulet chooses the model.
    pub(crate) steering: Steering,
    /// The conversation shown; `None` on the empty page and until a new one's
    /// first turn is accepted.
    pub(crate) current: RwSignal<Option<ConversationId>>,
    /// The messages shown, oldest first.
    pub(crate) messages: RwSignal<Vec<ShownMessage>>,
    /// The text in the composer.
    pub(crate) draft: RwSignal<String>,
    /// Why the text in the composer could not be sent.
    pub(crate) send_problem: RwSignal<Option<Problem>>,
    /// Messages typed while an answer is being written.
    pub(crate) queue: RwSignal<Vec<String>>,
    /// A send whose outcome is unknown: sent again, it keeps its id.
    pub(crate) unsure: RwSignal<Option<Unsure>>,
    /// What is wrong with the address or the page as a whole.
    pub(crate) page_problem: RwSignal<Option<Problem>>,
    /// Whether the server cannot be reached at the moment.
    pub(crate) offline: RwSignal<bool>,
    /// Whether a conversation is being fetched.
    pub(crate) loading: RwSignal<bool>,
    /// Whether the sidebar is folded away (wide screens).
    pub(crate) sidebar_folded: RwSignal<bool>,
    /// Whether the drawer is open (narrow screens).
    pub(crate) drawer_open: RwSignal<bool>,
    /// Whether the screen is so narrow that the sidebar is a drawer.
    pub(crate) narrow: RwSignal<bool>,
    /// A conversation just deleted, whose delete can be taken back, and
    /// whether it was the one shown.
    pub(crate) deleted: RwSignal<Option<(ConversationSummary, bool)>>,
    /// Whether the server is still deleting.
    pub(crate) deleting: RwSignal<bool>,
    /// What a screen reader is told.
    pub(crate) announcement: RwSignal<String>,
    /// Whether the reader is away from the bottom of the transcript.
    pub(crate) away: RwSignal<bool>,
    /// Now and the offset from UTC, in milliseconds: what "today" means.
    pub(crate) clock: RwSignal<(i64, i64)>,
}

/// A message in the transcript.
#[derive(Clone)]
pub(crate) struct ShownMessage {
    /// Of this drawing of the message: stays the same while the message's id
    /// becomes known, and is another where it must be drawn anew.
    pub(crate) key: u64,
    /// The message; while an answer is being written its text is drawn past
    /// this signal, which changes when the state does.
    pub(crate) message: ArcRwSignal<Message>,
    /// What the status line shows, while the answer is being written.
    pub(crate) live: ArcRwSignal<Option<LiveView>>,
}

impl ShownMessage {
    pub(crate) fn new(message: Message) -> Self {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        Self {
            key: KEYS.fetch_add(1, Ordering::Relaxed),
            message: ArcRwSignal::new(message),
            live: ArcRwSignal::new(None),
        }
    }
}

impl ChatState {
    pub(crate) fn new(data: &PageData) -> Self {
        let model = data
            .conversation
            .as_ref()
            .and_then(|conversation| last_model(conversation, &data.models))
            .or_else(|| data.models.default.clone());
        Self {
            conversations: RwSignal::new(data.conversations.clone()),
            models: RwSignal::new(data.models.clone()),
            model: RwSignal::new(model),
            steering: Steering::default(),
            current: RwSignal::new(data.conversation.as_ref().map(|it| it.id)),
            messages: RwSignal::new(data.conversation.as_ref().map(shown).unwrap_or_default()),
            draft: RwSignal::new(data.draft.clone()),
            send_problem: RwSignal::new(None),
            queue: RwSignal::new(Vec::new()),
            unsure: RwSignal::new(None),
            page_problem: RwSignal::new(data.problem.clone()),
            offline: RwSignal::new(false),
            loading: RwSignal::new(false),
            sidebar_folded: RwSignal::new(false),
            drawer_open: RwSignal::new(false),
            narrow: RwSignal::new(false),
            deleted: RwSignal::new(None),
            deleting: RwSignal::new(false),
            announcement: RwSignal::new(String::new()),
            away: RwSignal::new(false),
            clock: RwSignal::new((data.now_ms, 0)),
        }
    }

    /// The state of this page.
    pub(crate) fn use_here() -> Self {
        expect_context()
    }

    /// Whether Rivulet chooses the model of the next message.
    pub(crate) fn chooses(&self) -> bool {
        self.model.with(|model| model.as_deref() == Some(AUTOMATIC))
    }

    /// The answer being written in the conversation shown.
    pub(crate) fn running(&self) -> Option<ShownMessage> {
        self.messages.with(|messages| {
            messages
                .iter()
                .rev()
                .find(|shown| shown.live.with(Option::is_some))
                .cloned()
        })
    }

    /// Whether a message is among those shown.
    pub(crate) fn shows(&self, message: &ShownMessage) -> bool {
        self.messages
            .with_untracked(|all| all.iter().any(|shown| shown.key == message.key))
    }

    /// Shows a conversation's newest path.
    pub(crate) fn show(&self, conversation: &Conversation) {
        if let Some(model) = self
            .models
            .with_untracked(|models| last_model(conversation, models))
        {
            self.model.set(Some(model));
        }
        self.current.set(Some(conversation.id));
        // What is drawn already and has not changed stays as it is.
        let before = self.messages.get_untracked();
        let mut after = shown(conversation);
        for new in &mut after {
            let same = before.iter().find(|old| {
                new.message.with_untracked(|new| {
                    old.message.with_untracked(|old| {
                        old.id == new.id && old.state == new.state && old.text == new.text
                    })
                })
            });
            if let Some(old) = same {
                *new = old.clone();
            }
        }
        self.messages.set(after);
        self.page_problem.set(None);
    }

    /// Puts a conversation that has just changed on top of the sidebar.
    pub(crate) fn touch(&self, id: ConversationId, now_ms: i64, question: &str) {
        self.conversations.update(|all| {
            let known = all
                .iter()
                .position(|summary| summary.id == id)
                .map(|at| all.remove(at));
            let title = known.map_or_else(|| title_from(question), |summary| summary.title);
            all.insert(
                0,
                ConversationSummary {
                    id,
                    title,
                    updated_ms: now_ms,
                },
            );
        });
    }

    /// The title of the conversation shown.
    pub(crate) fn title(&self) -> Option<String> {
        let current = self.current.get()?;
        self.conversations.with(|all| {
            all.iter()
                .find(|summary| summary.id == current)
                .map(|summary| summary.title.clone())
        })
    }
}

fn shown(conversation: &Conversation) -> Vec<ShownMessage> {
    conversation
        .newest_path()
        .into_iter()
        .cloned()
        .map(ShownMessage::new)
        .collect()
}

/// The model that answered last, if it is still there.
fn last_model(conversation: &Conversation, models: &ModelList) -> Option<String> {
    let path = conversation.newest_path();
    let model = path
        .iter()
        .rev()
        .find_map(|message| message.model.clone())?;
    models.find(&model).is_some().then_some(model)
}

/// A message that the server does not know yet.
pub(crate) fn new_message(role: Role, text: &str, model: Option<String>, now_ms: i64) -> Message {
    Message {
        id: MessageId::from_random_bytes(crate::client::dom::random_bytes()),
        parent: None,
        role,
        state: match role {
            Role::User => MessageState::Finished,
            Role::Assistant => MessageState::Writing,
        },
        text: text.to_owned(),
        thinking: String::new(),
        tools: Vec::new(),
        model,
        created_ms: now_ms,
        turn: None,
        last_event: 0,
        statistics: None,
        reason: None,
        problem: None,
    }
}
