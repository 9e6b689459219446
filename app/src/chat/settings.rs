//! How the conversation shown is asked and shown: kept with it, changed in a
//! panel, and put under names as presets.

mod button;
mod controls;
mod fields;
mod panel;
mod phrases;
mod preset_list;
pub(crate) mod presets;
mod stored;
pub(super) mod words;

use leptos::prelude::*;
use protocol::{Conversation, ConversationId, ConversationSettings, ModelList, Settings};

use super::state::ChatState;
use crate::client::storage;

pub(crate) use button::{SettingsButton, SettingsDialog, show};

/// Changes the settings of the conversation shown, and has them stored. While
/// a conversation is being opened nothing changes: its own are on their way.
pub(crate) fn change(state: ChatState, change: impl FnOnce(&mut ConversationSettings)) {
    let mut settings = state.settings.get_untracked();
    change(&mut settings);
    replace(state, settings);
}

fn replace(state: ChatState, settings: ConversationSettings) {
    let is_same = state.settings.with_untracked(|known| *known == settings);
    if is_same || state.loading.get_untracked() {
        return;
    }
    state.settings.set(settings.clone());
    if let Some(id) = state.current.get_untracked() {
        stored::store(state, id, settings);
    }
}

/// Takes a model for the next messages; it is remembered for new conversations.
pub(crate) fn choose_model(state: ChatState, model: String) {
    storage::set(storage::MODEL, &model);
    state.model.set(Some(model.clone()));
    change(state, |settings| settings.model = Some(model));
}

/// What a conversation has stored, unless something newer is on its way there.
pub(crate) fn take_up(state: ChatState, conversation: &Conversation) {
    let id = conversation.id;
    let settings = stored::waiting(id)
        .or_else(|| stored::left(state, id))
        .unwrap_or_else(|| conversation.settings.clone());
    if state.settings.with_untracked(|known| *known != settings) {
        state.settings.set(settings);
    }
}

/// Takes up what this browser had not stored yet when it left the conversation
/// that the page was drawn with, or begins a new one.
pub(crate) fn wake(state: ChatState) {
    let Some(id) = state.current.get_untracked() else {
        return begin(state);
    };
    if let Some(settings) = stored::left(state, id) {
        let model = state
            .models
            .with_untracked(|models| model_of(&settings, models));
        if model.is_some() {
            state.model.set(model);
        }
        state.settings.set(settings);
    }
}

/// Begins with what a conversation not yet known has: the defaults, and what
/// matters in the choice of a model as this browser remembers it.
pub(crate) fn begin(state: ChatState) {
    let mut settings = ConversationSettings::default();
    let remembered = |key| storage::get(key).unwrap_or_default();
    settings.ask.prefer = words::preference(&remembered(storage::PREFER));
    settings.ask.max_cost = remembered(storage::MAX_COST).parse().ok();
    state.settings.set(settings);
}

/// Stores the settings that a conversation has begun with. A model alone is
/// known from its messages.
pub(crate) fn begun(state: ChatState, id: ConversationId, settings: ConversationSettings) {
    let beside_model = ConversationSettings {
        model: None,
        ..settings.clone()
    };
    if !beside_model.is_default() {
        stored::store(state, id, settings);
    }
}

/// As a request says it. What matters in the choice of a model goes along
/// where Rivulet chooses one.
pub(crate) fn asked(state: ChatState) -> Settings {
    let mut ask = state
        .settings
        .with_untracked(|settings| settings.ask.clone());
    if !untrack(|| state.chooses()) {
        ask.prefer = None;
        ask.max_cost = None;
    }
    ask
}

/// The settings with the model that is chosen in the picker.
fn in_force(state: ChatState) -> ConversationSettings {
    let mut settings = state.settings.get();
    settings.model = state.model.get();
    settings
}

/// The model that a conversation's settings name, if it is there.
pub(crate) fn model_of(settings: &ConversationSettings, models: &ModelList) -> Option<String> {
    let model = settings.model.as_ref()?;
    models.find(model).is_some().then(|| model.clone())
}
