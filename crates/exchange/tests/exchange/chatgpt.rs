//! ChatGPT's export.

use protocol::{MessageState, Role};
use serde_json::{Value, json};

use crate::world::{PNG, message, outline, read, read_whole, zip};

const FILE: &[u8] = include_bytes!("../../fixtures/chatgpt.json");

#[test]
fn a_conversation_with_branches_thinking_and_tools() {
    let imported = read(FILE);
    let conversation = &imported.conversations[0];
    assert_eq!(conversation.title, "Plotting a sine wave");
    assert!(conversation.archived && !conversation.pinned);
    assert_eq!(conversation.updated_ms, 1_718_000_300_500);
    let system = conversation.settings.ask.system.as_deref();
    assert_eq!(system, Some("I teach physics.\n\nBe brief."));
    assert_eq!(
        outline(conversation),
        "? Plot a sine wave.\n\
         \u{20} Here is your sine wave ([Wikipedia](https://en.wikipedia.org/wiki/Sine_wave)).\n\
         \u{20}   ? Thanks!\n\
         \u{20} A sine wave, again and\n\
         ? Plot a cosine wave.\n\
         \u{20} ```python⏎plt.plot(np.cos(x))⏎```\n"
    );
    let answer = message(conversation, "Here is");
    assert_eq!(
        answer.thinking,
        "**Choosing a library**\n\nMatplotlib will do.\n\nOne period is enough."
    );
    assert_eq!(answer.model.as_deref(), Some("openai/o4-mini"));
    assert_eq!(
        (answer.created_ms, answer.state),
        (1_718_000_005_000, MessageState::Finished)
    );
    assert_eq!(answer.tools.len(), 1);
    assert_eq!(answer.tools[0].name, "python");
    assert_eq!(
        answer.tools[0].arguments,
        "import numpy as np\nplt.plot(np.sin(x))"
    );
    let stopped = message(conversation, "A sine wave, again");
    assert_eq!(stopped.state, MessageState::Stopped);
    assert_eq!(stopped.model.as_deref(), Some("openai/gpt-4o"));
    assert_eq!(stopped.thinking, answer.thinking, "each version is whole");
    let open = message(conversation, "```python");
    assert_eq!(open.state, MessageState::Interrupted);
    assert!(open.problem.is_some());
    // The one shown there was not the newest.
    let shown = conversation.path().last().unwrap().text.clone();
    assert_eq!(shown, "Thanks!");
    assert!(conversation.leaf.is_some());
    let missing = "“Plotting a sine wave”: files that are not in the import were left out: “file-SineWave123”.";
    assert!(
        imported.problems.contains(&missing.to_owned()),
        "{:?}",
        imported.problems
    );
}

#[test]
fn the_whole_zip_gives_images_and_says_what_it_lacks() {
    let list: Value = serde_json::from_slice(FILE).unwrap();
    let shard = |index: usize| serde_json::to_vec(&json!([list[index]])).unwrap();
    let text = b"not an image".as_slice();
    let bytes = zip(&[
        ("user.json", br#"{"id": "user-1", "email": "a@b.c"}"#),
        (
            "message_feedback.json",
            br#"[{"id": "x", "rating": "thumbsUp"}]"#,
        ),
        ("chat.html", b"<html></html>"),
        ("conversations-001.json", &shard(1)),
        ("conversations-000.json", &shard(0)),
        ("../../file_00000000aaaabbbb-sanitized.png", PNG),
        (
            "dalle-generations/file-Drawn99-1234.webp",
            b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        ),
        ("file-SineWave123.txt", text),
        ("file-Report42-report.pdf", b"%PDF-1.7\x00\xff"),
    ]);
    let imported = read(&bytes);
    let titles: Vec<_> = imported.conversations.iter().map(|it| &it.title).collect();
    assert_eq!(
        titles,
        ["Plotting a sine wave", "And what I say,"],
        "shards come in order"
    );
    let second = &imported.conversations[1];
    assert!(second.pinned);
    assert_eq!(
        outline(second),
        "? And what I say,⏎What is in this picture?\n  A single pixel.\n    ? Draw one like it.\n      \n"
    );
    let question = &second.messages[0];
    assert_eq!(question.attachments.len(), 1);
    assert_eq!(question.attachments[0].name, "holiday.png");
    assert_eq!(question.attachments[0].media_type, "image/png");
    assert_eq!(question.attachments[0].bytes, PNG.len() as u64);
    let drawn = second.messages.last().unwrap();
    assert_eq!((drawn.role, drawn.attachments.len()), (Role::Assistant, 1));
    assert_eq!(drawn.attachments[0].media_type, "image/webp");
    let types: Vec<_> = imported
        .attachments
        .iter()
        .map(|it| it.0.media_type.as_str())
        .collect();
    assert_eq!(
        types,
        ["text/plain", "image/webp", "image/png"],
        "the content tells what it is"
    );
    assert_eq!(imported.attachments[2].1, PNG);
    assert_eq!(
        imported.problems,
        [
            "Conversation 2: files that are not in the import were left out: “gone.txt”.",
            "Conversation 2: the file “report.pdf” was left out, because it is neither an image \
             (PNG, JPEG, GIF, WebP) nor text in UTF-8.",
        ]
    );
}

/// A conversation of these nodes: key, parent, role, text, time.
fn conversation(nodes: &[(&str, Option<&str>, &str, &str, Value)]) -> Value {
    let mut mapping = serde_json::Map::new();
    for (key, parent, role, text, time) in nodes {
        let children: Vec<_> = nodes
            .iter()
            .filter(|it| it.1 == Some(key))
            .map(|it| it.0)
            .collect();
        let message = json!({
            "id": key, "author": {"role": role}, "create_time": time,
            "content": {"content_type": "text", "parts": [text]},
            "metadata": {}, "recipient": "all",
        });
        let node = json!({"id": key, "parent": parent, "children": children, "message": message});
        mapping.insert((*key).to_owned(), node);
    }
    json!([{"title": "T", "create_time": 1_700_000_000, "mapping": mapping}])
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

#[test]
fn one_side_that_says_several_things_says_them_in_one_message() {
    let file = conversation(&[
        ("1", None, "user", "a", json!(1_700_000_001)),
        ("2", Some("1"), "user", "b", json!(1_700_000_002)),
        ("3", Some("2"), "assistant", "c", json!(1_700_000_003)),
        ("4", Some("3"), "tool", "ran", json!(1_700_000_004)),
        ("5", Some("4"), "assistant", "d", json!(1_700_000_005)),
        // A second way on from `c`, and a question after `c` itself.
        ("6", Some("3"), "assistant", "e", json!(1_700_000_006)),
        ("7", Some("3"), "user", "f", json!(1_700_000_007)),
    ]);
    let imported = read_whole(&bytes(&file));
    assert_eq!(
        outline(&imported.conversations[0]),
        "? a⏎⏎b\n  c\n    ? f\n  c⏎⏎d\n  c⏎⏎e\n"
    );
}

#[test]
fn times_that_cannot_be_become_ones_that_can() {
    let file = conversation(&[
        ("1", None, "user", "a", json!(null)),
        ("2", Some("1"), "assistant", "b", json!(-1)),
        ("3", Some("2"), "user", "c", json!("soon")),
        ("4", Some("3"), "assistant", "d", json!(9e12)),
        ("5", Some("4"), "user", "e", json!(1_600_000_000)),
    ]);
    let text = String::from_utf8(bytes(&file))
        .unwrap()
        .replace("\"soon\"", "NaN");
    let imported = read_whole(text.as_bytes());
    let times: Vec<_> = imported.conversations[0]
        .messages
        .iter()
        .map(|it| it.created_ms)
        .collect();
    let first = 1_700_000_000_000;
    assert_eq!(times, [first, first + 1, first + 2, first + 3, first + 4]);
    assert_eq!(imported.conversations[0].updated_ms, first + 4);
}

#[test]
fn orphans_and_circles_are_told_and_kept() {
    let file = conversation(&[
        ("1", None, "user", "a", json!(1_700_000_001)),
        ("2", Some("1"), "assistant", "b", json!(1_700_000_002)),
        ("3", Some("nobody"), "user", "c", json!(1_700_000_003)),
        ("4", Some("6"), "user", "d", json!(1_700_000_004)),
        ("5", Some("4"), "assistant", "e", json!(1_700_000_005)),
        ("6", Some("5"), "user", "f", json!(1_700_000_006)),
    ]);
    let imported = read(&bytes(&file));
    assert_eq!(
        outline(&imported.conversations[0]),
        "? a\n  b\n? c\n? d\n  e\n    ? f\n"
    );
    assert_eq!(
        imported.problems,
        [
            "“T”: the file lacks what 1 message should follow; each begins a version of the \
             conversation of its own.",
            "“T”: messages follow themselves in 1 circle; the first of each begins a version of \
             the conversation of its own.",
        ]
    );
}

#[test]
fn what_is_not_known_is_named() {
    let mut file = conversation(&[("1", None, "user", "a", json!(null))]);
    file[0]["mapping"]["1"]["message"]["content"] = json!({
        "content_type": "multimodal_text",
        "parts": ["a", {"content_type": "hologram_pointer"}, {"content_type": "hologram_pointer"}],
    });
    let list = file.as_array_mut().unwrap();
    list.push(json!({"title": "Empty", "mapping": {"r": {"message": null, "parent": null}}}));
    list.push(json!({"chat_messages": []}));
    list.push(json!(7));
    let imported = read(&bytes(&file));
    assert_eq!(imported.conversations.len(), 1);
    assert_eq!(
        imported.problems,
        [
            "“T”: 2 pieces of the kind “hologram_pointer” had to be left out: it is not known \
             here.",
            "“Empty” was not imported: it has no messages.",
            "Conversation 3 was not imported: it is not of a kind that is known here.",
            "Conversation 4 was not imported: it is not of a kind that is known here.",
        ]
    );
}

#[test]
fn a_file_that_breaks_off_gives_what_came_before() {
    let text = String::from_utf8(FILE.to_vec()).unwrap();
    let at = text.find("Draw one like it").unwrap();
    let imported = read(&text.as_bytes()[..at]);
    assert_eq!(imported.conversations.len(), 2);
    assert_eq!(
        outline(&imported.conversations[1]),
        "? And what I say,⏎What is in this picture?\n  A single pixel.\n"
    );
    let breaks: Vec<_> = imported
        .problems
        .iter()
        .filter(|it| it.contains("breaks off"))
        .collect();
    assert_eq!(
        breaks,
        [
            "The file breaks off within conversation 2: its end is missing.",
            "The file breaks off or is damaged after conversation 2: what follows it was not \
             imported.",
        ]
    );
    // Wherever it breaks off, nothing that was whole is lost.
    let second = text.find("\"title\": null").unwrap();
    for end in (second..text.len()).step_by(97) {
        let whole = read(&text.as_bytes()[..end]);
        assert_eq!(
            outline(&whole.conversations[0]),
            outline(&imported.conversations[0])
        );
    }
}

#[test]
fn one_conversation_alone_and_marks_of_the_encoding() {
    let list: Value = serde_json::from_slice(FILE).unwrap();
    let mut alone = b"\xef\xbb\xbf \n".to_vec();
    alone.extend(bytes(&list[0]));
    assert_eq!(read(&alone).conversations[0].title, "Plotting a sine wave");
}
