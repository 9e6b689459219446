//! Our own files; `docs/export_format.md` describes them.

use std::collections::{BTreeSet, HashMap, HashSet};

use protocol::{
    Attachment, Conversation, ConversationId, ConversationSettings, LONGEST_NAME, Message,
    MessageId, MessageState, Preset, Role, TurnId, title_from,
};
use serde_json::Value;

use super::scan::{Part, Parts};
use super::{Import, attachments, counted, draft, sane, tree};
use crate::{FORMAT, VERSION};

/// The largest number that a database keeps.
const LARGEST: u64 = i64::MAX as u64;

/// How many messages in a row that cannot be read are bridged.
const MOST_LOST: usize = 100;

/// The bytes of attachments as the file has them, by hash.
type Files<'a> = HashMap<String, Part<'a>>;

/// The fields of a file that are read.
const FILE: [&str; 5] = [
    "format",
    "version",
    "presets",
    "conversations",
    "attachments",
];

/// The fields of a conversation that are read.
const CONVERSATION: [&str; 8] = [
    "title",
    "updated_ms",
    "pinned",
    "archived",
    "folder",
    "settings",
    "leaf",
    "messages",
];

/// Reads a whole file; whether it is one of ours.
pub(super) fn file(import: &mut Import, bytes: &[u8]) -> bool {
    let Some(mut parts) = Parts::of(bytes) else {
        return false;
    };
    let fields = named(parts.by_ref(), &FILE);
    let text = |name| fields.get(name)?.value::<Value>().ok();
    if text("format") != Some(FORMAT.into()) {
        return false;
    }
    match text("version").map(|version| version.as_u64()) {
        Some(Some(version)) if version > VERSION => {
            import.problem(format!(
                "This file has version {version} of Rivulet's format, and this Rivulet reads \
                 versions up to {VERSION}. Nothing was imported: import it into a newer Rivulet."
            ));
            return true;
        }
        Some(Some(1..)) => {}
        _ => import.problem(
            "The file does not say which version of Rivulet's format it has: it was read as \
             version 1.",
        ),
    }
    for part in fields.get("presets").iter().flat_map(|it| list(it)) {
        preset(import, &part);
    }
    let files = match fields.get("attachments") {
        Some(files) => Parts::of(files.json)
            .into_iter()
            .flatten()
            .filter(|it| !it.cut)
            .map(|it| (it.name.clone(), it))
            .collect(),
        None => Files::new(),
    };
    match fields.get("conversations").map(|it| Parts::of(it.json)) {
        Some(Some(mut conversations)) if conversations.is_list() => {
            for part in conversations.by_ref() {
                import.seen += 1;
                one(import, &part, &files);
            }
        }
        Some(_) => import.problem("What the file calls conversations is no list of them."),
        None => import.problem("The file has no conversations."),
    }
    if parts.broken() || fields.values().any(|it| it.cut) {
        import.problem(format!(
            "The file breaks off or is damaged: what came after conversation {} or its \
             attachments is missing.",
            import.seen
        ));
    }
    true
}

/// Reads a conversation that stands alone, as the API gives it.
pub(super) fn conversation(import: &mut Import, part: &Part) {
    one(import, part, &Files::new());
}

/// The parts with these names; of others there may be any number.
fn named<'a>(parts: impl Iterator<Item = Part<'a>>, names: &[&str]) -> HashMap<String, Part<'a>> {
    parts
        .filter(|it| names.contains(&it.name.as_str()))
        .map(|it| (it.name.clone(), it))
        .collect()
}

fn list<'a>(part: &Part<'a>) -> impl Iterator<Item = Part<'a>> + use<'a> {
    let parts = Parts::of(part.json).filter(Parts::is_list);
    parts.into_iter().flatten()
}

fn preset(import: &mut Import, part: &Part) {
    let preset: Preset = match part.value() {
        Ok(preset) => preset,
        Err(error) => {
            return import.problem(format!("A preset was not imported: {error}."));
        }
    };
    let name = sane::line(&preset.name, LONGEST_NAME);
    if name.is_empty() {
        return import.problem("A preset was not imported: it has no name.");
    }
    let settings = sane::settings(preset.settings);
    import.imported.presets.push(Preset { name, settings });
}

fn one(import: &mut Import, part: &Part, files: &Files) {
    let parts = Parts::of(part.json).filter(|it| !it.is_list());
    let fields = named(parts.into_iter().flatten(), &CONVERSATION);
    let text = |name| fields.get(name)?.value::<String>().ok();
    let yes = |name| fields.get(name).is_some_and(|it| it.value() == Ok(true));
    let title = text("title").unwrap_or_default();
    let called = import.called(&title);
    let updated_ms = fields
        .get("updated_ms")
        .and_then(|it| it.value::<i64>().ok());
    let updated_ms = updated_ms.and_then(|it| sane::time(it, import.now_ms));
    let settings = match fields
        .get("settings")
        .map(Part::value::<ConversationSettings>)
    {
        None => ConversationSettings::default(),
        Some(Ok(settings)) => sane::settings(settings),
        Some(Err(error)) => {
            import.problem(format!("{called}: its settings were left out: {error}."));
            ConversationSettings::default()
        }
    };
    let Some(messages) = fields
        .get("messages")
        .filter(|it| it.json.first() == Some(&b'['))
    else {
        let why = if part.cut {
            "the file breaks off within it"
        } else {
            "it has no messages"
        };
        return import.problem(format!("{called} was not imported: {why}."));
    };
    let mut messages = read_messages(import, &called, messages, files);
    set_times(import, &mut messages, updated_ms);
    let newest = messages.iter().map(|it| it.created_ms).max();
    let id = ConversationId((import.new_id)());
    let ids = renew(import, &mut messages);
    let leaf = text("leaf").and_then(|it| it.parse::<MessageId>().ok());
    let question = messages.iter().find(|it| it.role == Role::User);
    import.imported.conversations.push(Conversation {
        id,
        title: match sane::title(&title) {
            title if title.is_empty() => title_from(question.map_or("", |it| &it.text)),
            title => title,
        },
        updated_ms: updated_ms.or(newest).unwrap_or(import.now_ms),
        pinned: yes("pinned"),
        archived: yes("archived"),
        folder: text("folder").and_then(|it| sane::folder(&it)),
        temporary: false,
        settings,
        leaf: leaf.and_then(|it| ids.get(&it).copied()),
        messages,
    });
    if part.cut {
        import.problem(format!(
            "{called}: the file breaks off within it, its end is missing."
        ));
    }
}

/// The messages that can be read, parents first, still under their old ids.
fn read_messages(import: &mut Import, called: &str, part: &Part, files: &Files) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut seen = HashMap::new();
    // The parents of messages that cannot be read.
    let mut lost: HashMap<MessageId, Option<MessageId>> = HashMap::new();
    for (number, part) in (1..).zip(list(part)) {
        let bytes = part.json.len() + size_of::<Message>();
        let Some(left) = import.left.checked_sub(bytes as u64) else {
            import.problem(format!(
                "{called}: message {number} and what follows it were left out: the file has more \
                 than is allowed."
            ));
            break;
        };
        import.left = left;
        match read_message(&part) {
            Ok((message, left_out)) => {
                if let Some(why) = left_out {
                    import.problem(format!(
                        "{called}: of message {number} only the text was imported: {why}."
                    ));
                }
                if seen.contains_key(&message.id) {
                    import.problem(format!(
                        "{called}: message {number} has the id of another one and was left out."
                    ));
                    continue;
                }
                seen.insert(message.id, messages.len());
                messages.push(message);
            }
            Err((why, link)) => {
                lost.extend(link);
                import.problem(format!("{called}: message {number} was left out: {why}."));
            }
        }
    }
    for message in &mut messages {
        // Links among what is lost may be long, or lead in a circle.
        for _ in 0..MOST_LOST {
            match message.parent.and_then(|parent| lost.get(&parent)) {
                Some(next) => message.parent = *next,
                None => break,
            }
        }
        attach(import, called, message, files);
        finish(message);
    }
    in_order(import, called, messages, &seen)
}

/// Why a message cannot be read, and its link where that can.
type Lost = (String, Option<(MessageId, Option<MessageId>)>);

/// The message, or what of it is needed most and why that is not all.
fn read_message(part: &Part) -> Result<(Message, Option<String>), Lost> {
    let why = match part.value::<Message>() {
        Ok(message) => return Ok((message, None)),
        Err(why) => why,
    };
    let value: Value = part.value().map_err(|why| (why, None))?;
    let id = |name: &str| value.get(name)?.as_str()?.parse::<MessageId>().ok();
    let mut needed = value.clone();
    if let Some(fields) = needed.as_object_mut() {
        fields.retain(|name, _| {
            ["id", "parent", "role", "state", "text", "created_ms"].contains(&name.as_str())
        });
        fields.entry("created_ms").or_insert((-1).into());
        fields.entry("state").or_insert("finished".into());
    }
    match serde_json::from_value(needed) {
        Ok(message) => Ok((message, Some(why))),
        Err(_) => Err((why, id("id").map(|it| (it, id("parent"))))),
    }
}

/// What no message that is imported may be.
fn finish(message: &mut Message) {
    message.last_event = message.last_event.min(LARGEST);
    if message.state == MessageState::Writing {
        let problem = draft::interrupted();
        message.state = MessageState::Interrupted;
        message
            .reason
            .get_or_insert_with(|| "interrupted".to_owned());
        message.problem.get_or_insert(problem);
    }
}

/// Keeps those attachments of the message whose bytes are in the file.
fn attach(import: &mut Import, called: &str, message: &mut Message, files: &Files) {
    for attachment in std::mem::take(&mut message.attachments) {
        match kept(import, &attachment, files) {
            Ok(kept) => message.attachments.push(kept),
            Err(why) => {
                let name = sane::title(&attachment.name);
                import.problem(format!(
                    "{called}: the file “{name}” was left out, because {why}."
                ));
            }
        }
    }
}

fn kept(import: &mut Import, known: &Attachment, files: &Files) -> Result<Attachment, String> {
    let told = |kept: Attachment| Attachment {
        name: sane::title(&known.name),
        tokens: known.tokens.min(LARGEST),
        ..kept
    };
    if let Some(index) = import.attachments.get(&known.hash) {
        return Ok(told(import.imported.attachments[*index].0.clone()));
    }
    let part = files
        .get(&known.hash)
        .ok_or("its bytes are not in the file")?;
    let stored: Value = part.value()?;
    let data = stored.get("data").and_then(Value::as_str);
    let bytes = data.and_then(attachments::decode);
    let bytes = bytes.ok_or("its bytes cannot be read")?;
    if attachments::hash(&bytes) != known.hash {
        return Err("its bytes are damaged".to_owned());
    }
    let kept = told(import.attach(&known.name, bytes)?);
    if let Some(index) = import.attachments.get(&known.hash) {
        import.imported.attachments[*index].0 = kept.clone();
    }
    Ok(kept)
}

/// Parents before children, under parents that are there and of the other
/// side.
fn in_order(
    import: &mut Import,
    called: &str,
    messages: Vec<Message>,
    numbers: &HashMap<MessageId, usize>,
) -> Vec<Message> {
    let mut orphans = 0;
    let mut parent = |message: &Message| {
        let found = message.parent.and_then(|id| numbers.get(&id)).copied();
        orphans += usize::from(message.parent.is_some() && found.is_none());
        found
    };
    let parents = messages.iter().map(&mut parent).collect();
    let mut tree = tree::arrange(parents);
    let mut moved = 0;
    for &node in &tree.order {
        if let Some(parent) = tree.parents[node]
            && messages[parent].role == messages[node].role
        {
            tree.parents[node] = tree.parents[parent];
            moved += 1;
        }
    }
    import.loose_ends(called, orphans, tree.circles);
    if moved > 0 {
        let moved = counted(moved, "message");
        import.problem(format!(
            "{called}: {moved} came after one of the same side and became another version of it."
        ));
    }
    let ids: Vec<MessageId> = messages.iter().map(|it| it.id).collect();
    let mut messages: Vec<Option<Message>> = messages.into_iter().map(Some).collect();
    let mut sorted = Vec::with_capacity(messages.len());
    for node in tree.order {
        if let Some(mut message) = messages[node].take() {
            message.parent = tree.parents[node].map(|parent| ids[parent]);
            sorted.push(message);
        }
    }
    sorted
}

/// Gives times that cannot be the nearest that can.
fn set_times(import: &Import, messages: &mut [Message], updated_ms: Option<i64>) {
    let mut times: HashMap<MessageId, i64> = HashMap::new();
    for message in messages {
        let parent = message.parent.and_then(|it| times.get(&it)).copied();
        message.created_ms = sane::time(message.created_ms, import.now_ms)
            .or(parent)
            .or(updated_ms)
            .unwrap_or(import.now_ms);
        times.insert(message.id, message.created_ms);
    }
}

/// Gives new ids in the order of the old ones, which tells messages of the
/// same millisecond apart; returns the new id for each old one.
fn renew(import: &mut Import, messages: &mut [Message]) -> HashMap<MessageId, MessageId> {
    let old: BTreeSet<MessageId> = messages.iter().map(|it| it.id).collect();
    let ids: HashMap<_, _> = old
        .into_iter()
        .map(|old| (old, MessageId((import.new_id)())))
        .collect();
    let mut turns = HashSet::new();
    for message in messages {
        message.id = ids[&message.id];
        message.parent = message.parent.and_then(|it| ids.get(&it).copied());
        // A turn writes one message.
        let turn = message.turn.filter(|turn| turns.insert(*turn));
        message.turn = turn.map(|_| TurnId((import.new_id)()));
    }
    ids
}
