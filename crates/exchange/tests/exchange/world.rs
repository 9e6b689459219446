//! What the tests share: a clock that stands, ids that count, and short ways
//! to look at what was imported.

use std::io::{Cursor, Write};

use exchange::{Imported, Limits};
use protocol::{Conversation, Message, MessageId, Role};
use uuid::Uuid;
use zip::{ZipWriter, write::SimpleFileOptions};

/// 25 November 2026, 12:00 UTC.
pub(crate) const NOW: i64 = 1_795_608_000_000;

/// A picture of one pixel.
pub(crate) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

pub(crate) fn read(bytes: &[u8]) -> Imported {
    read_within(bytes, &Limits::default())
}

pub(crate) fn read_within(bytes: &[u8], limits: &Limits) -> Imported {
    let mut last = 0;
    exchange::read(bytes, NOW, limits, &mut || {
        last += 1;
        Uuid::from_u128(last)
    })
}

/// Reads a file that has no problems.
pub(crate) fn read_whole(bytes: &[u8]) -> Imported {
    let imported = read(bytes);
    assert_eq!(imported.problems, Vec::<String>::new());
    imported
}

/// A ZIP of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The tree as text: each message under its parent, versions in their order,
/// `?` for a person's.
pub(crate) fn outline(conversation: &Conversation) -> String {
    let mut lines = String::new();
    below(conversation, None, 0, &mut lines);
    lines
}

fn below(conversation: &Conversation, parent: Option<MessageId>, depth: usize, lines: &mut String) {
    for message in conversation
        .messages
        .iter()
        .filter(|it| it.parent == parent)
    {
        let mark = if message.role == Role::User { "? " } else { "" };
        let text = message.text.replace('\n', "⏎");
        lines.push_str(&format!("{}{mark}{text}\n", "  ".repeat(depth)));
        below(conversation, Some(message.id), depth + 1, lines);
    }
}

/// The message whose text begins so.
pub(crate) fn message<'a>(conversation: &'a Conversation, begin: &str) -> &'a Message {
    let found = conversation
        .messages
        .iter()
        .find(|it| it.text.starts_with(begin));
    found.unwrap_or_else(|| {
        panic!(
            "no message begins with {begin:?}: {}",
            outline(conversation)
        )
    })
}
