//! Files made to do harm.

use exchange::Limits;
use serde_json::json;

use crate::world::{PNG, outline, read, read_within, zip};

const CHATGPT: &[u8] = include_bytes!("../../fixtures/chatgpt.json");

fn small() -> Limits {
    Limits {
        unpacked_bytes: 100_000,
        entries: 10,
        attachment_bytes: 1_000,
    }
}

#[test]
fn a_zip_that_unpacks_to_too_much_is_left() {
    let mut bomb = CHATGPT.to_vec();
    bomb.extend(vec![b' '; 10_000_000]);
    let bytes = zip(&[("a.json", CHATGPT), ("b.json", &bomb), ("c.json", CHATGPT)]);
    assert!(bytes.len() < 50_000, "it is small: {}", bytes.len());
    let imported = read_within(&bytes, &small());
    assert_eq!(imported.conversations.len(), 2, "what came before it");
    let last = imported.problems.last().unwrap();
    assert_eq!(
        last,
        "“b.json” in the ZIP was not imported: the ZIP unpacks to more than is allowed."
    );
}

#[test]
fn a_zip_with_too_many_files_or_none_that_are_known() {
    let names: Vec<_> = (0..11).map(|number| format!("{number}.json")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), CHATGPT)).collect();
    let imported = read_within(&zip(&files), &small());
    assert!(imported.conversations.is_empty());
    assert!(
        imported.problems[0].contains("has 11 files"),
        "{:?}",
        imported.problems
    );
    let imported = read(&zip(&[
        ("notes.md", b"# Hi"),
        ("user.json", b"{}"),
        ("x.png", PNG),
    ]));
    assert_eq!(imported.problems.len(), 1);
    assert!(imported.problems[0].contains("has no file of conversations"));
    let imported = read(b"PK\x03\x04 and then nothing of the kind");
    assert_eq!(imported.problems.len(), 1);
    assert!(imported.problems[0].starts_with("The ZIP cannot be read"));
    let mut cut = zip(&[("a.json", CHATGPT)]);
    cut.truncate(cut.len() / 2);
    assert_eq!(read(&cut).problems.len(), 1);
}

#[test]
fn attachments_that_are_too_large_are_named() {
    let picture = [PNG, &[0; 2_000]].concat();
    let bytes = zip(&[("a.json", CHATGPT), ("file_00000000aaaabbbb.png", &picture)]);
    let imported = read_within(&bytes, &small());
    let named = imported
        .problems
        .iter()
        .any(|it| it.contains("the file “holiday.png” was left out, because it is larger than"));
    assert!(named, "{:?}", imported.problems);
    assert!(imported.attachments.is_empty());
}

#[test]
fn depth_costs_one_conversation() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let file = format!(
        r#"[{{"title": "Deep", "mapping": {{"a": {deep}}}}},
            {{"title": "Fine", "mapping": {{"a": {{"message": {{"author": {{"role": "user"}}, "content": {{"parts": ["Hi"]}}}}}}}}}}]"#
    );
    let imported = read(file.as_bytes());
    assert_eq!(imported.conversations.len(), 1);
    assert_eq!(outline(&imported.conversations[0]), "? Hi\n");
    assert!(
        imported.problems[0].contains("recursion limit"),
        "{:?}",
        imported.problems
    );
}

#[test]
fn nul_and_half_characters_are_removed() {
    let file = r#"[{"title": "a\u0000b", "mapping": {"a": {"message": {"author": {"role": "user"},
        "content": {"parts": ["x\u0000y \ud83d z \\u0000"]}}}}}]"#;
    let imported = read(file.as_bytes());
    assert_eq!(imported.problems, Vec::<String>::new());
    assert_eq!(imported.conversations[0].title, "ab");
    assert_eq!(
        imported.conversations[0].messages[0].text,
        "xy \u{fffd} z \\u0000"
    );
}

/// A chain of answers, each with a question of its own: whole versions of it
/// would take the square of its length.
#[test]
fn versions_cannot_multiply_without_bound() {
    let mut mapping = serde_json::Map::new();
    let message =
        |role: &str, text: &str| json!({"author": {"role": role}, "content": {"parts": [text]}});
    for number in 0..2_000 {
        let parent = (number > 0).then(|| format!("a{}", number - 1));
        let answer = message("assistant", &"word ".repeat(20));
        mapping.insert(
            format!("a{number}"),
            json!({"parent": parent, "message": answer}),
        );
        let question = message("user", "why?");
        let question = json!({"parent": format!("a{number}"), "message": question});
        mapping.insert(format!("q{number}"), question);
    }
    let file = serde_json::to_vec(&json!([{"title": "Square", "mapping": mapping}])).unwrap();
    let imported = read_within(
        &file,
        &Limits {
            unpacked_bytes: 1_000_000,
            ..small()
        },
    );
    assert!(imported.conversations.is_empty());
    assert_eq!(
        imported.problems,
        ["“Square” was not imported: with each version whole it is too large."]
    );
}

/// Each stays within the limit by itself.
#[test]
fn conversations_cannot_multiply_without_bound_together() {
    let message =
        |role: &str, text: &str| json!({"author": {"role": role}, "content": {"parts": [text]}});
    let mut mapping = serde_json::Map::new();
    let begin = message("assistant", &"word ".repeat(10_000));
    mapping.insert("a".to_owned(), json!({"message": begin}));
    for number in 0..10 {
        let version = json!({"parent": "a", "message": message("assistant", "more")});
        mapping.insert(number.to_string(), version);
    }
    let conversation = json!({"title": "Wide", "mapping": mapping});
    let file = serde_json::to_vec(&vec![conversation; 5]).unwrap();
    let limits = Limits {
        unpacked_bytes: 1_500_000,
        ..small()
    };
    let imported = read_within(&file, &limits);
    assert_eq!(imported.conversations.len(), 2);
    assert_eq!(imported.problems.len(), 3, "{:?}", imported.problems);
}

#[test]
fn messages_of_ours_end_where_the_limit_is() {
    let message = |number: u128| {
        json!({"id": uuid::Uuid::from_u128(number), "role": "user", "state": "finished",
            "text": "", "created_ms": 1})
    };
    let messages: Vec<_> = (1..=1_000).map(message).collect();
    let conversation = json!({"id": uuid::Uuid::nil(), "title": "Many", "updated_ms": 1,
        "messages": messages});
    let file = json!({"format": "rivulet", "version": 1, "conversations": [conversation]});
    let imported = read_within(&serde_json::to_vec(&file).unwrap(), &small());
    assert!((1..1_000).contains(&imported.conversations[0].messages.len()));
    let said = imported.problems.last().unwrap();
    assert!(said.contains("more than is allowed"), "{said}");
}

/// A map with one value takes a hundred times as much as its JSON.
#[test]
fn little_json_cannot_become_much() {
    let file = format!(
        r#"[{{"title": "Bomb", "mapping": {{"a": [{}0]}}}}, {}]"#,
        r#"{"":0},"#.repeat(600_000),
        r#"{"mapping": {"a": {"message": {"author": {"role": "user"}, "content": {"parts": ["Hi"]}}}}}"#
    );
    let imported = read(file.as_bytes());
    assert_eq!(imported.conversations.len(), 1, "the other");
    assert_eq!(
        imported.problems,
        [
            "Conversation 1 was not imported: it cannot be read as JSON (it has more than 1000000 \
          values)."
        ]
    );
}

#[test]
fn what_is_unknown_is_counted_when_it_is_much() {
    let file = format!(
        r#"[{}{{"title": "Known", "mapping": {{}}}}]"#,
        "0,".repeat(100_000)
    );
    let imported = read(file.as_bytes());
    assert_eq!(imported.problems.len(), 1_001);
    assert_eq!(
        imported.problems.last().unwrap(),
        "And 99001 more problems."
    );
}

#[test]
fn long_chains_do_not_exhaust_the_stack() {
    let mut mapping = serde_json::Map::new();
    for number in 0..50_000_usize {
        let role = if number.is_multiple_of(2) {
            "user"
        } else {
            "assistant"
        };
        let message = json!({"author": {"role": role}, "content": {"parts": ["x"]}});
        let parent = number.checked_sub(1).map(|before| before.to_string());
        mapping.insert(
            number.to_string(),
            json!({"parent": parent, "message": message}),
        );
    }
    let file = serde_json::to_vec(&json!([{"title": "Long", "mapping": mapping}])).unwrap();
    let imported = read(&file);
    assert_eq!(imported.conversations[0].messages.len(), 50_000);
    assert_eq!(imported.conversations[0].path().len(), 50_000);
}

#[test]
fn problems_are_counted_when_they_are_many() {
    let file = format!(
        "[{}{{\"mapping\": {{}}}}]",
        "{\"mapping\": 7},".repeat(3_000)
    );
    let imported = read(file.as_bytes());
    assert_eq!(imported.problems.len(), 1_001);
    assert_eq!(imported.problems.last().unwrap(), "And 2001 more problems.");
}
