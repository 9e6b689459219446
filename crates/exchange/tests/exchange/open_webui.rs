//! Open WebUI's export.

use protocol::MessageState;
use serde_json::{Value, json};

use crate::world::{message, outline, read, read_whole};

const FILE: &[u8] = include_bytes!("../../fixtures/open_webui.json");

#[test]
fn chats_with_versions_thinking_files_and_settings() {
    let imported = read(FILE);
    let tides = &imported.conversations[0];
    assert_eq!(tides.title, "🌊 Tides explained");
    assert_eq!(tides.updated_ms, 1_733_000_060_000);
    assert!(tides.pinned && !tides.archived);
    assert_eq!(tides.folder.as_deref(), Some("Folder 1"));
    let ask = &tides.settings.ask;
    assert_eq!(ask.system.as_deref(), Some("Answer like a sailor."));
    assert_eq!(
        (ask.temperature, ask.top_p, ask.max_tokens),
        (Some(0.7), None, Some(512))
    );
    assert_eq!(ask.stop, ["END"]);
    // All have the same second: versions stay in the order of the chat.
    assert_eq!(
        outline(tides),
        "? Why are there two tides a day?\n\
         \u{20} Arr, because\n\
         \u{20} Aye, the moon pulls **two bulges**.\n\
         \u{20}   ? And spring tides?\n\
         \u{20}     \n"
    );
    let answer = message(tides, "Aye");
    assert_eq!(answer.thinking, "Two bulges.\nThe moon & inertia.");
    assert_eq!(answer.model.as_deref(), Some("deepseek-r1:8b"));
    assert_eq!(
        answer.created_ms, 1_733_000_000_001,
        "younger than its question"
    );
    assert_eq!(message(tides, "Arr").state, MessageState::Interrupted);
    let failed = tides.messages.last().unwrap();
    assert_eq!(failed.state, MessageState::Failed);
    let problem = failed.problem.as_ref().unwrap();
    assert_eq!(
        problem.message,
        "Ollama: 500, message='Internal Server Error'"
    );
    assert_eq!(tides.leaf, None, "what is shown is the newest");
    let files = &tides.messages[0].attachments;
    let files: Vec<_> = files
        .iter()
        .map(|it| (it.name.as_str(), it.media_type.as_str()))
        .collect();
    assert_eq!(files, [("image", "image/png"), ("notes.pdf", "text/plain")]);
    assert_eq!(imported.attachments[1].1, b"High water at noon.");
    assert_eq!(
        imported.problems,
        [
            "“🌊 Tides explained”: the file “chart.png” was left out, because the export does not \
             have it.",
            "Open WebUI's file does not say what folders are called: they were given names by \
             number.",
            "The tags of 1 conversation were not imported: there are folders instead.",
        ]
    );
}

#[test]
fn what_newer_and_older_versions_write() {
    let imported = read(FILE);
    let weather = &imported.conversations[1];
    assert!(weather.archived);
    assert_eq!(weather.settings.ask.system.as_deref(), Some("Use tools."));
    assert_eq!(outline(weather), "? Weather in Oslo?\n  Five degrees.\n");
    let answer = &weather.messages[1];
    assert_eq!(answer.thinking, "Ask the tool.");
    assert_eq!(answer.tools.len(), 1);
    assert_eq!(answer.tools[0].id, "call_1");
    assert_eq!(answer.tools[0].arguments, "{\"city\":\"Oslo\"}");
    assert_eq!(answer.model.as_deref(), Some("openrouter/gpt-4o"));
    let old = &imported.conversations[2];
    assert_eq!(outline(old), "? Hi\n  Hello.\n");
    assert_eq!(old.settings.ask.system.as_deref(), Some("Short."));
    assert_eq!(old.messages[0].created_ms, 1_690_000_000_000);
}

#[test]
fn the_version_that_was_shown_is_shown() {
    let mut file: Value = serde_json::from_slice(FILE).unwrap();
    file[0]["chat"]["history"]["currentId"] = json!("b-llama");
    let imported = read(&serde_json::to_vec(&file).unwrap());
    let tides = &imported.conversations[0];
    assert_eq!(tides.path().last().unwrap().text, "Arr, because");
}

#[test]
fn one_chat_alone_and_parts_that_are_missing() {
    let alone = json!({"title": "Alone", "history": {"currentId": null, "messages": {
        "a": {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        "b": {"role": "assistant", "content": null, "parentId": "a"},
        "c": {"role": "assistant", "content": "Yes", "parentId": "a", "error": true},
        "d": {"parentId": "a"},
        "e": null,
    }}});
    let imported = read_whole(&serde_json::to_vec(&alone).unwrap());
    assert_eq!(outline(&imported.conversations[0]), "? Hi\n  Yes\n");
    assert_eq!(
        imported.conversations[0].messages[1].state,
        MessageState::Failed
    );
}
