//! Our own file, whole and half broken.

use exchange::JsonWriter;
use protocol::{MessageState, ProblemKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::round_trip::simple;
use crate::world::{NOW, PNG, outline, read, read_whole};

const FILE: &[u8] = include_bytes!("../../fixtures/rivulet.json");

/// The file with something changed.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut file = serde_json::from_slice(FILE).unwrap();
    change(&mut file);
    serde_json::to_vec(&file).unwrap()
}

#[test]
fn a_whole_file_has_no_problems() {
    let imported = read_whole(FILE);
    let conversation = &imported.conversations[0];
    assert_eq!(conversation.title, "Tides");
    assert_eq!(
        outline(conversation),
        "? What is this?\n  A pixel.\n  One pix\n? And what is that?\n"
    );
    assert_eq!(conversation.folder.as_deref(), Some("Sea"));
    assert!(conversation.pinned);
    assert_eq!(conversation.path().last().unwrap().text, "One pix");
    let question = &conversation.messages[0];
    assert_eq!(question.attachments[0].name, "pixel.png");
    assert_eq!(question.attachments[0].tokens, 7);
    assert_eq!(
        imported.attachments,
        [(question.attachments[0].clone(), PNG.to_vec())]
    );
    assert_eq!(imported.presets[0].name, "Sailor");
    let ask = &imported.presets[0].settings.ask;
    assert_eq!(ask.system.as_deref(), Some("Answer like a sailor."));
    let answer = &conversation.messages[1];
    assert_eq!(answer.thinking, "Small.");
    assert_eq!(answer.tools[0].name, "zoom");
    assert_eq!(answer.statistics.as_ref().unwrap().usage.output, Some(3));
    // What an answer was written by is this server's business.
    let old = "01900000-0000-7000-8000-0000000000ff"
        .parse::<Uuid>()
        .unwrap();
    assert!(answer.turn.is_some_and(|turn| turn.0 != old));
}

#[test]
fn the_example_of_the_documentation_is_a_whole_file() {
    let page = include_str!("../../../../docs/export_format.md");
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let imported = read_whole(example.as_bytes());
    assert_eq!(
        outline(&imported.conversations[0]),
        "? What does this say?\n  High wa\n"
    );
    assert_eq!(imported.attachments[0].1, b"High water");
    assert_eq!(imported.presets.len(), 1);
}

#[test]
fn a_newer_version_is_refused_clearly() {
    let imported = read(&changed(|file| file["version"] = json!(2)));
    assert!(imported.conversations.is_empty());
    assert_eq!(imported.problems.len(), 1);
    assert!(
        imported.problems[0].contains("has version 2"),
        "{:?}",
        imported.problems
    );
    let imported = read(&changed(|file| file["version"] = json!("one")));
    assert_eq!(imported.conversations.len(), 1);
    assert_eq!(imported.problems.len(), 1);
}

#[test]
fn a_file_of_another_format_is_none() {
    for file in [
        &b"hello"[..],
        b"",
        b"\x00\xff",
        b"{}",
        b"[1, 2]",
        b"{\"format\": \"other\", \"conversations\": []}",
        b"\"mapping\"",
    ] {
        let imported = read(file);
        assert_eq!(imported.problems.len(), 1, "{file:?}");
        assert!(imported.problems[0].contains("no file of conversations"));
    }
    assert_eq!(read(b"[]").problems, Vec::<String>::new());
}

#[test]
fn nothing_that_is_imported_is_being_written_or_temporary() {
    let imported = read_whole(&changed(|file| {
        file["conversations"][0]["temporary"] = json!(true);
        file["conversations"][0]["messages"][1]["state"] = json!("writing");
    }));
    let conversation = &imported.conversations[0];
    assert!(!conversation.temporary);
    let answer = &conversation.messages[1];
    assert_eq!(answer.state, MessageState::Interrupted);
    assert_eq!(
        answer.problem.as_ref().unwrap().kind,
        ProblemKind::Interrupted
    );
}

#[test]
fn broken_messages_cost_themselves_alone() {
    let imported = read(&changed(|file| {
        let messages = &mut file["conversations"][0]["messages"];
        messages[0]["role"] = json!("narrator");
        messages[1]["statistics"] = json!(7);
        messages[3]["id"] = messages[2]["id"].clone();
    }));
    assert_eq!(outline(&imported.conversations[0]), "A pixel.\nOne pix\n");
    let answer = &imported.conversations[0].messages[0];
    assert_eq!((answer.thinking.as_str(), answer.tools.len()), ("", 0));
    assert_eq!(imported.problems.len(), 3, "{:?}", imported.problems);
    assert!(imported.problems[0].starts_with("“Tides”: message 1 was left out: unknown variant"));
    assert!(imported.problems[1].starts_with("“Tides”: of message 2 only the text was imported"));
    assert!(imported.problems[2].contains("message 4 has the id of another one"));
}

#[test]
fn links_that_make_no_tree_are_mended() {
    let imported = read(&changed(|file| {
        let messages = &mut file["conversations"][0]["messages"];
        messages[1]["parent"] = json!("01900000-0000-7000-8000-00000000dead");
        // A question after a question, before it in the file.
        messages[0]["parent"] = messages[3]["id"].clone();
    }));
    assert_eq!(
        outline(&imported.conversations[0]),
        "? And what is that?\n? What is this?\n  One pix\nA pixel.\n"
    );
    assert_eq!(imported.problems.len(), 2, "{:?}", imported.problems);
    let imported = read(&changed(|file| {
        let messages = &mut file["conversations"][0]["messages"];
        messages[0]["parent"] = messages[1]["id"].clone();
    }));
    assert_eq!(imported.conversations[0].messages.len(), 4);
    assert!(
        imported.problems[0].contains("follow themselves in 1 circle"),
        "{:?}",
        imported.problems
    );
}

#[test]
fn settings_and_times_out_of_range() {
    let imported = read(&changed(|file| {
        let conversation = &mut file["conversations"][0];
        conversation["updated_ms"] = json!(i64::MAX);
        conversation["messages"][0]["created_ms"] = json!(-5);
        conversation["messages"][0]["last_event"] = json!(u64::MAX);
        conversation["settings"] =
            json!({"ask": {"temperature": 99, "stop": ["", "END"], "max_tokens": 0}});
        conversation["title"] = json!(format!("a\0b\n{}", "x".repeat(500)));
        file["presets"] = json!([
            {"name": "", "settings": {}},
            {"name": "y".repeat(100), "settings": {"typing": {"typewriter": 9_999_999}}},
            {"settings": {}},
        ]);
    }));
    let conversation = &imported.conversations[0];
    assert!(conversation.updated_ms <= NOW);
    assert!((1..=NOW).contains(&conversation.messages[0].created_ms));
    assert_eq!(conversation.messages[0].last_event, i64::MAX as u64);
    assert_eq!(conversation.settings.ask.temperature, Some(2.0));
    assert_eq!(conversation.settings.check(100), Ok(()));
    assert_eq!(conversation.title.chars().count(), 200);
    assert!(conversation.title.starts_with("ab x"));
    assert_eq!(imported.presets.len(), 1);
    assert_eq!(imported.presets[0].name.len(), 80);
    assert_eq!(imported.presets[0].settings.check(100), Ok(()));
    assert_eq!(imported.problems.len(), 2, "{:?}", imported.problems);
    let unknown = read(&changed(|file| {
        file["conversations"][0]["settings"] = json!({"ask": {"newer": 1}});
    }));
    assert_eq!(unknown.conversations.len(), 1);
    assert!(unknown.problems[0].starts_with("“Tides”: its settings were left out"));
}

#[test]
fn attachments_that_are_damaged_or_missing_are_named() {
    let hash = |file: &Value| {
        let files = file["attachments"].as_object().unwrap();
        files.keys().next().unwrap().clone()
    };
    for (change, why) in [
        (json!(null), "its bytes cannot be read"),
        (json!({"data": "iVBORw0KGgo="}), "its bytes are damaged"),
        (json!({"data": "!!!"}), "its bytes cannot be read"),
    ] {
        let imported = read(&changed(|file| {
            let hash = hash(file);
            file["attachments"][hash] = change;
        }));
        assert_eq!(imported.conversations[0].messages.len(), 4);
        assert!(imported.conversations[0].messages[0].attachments.is_empty());
        let problem = format!("“Tides”: the file “pixel.png” was left out, because {why}.");
        assert_eq!(imported.problems, [problem]);
    }
    let imported = read(&changed(|file| file["attachments"] = json!({})));
    assert!(imported.problems[0].contains("its bytes are not in the file"));
    // A page must not be told that a stranger's file is HTML.
    let imported = read(&changed(|file| {
        let hash = hash(file);
        file["conversations"][0]["messages"][0]["attachments"][0]["media_type"] =
            json!("text/html");
        file["attachments"][hash]["media_type"] = json!("text/html");
    }));
    assert_eq!(imported.attachments[0].0.media_type, "image/png");
    assert_eq!(
        imported.conversations[0].messages[0].attachments[0].media_type,
        "image/png"
    );
}

#[test]
fn a_file_that_breaks_off_gives_the_conversations_before() {
    let mut writer = JsonWriter::new(Vec::new(), NOW, &[]).unwrap();
    for title in ["One", "Two", "Three"] {
        writer.conversation(&simple(title)).unwrap();
    }
    let bytes = writer.finish().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let third = text.find("Three").unwrap();
    let imported = read(&text.as_bytes()[..third + 3]);
    let titles: Vec<_> = imported
        .conversations
        .iter()
        .map(|it| it.title.as_str())
        .collect();
    assert_eq!(titles, ["One", "Two"]);
    assert_eq!(
        imported.problems,
        [
            "Conversation 3 was not imported: the file breaks off within it.",
            "The file breaks off or is damaged: what came after conversation 3 or its \
             attachments is missing.",
        ]
    );
    // Within the third one's messages, those before the break are there.
    let answer = text.rfind("Because").unwrap();
    let imported = read(&text.as_bytes()[..answer]);
    assert_eq!(outline(&imported.conversations[2]), "? Why?\n");
}

#[test]
fn one_conversation_as_the_api_gives_it() {
    let imported = read_whole(&serde_json::to_vec(&simple("Alone")).unwrap());
    assert_eq!(imported.conversations[0].title, "Alone");
    let list = serde_json::to_vec(&[simple("One"), simple("Two")]).unwrap();
    assert_eq!(read_whole(&list).conversations.len(), 2);
}
