//! Settings under names, shared by all who use this server.

use js_sys::encode_uri_component;
use leptos::prelude::*;
use protocol::{
    ConversationSettings, Preset, Problem,
    api::{self, ImportReport},
};
use wasm_bindgen_futures::spawn_local;

use super::super::state::ChatState;
use crate::client::http::Request;

/// The longest name of a preset, in characters.
pub(super) const LONGEST_NAME: usize = 80;

/// Fetches the presets, as when somebody has changed them.
pub(crate) fn refresh(state: ChatState) {
    spawn_local(async move {
        // Nobody has asked, so nobody is told that it did not work.
        let _ = load(state).await;
    });
}

/// Fetches the presets for somebody who wants to see them.
pub(super) fn show(state: ChatState) {
    spawn_local(async move {
        if let Err(problem) = load(state).await {
            state.settings_problem.set(Some(problem));
        }
    });
}

async fn load(state: ChatState) -> Result<(), Problem> {
    let presets = Request::new("GET", api::PRESETS)
        .read::<Vec<Preset>>()
        .await?;
    if state.presets.with_untracked(|known| *known != presets) {
        state.presets.set(presets);
    }
    Ok(())
}

/// Asks and shows the conversation as a preset says. A model that this server
/// does not offer is left out: then its name is returned.
pub(crate) fn apply(state: ChatState, settings: &ConversationSettings) -> Option<String> {
    let mut settings = settings.clone();
    let now = state.model.get_untracked();
    let wanted = settings.model.take();
    let is_offered = |model: &String| {
        state
            .models
            .with_untracked(|models| models.find(model).is_some())
    };
    let (offered, missing) = match wanted {
        Some(model) if is_offered(&model) => (Some(model), None),
        missing => (None, missing),
    };
    settings.model = offered.or(now);
    state.model.set(settings.model.clone());
    super::replace(state, settings);
    missing
}

/// Stores settings under a name, in place of what was there.
pub(super) fn keep(state: ChatState, name: String, settings: ConversationSettings) {
    state.presets.update(|all| {
        let settings = settings.clone();
        match all.iter_mut().find(|preset| preset.name == name) {
            Some(known) => known.settings = settings,
            None => {
                let at = all.partition_point(|other| other.name < name);
                let name = name.clone();
                all.insert(at, Preset { name, settings });
            }
        }
    });
    spawn_local(async move {
        let sent = put(&name, &settings).await;
        done(state, sent).await;
    });
}

/// Gives a preset another name.
pub(super) fn rename(state: ChatState, from: String, to: String, settings: ConversationSettings) {
    spawn_local(async move {
        let sent = match put(&to, &settings).await {
            Ok(()) => delete(&from).await,
            Err(problem) => Err(problem),
        };
        done(state, sent).await;
    });
}

/// Removes a preset.
pub(super) fn remove(state: ChatState, name: String) {
    state
        .presets
        .update(|all| all.retain(|preset| preset.name != name));
    spawn_local(async move {
        let sent = delete(&name).await;
        done(state, sent).await;
    });
}

/// The presets as a file: the server's own format for exports, without
/// conversations.
pub(super) fn file(presets: &[Preset], now_ms: f64) -> String {
    let presets = serde_json::to_string(presets).unwrap_or_default();
    let now = now_ms as i64;
    format!(
        "{{\"format\":\"rivulet\",\"version\":1,\"exported_ms\":{now},\n\
         \"presets\":{presets},\n\"conversations\":[]}}\n"
    )
}

/// Hands a file's text to the server, which takes from it what it can.
pub(super) async fn import(state: ChatState, text: String) -> Result<ImportReport, Problem> {
    let report = Request::new("POST", api::IMPORT)
        .text(text)
        .read::<ImportReport>()
        .await?;
    load(state).await?;
    Ok(report)
}

async fn put(name: &str, settings: &ConversationSettings) -> Result<(), Problem> {
    let path = path(name);
    let sent = Request::new("PUT", &path).json(settings).send().await;
    sent.map(|_| ())
}

async fn delete(name: &str) -> Result<(), Problem> {
    let sent = Request::new("DELETE", &path(name)).send().await;
    sent.map(|_| ())
}

fn path(name: &str) -> String {
    format!(
        "{}/{}",
        api::PRESETS,
        String::from(encode_uri_component(name))
    )
}

/// Shows what the server has now, and what it did not take.
async fn done(state: ChatState, sent: Result<(), Problem>) {
    let loaded = load(state).await;
    state.settings_problem.set(sent.and(loaded).err());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_json_that_holds_the_presets_whole() {
        let mut settings = ConversationSettings::default();
        settings.ask.system = Some("Say \"no\".\n".into());
        let presets = vec![Preset {
            name: "A “name”".into(),
            settings,
        }];
        let file: serde_json::Value = serde_json::from_str(&file(&presets, 1.5e12)).unwrap();
        assert_eq!(file["exported_ms"], 1_500_000_000_000_i64);
        assert_eq!(file["conversations"], serde_json::json!([]));
        let read: Vec<Preset> = serde_json::from_value(file["presets"].clone()).unwrap();
        assert_eq!(read, presets);
    }
}
