//! What holds for any import, whatever the bytes are. Also the body of the
//! fuzz target `import`.

use std::collections::{BTreeMap, HashMap, HashSet};

use exchange::{Imported, JsonWriter, Limits, MarkdownArchive};
use protocol::{Conversation, MessageState};
use uuid::Uuid;

const NOW: i64 = 1_795_608_000_000;
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Fails unless what is imported can be stored and shown, and comes back from
/// our own file as it is.
pub(crate) fn check(bytes: &[u8]) {
    let first = read(bytes);
    sound(&first);
    let mut archive = MarkdownArchive::new(std::io::sink());
    for conversation in &first.conversations {
        archive.conversation(conversation).unwrap();
    }
    archive.finish().unwrap();

    let mut writer = JsonWriter::new(Vec::new(), NOW, &first.presets).unwrap();
    for conversation in &first.conversations {
        writer.conversation(conversation).unwrap();
    }
    let files: HashMap<_, _> = first
        .attachments
        .iter()
        .map(|it| (&it.0.hash, it))
        .collect();
    for attachment in writer.attachments() {
        let (_, bytes) = files[&attachment.hash];
        writer.attachment(&attachment, bytes).unwrap();
    }
    let second = read(&writer.finish().unwrap());
    assert_eq!(second.problems, Vec::<String>::new());
    assert_eq!(second.presets, first.presets);
    assert_eq!(second.conversations.len(), first.conversations.len());
    for (first, second) in first.conversations.iter().zip(&second.conversations) {
        assert_eq!(told(first), told(second));
    }
}

fn read(bytes: &[u8]) -> Imported {
    let limits = Limits {
        unpacked_bytes: 1 << 24,
        entries: 100,
        attachment_bytes: 1 << 20,
    };
    let mut last = 0;
    exchange::read(bytes, NOW, &limits, &mut || {
        last += 1;
        Uuid::from_u128(last)
    })
}

/// The conversation without its ids: parents by their place.
fn told(conversation: &Conversation) -> serde_json::Value {
    let mut told = conversation.clone();
    let places: BTreeMap<_, _> = (0..)
        .zip(&conversation.messages)
        .map(|(place, message)| (message.id, Uuid::from_u128(place)))
        .collect();
    told.id.0 = Uuid::nil();
    told.leaf = told.leaf.map(|leaf| protocol::MessageId(places[&leaf]));
    for message in &mut told.messages {
        message.id.0 = places[&message.id];
        message.parent = message
            .parent
            .map(|parent| protocol::MessageId(places[&parent]));
        message.turn = message.turn.map(|_| protocol::TurnId(Uuid::nil()));
    }
    serde_json::to_value(told).unwrap()
}

fn sound(imported: &Imported) {
    let mut ids = HashSet::new();
    let hashes: HashSet<_> = imported.attachments.iter().map(|it| &it.0.hash).collect();
    assert_eq!(hashes.len(), imported.attachments.len());
    for (about, bytes) in &imported.attachments {
        assert_eq!(about.bytes, bytes.len() as u64);
    }
    for preset in &imported.presets {
        assert!((1..=80).contains(&preset.name.chars().count()));
        assert_eq!(preset.settings.check(usize::MAX), Ok(()));
    }
    for conversation in &imported.conversations {
        assert!(ids.insert(conversation.id.0));
        assert!((1..=200).contains(&conversation.title.chars().count()));
        assert!(!conversation.temporary);
        assert_eq!(conversation.settings.check(usize::MAX), Ok(()));
        assert!((0..=NOW + DAY).contains(&conversation.updated_ms));
        let mut before = HashMap::new();
        for message in &conversation.messages {
            assert!(ids.insert(message.id.0));
            assert!(message.turn.is_none_or(|turn| ids.insert(turn.0)));
            assert_ne!(message.state, MessageState::Writing);
            assert!((0..=NOW + 2 * DAY).contains(&message.created_ms));
            assert!(message.last_event <= i64::MAX as u64);
            if let Some(parent) = message.parent {
                let role = before.get(&parent).expect("parents come before children");
                assert_ne!(*role, message.role);
            }
            for attachment in &message.attachments {
                assert!(hashes.contains(&attachment.hash));
            }
            before.insert(message.id, message.role);
        }
        assert!(
            conversation
                .leaf
                .is_none_or(|leaf| before.contains_key(&leaf))
        );
        let json = serde_json::to_string(conversation).unwrap();
        assert!(!json.contains('\0'));
        assert!(!json.replace("\\\\", "").contains("\\u0000"));
    }
    assert!(imported.problems.iter().all(|it| !it.is_empty()));
}
