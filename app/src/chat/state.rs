//! What the chat screen knows, as narrow signals provided by context.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use leptos::prelude::*;
use protocol::{
    Conversation, ConversationId, ConversationSettings, ConversationSummary, Message, MessageId,
    MessageState, ModelList, Preset, Problem, Role, api::StartTurn, title_from,
};

use super::{
    attaching::Upload,
    live::LiveView,
    palette::Scope,
    question_editor::Editing,
    queue::Waiting,
    search::Target,
    settings,
    shelf::Shelf,
    tree::{self, Version},
    turn::Unsure,
    undo::Offer,
};
use crate::{client::dom, shell::PageData};

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
    /// How the conversation shown is asked and shown; changed through
    /// [`settings::change`], which stores it.
    pub(crate) settings: RwSignal<ConversationSettings>,
    /// Why settings or presets could not be stored or fetched.
    pub(crate) settings_problem: RwSignal<Option<Problem>>,
    /// Settings under names, as last fetched.
    pub(crate) presets: RwSignal<Vec<Preset>>,
    /// The conversation shown; `None` on the empty page and until a new one's
    /// first turn is accepted.
    pub(crate) current: RwSignal<Option<ConversationId>>,
    /// The messages shown, oldest first: a path through the tree.
    pub(crate) messages: RwSignal<Vec<ShownMessage>>,
    /// All messages of the conversation shown, every version of each: parents
    /// before children, older ones before newer ones.
    pub(crate) tree: RwSignal<Vec<ShownMessage>>,
    /// Which messages have versions, by the key of their drawing.
    pub(crate) versions: Memo<HashMap<u64, Version>>,
    /// Where the path last shown through a message ended, by the keys of their
    /// drawings.
    pub(crate) ends: StoredValue<HashMap<u64, u64>>,
    /// The end of the path chosen here, until the server knows it.
    pub(crate) choosing: RwSignal<Option<MessageId>>,
    /// The question that is being edited in its place.
    pub(crate) editing: RwSignal<Option<Editing>>,
    /// The text in the composer.
    pub(crate) draft: RwSignal<String>,
    /// Why the text in the composer could not be sent.
    pub(crate) send_problem: RwSignal<Option<Problem>>,
    /// Messages typed while an answer is being written.
    pub(crate) queue: RwSignal<Vec<Waiting>>,
    /// Which of them is being changed.
    pub(crate) queue_edited: RwSignal<Option<u64>>,
    /// The files beside the text in the composer.
    pub(crate) attached: RwSignal<Vec<Upload>>,
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
    /// The offers to take back what was just done, newest last.
    pub(crate) offers: RwSignal<Vec<Offer>>,
    /// How the sidebar shows the conversations.
    pub(crate) shelf: Shelf,
    /// Whether the conversation that the next message begins is temporary.
    pub(crate) temporary: RwSignal<bool>,
    /// What a screen reader is told.
    pub(crate) announcement: RwSignal<String>,
    /// Whether the reader is away from the bottom of the transcript.
    pub(crate) away: RwSignal<bool>,
    /// Now and the offset from UTC, in milliseconds: what "today" means.
    pub(crate) clock: RwSignal<(i64, i64)>,
    /// What the palette lists.
    pub(crate) palette: RwSignal<Scope>,
    /// Whether the first key of a shortcut of two was pressed.
    pub(crate) second_key: RwSignal<bool>,
    /// A message that is to be shown once its conversation is there.
    pub(crate) target: RwSignal<Option<Target>>,
    /// The theme chosen; `None` is the system's.
    pub(crate) theme: RwSignal<Option<String>>,
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

    /// The message's id; another one until its turn is accepted.
    pub(crate) fn id(&self) -> MessageId {
        self.message.with_untracked(|message| message.id)
    }

    /// The id of what it answers or follows.
    pub(crate) fn parent(&self) -> Option<MessageId> {
        self.message.with_untracked(|message| message.parent)
    }

    /// Whether this page follows its being written.
    pub(crate) fn is_live(&self) -> bool {
        self.live.with_untracked(Option::is_some)
    }
}

impl ChatState {
    pub(crate) fn new(data: &PageData) -> Self {
        let model = data
            .conversation
            .as_ref()
            .and_then(|conversation| {
                settings::model_of(&conversation.settings, &data.models)
                    .or_else(|| last_model(conversation, &data.models))
            })
            .or_else(|| data.models.default.clone());
        let tree = RwSignal::new(Vec::new());
        let state = Self {
            conversations: RwSignal::new(data.conversations.clone()),
            models: RwSignal::new(data.models.clone()),
            model: RwSignal::new(model),
            settings: RwSignal::new(
                data.conversation
                    .as_ref()
                    .map(|it| it.settings.clone())
                    .unwrap_or_default(),
            ),
            settings_problem: RwSignal::new(None),
            presets: RwSignal::new(Vec::new()),
            current: RwSignal::new(data.conversation.as_ref().map(|it| it.id)),
            messages: RwSignal::new(Vec::new()),
            tree,
            versions: Memo::new(move |_| tree.with(|all| tree::versions(all))),
            ends: StoredValue::new(HashMap::new()),
            choosing: RwSignal::new(None),
            editing: RwSignal::new(None),
            draft: RwSignal::new(data.draft.clone()),
            send_problem: RwSignal::new(None),
            queue: RwSignal::new(Vec::new()),
            queue_edited: RwSignal::new(None),
            attached: RwSignal::new(Vec::new()),
            unsure: RwSignal::new(None),
            page_problem: RwSignal::new(data.problem.clone()),
            offline: RwSignal::new(false),
            loading: RwSignal::new(false),
            sidebar_folded: RwSignal::new(false),
            drawer_open: RwSignal::new(false),
            narrow: RwSignal::new(false),
            offers: RwSignal::new(Vec::new()),
            shelf: Shelf::default(),
            temporary: RwSignal::new(false),
            announcement: RwSignal::new(String::new()),
            away: RwSignal::new(false),
            clock: RwSignal::new((data.now_ms, 0)),
            palette: RwSignal::new(Scope::Everything),
            second_key: RwSignal::new(false),
            target: RwSignal::new(None),
            theme: RwSignal::new(None),
        };
        if let Some(conversation) = &data.conversation {
            state.show_tree(conversation);
        }
        state
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

    /// Shows a conversation; see [`Self::show_tree`].
    pub(crate) fn show(&self, conversation: &Conversation) {
        settings::take_up(*self, conversation);
        if let Some(model) = self.models.with_untracked(|models| {
            self.settings
                .with_untracked(|settings| settings::model_of(settings, models))
                .or_else(|| last_model(conversation, models))
        }) {
            self.model.set(Some(model));
        }
        // Before it is the current one: what was sent elsewhere is none of it.
        self.show_tree(conversation);
        self.current.set(Some(conversation.id));
        self.page_problem.set(None);
    }

    /// Tells a screen reader something, also what it was told just before.
    pub(crate) fn announce(&self, words: impl Into<String>) {
        let (announcement, words) = (self.announcement, words.into());
        announcement.set(String::new());
        // Only a change of what is there is read out.
        dom::on_next_frame(move || announcement.set(words));
    }

    /// Puts a conversation that has just changed on top of the sidebar.
    pub(crate) fn touch(&self, id: ConversationId, now_ms: i64, asked: &StartTurn) {
        self.conversations.update(|all| {
            let known = all
                .iter()
                .position(|summary| summary.id == id)
                .map(|at| all.remove(at));
            let mut summary = known.unwrap_or_else(|| ConversationSummary {
                id,
                title: title_from(&asked.text),
                updated_ms: now_ms,
                pinned: false,
                archived: false,
                folder: None,
                temporary: asked.temporary,
            });
            summary.updated_ms = now_ms;
            all.insert(0, summary);
        });
    }

    /// The row of a conversation.
    pub(crate) fn summary(&self, id: ConversationId) -> Option<ConversationSummary> {
        self.conversations
            .with_untracked(|all| all.iter().find(|summary| summary.id == id).cloned())
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

/// The model that answered last, if it is still there.
fn last_model(conversation: &Conversation, models: &ModelList) -> Option<String> {
    let path = conversation.path();
    let model = path
        .iter()
        .rev()
        .find_map(|message| message.model.clone())?;
    models.find(&model).is_some().then_some(model)
}

/// A message that the server does not know yet.
pub(crate) fn new_message(role: Role, text: &str, model: Option<String>, now_ms: i64) -> Message {
    Message {
        id: MessageId::from_random_bytes(dom::random_bytes()),
        parent: None,
        role,
        state: match role {
            Role::User => MessageState::Finished,
            Role::Assistant => MessageState::Writing,
        },
        text: text.to_owned(),
        attachments: Vec::new(),
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
