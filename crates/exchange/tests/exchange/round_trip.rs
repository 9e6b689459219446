//! What is exported comes back as it was, but for its ids.

use std::collections::HashMap;

use exchange::{Imported, JsonWriter};
use proptest::prelude::*;
use protocol::{
    Attachment, AttemptReason, Conversation, ConversationId, ConversationSettings, Message,
    MessageId, MessageState, Outcome, Preference, Preset, Problem, ProblemKind, Role, Saving,
    Settings, Statistics, StopPhrase, ToolCall, Try, TurnId, Typing, Usage, Usd, Watch,
};
use uuid::Uuid;

use crate::world::{NOW, PNG, read};

const CREATED: i64 = 1_700_000_000_000;

/// A question and its answer.
pub(crate) fn simple(title: &str) -> Conversation {
    let message = |number, parent, role, text: &str| Message {
        id: MessageId(Uuid::from_u128(number)),
        parent,
        role,
        state: MessageState::Finished,
        text: text.to_owned(),
        attachments: Vec::new(),
        thinking: String::new(),
        tools: Vec::new(),
        model: None,
        created_ms: CREATED,
        turn: None,
        last_event: 0,
        statistics: None,
        reason: None,
        problem: None,
    };
    let question = message(1, None, Role::User, "Why?");
    let mut answer = message(2, Some(question.id), Role::Assistant, "Because.");
    answer.model = Some("anthropic/claude".to_owned());
    Conversation {
        id: ConversationId(Uuid::nil()),
        title: title.to_owned(),
        updated_ms: CREATED,
        pinned: false,
        archived: false,
        folder: None,
        temporary: false,
        settings: ConversationSettings::default(),
        leaf: None,
        messages: vec![question, answer],
    }
}

/// Exports and imports.
fn there_and_back(
    conversations: &[Conversation],
    presets: &[Preset],
    files: &HashMap<String, Vec<u8>>,
) -> Imported {
    let mut writer = JsonWriter::new(Vec::new(), NOW, presets).unwrap();
    for conversation in conversations {
        writer.conversation(conversation).unwrap();
    }
    for attachment in writer.attachments() {
        writer
            .attachment(&attachment, &files[&attachment.hash])
            .unwrap();
    }
    let bytes = writer.finish().unwrap();
    let _: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    read(&bytes)
}

/// The conversation with ids that tell nothing but the order of the old ones.
fn without_ids(mut conversation: Conversation) -> Conversation {
    let mut ids: Vec<_> = conversation.messages.iter().map(|it| it.id).collect();
    ids.sort();
    let id = |old: MessageId| {
        let place = ids.binary_search(&old).unwrap();
        MessageId(Uuid::from_u128(place as u128))
    };
    conversation.id = ConversationId(Uuid::nil());
    conversation.leaf = conversation.leaf.map(id);
    for message in &mut conversation.messages {
        message.id = id(message.id);
        message.parent = message.parent.map(id);
        message.turn = message.turn.map(|_| TurnId(Uuid::nil()));
    }
    conversation
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[^\u{0}]{0,30}",
        Just("```\n\"\\ <b> ﷽ 👩‍👩‍👧 \u{2028}".to_owned()),
    ]
}

fn title() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,9}( [a-zA-Z\"\\\\/語😀]{1,9}){0,3}",
        Just("x".repeat(200))
    ]
}

fn statistics() -> impl Strategy<Value = Statistics> {
    (
        any::<u32>(),
        any::<u32>(),
        prop::option::of(any::<u32>()),
        any::<bool>(),
    )
        .prop_map(|(one, two, maybe, yes)| {
            let (one, two, maybe) = (u64::from(one), u64::from(two), maybe.map(u64::from));
            Statistics {
                provider: maybe.map(|it| format!("p{it}")),
                model: maybe.map(|it| format!("p/{it}")),
                first_token_ms: maybe,
                duration_ms: one,
                chunks: two,
                characters: two,
                words: one,
                usage: Usage {
                    input: maybe,
                    output: Some(two),
                    cached: maybe,
                    cache_write: None,
                    thinking: maybe,
                    estimated: yes,
                    cost: maybe.map(|it| Usd::from_picodollars(it as i64)),
                },
                attempts: 2,
                tries: vec![Try {
                    model: "a/b".to_owned(),
                    reason: AttemptReason::First,
                    outcome: Outcome::Failed,
                    problem: Some(ProblemKind::Overloaded),
                    duration_ms: one,
                }],
                route: yes.then(|| "cheapest".to_owned()),
                saving: Some(Saving {
                    usd: Usd::from_picodollars(one as i64),
                    against: maybe.map(|it| it.to_string()),
                }),
                cached: yes,
                begun: one,
                stop_phrase: maybe.map(|at| StopPhrase {
                    phrase: "END".to_owned(),
                    at,
                }),
            }
        })
}

fn settings() -> impl Strategy<Value = ConversationSettings> {
    let ask = (
        prop::option::of("[^\u{0} ]{1,20}"),
        prop::option::of(0.0f32..=2.0),
        prop::option::of(0.01f32..=1.0),
        prop::option::of(1u32..),
        prop::collection::vec("[^\u{0}]{1,20}", 0..3),
        any::<bool>(),
        prop::option::of(1i64..),
    );
    let ask = ask.prop_map(
        |(system, temperature, top_p, max_tokens, stop, yes, cost)| Settings {
            system: system.filter(|it| !it.trim().is_empty()),
            temperature,
            top_p,
            max_tokens,
            stop,
            keep_stop: yes,
            prefer: yes.then_some(Preference::Fastest),
            max_cost: cost.map(Usd::from_picodollars),
            cache: yes.then_some(false),
        },
    );
    let typing = prop_oneof![
        Just(Typing::Off),
        Just(Typing::Smooth),
        (1u32..=1000).prop_map(Typing::Typewriter)
    ];
    (ask, typing, any::<bool>()).prop_map(|(ask, typing, yes)| ConversationSettings {
        model: yes.then(|| "auto".to_owned()),
        ask,
        watch: Watch {
            words: vec!["tide".to_owned()],
            whole: yes,
            case: !yes,
        },
        typing,
    })
}

fn attachment() -> impl Strategy<Value = (Attachment, Vec<u8>)> {
    let bytes = prop_oneof![
        "[^\u{0}]{1,20}".prop_map(String::into_bytes),
        Just(PNG.to_vec())
    ];
    (bytes, title(), 0u64..9_999).prop_map(|(bytes, name, tokens)| {
        let image = bytes.starts_with(b"\x89PNG");
        let attachment = Attachment {
            hash: sha256(&bytes),
            name,
            media_type: if image { "image/png" } else { "text/plain" }.to_owned(),
            bytes: bytes.len() as u64,
            tokens,
        };
        (attachment, bytes)
    })
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect()
}

/// What a message says, and a number that chooses its parent among those
/// before it.
type Seed = (usize, Message, Vec<(Attachment, Vec<u8>)>);

fn message() -> impl Strategy<Value = Seed> {
    let state = prop_oneof![
        Just(MessageState::Finished),
        Just(MessageState::Stopped),
        Just(MessageState::Failed),
        Just(MessageState::Interrupted),
    ];
    let texts = (text(), text(), text(), prop::option::of(text()));
    let numbers = (any::<usize>(), any::<u128>(), 0i64..NOW, 0u64..1_000);
    let more = (
        prop::option::of(statistics()),
        prop::collection::vec(attachment(), 0..2),
        any::<bool>(),
    );
    (state, texts, numbers, more).prop_map(|(state, texts, numbers, more)| {
        let (text, thinking, arguments, reason) = texts;
        let (parent, id, created_ms, last_event) = numbers;
        let (statistics, files, yes) = more;
        let message = Message {
            id: MessageId(Uuid::from_u128(id)),
            parent: None,
            role: Role::User,
            state,
            text,
            attachments: files.iter().map(|it| it.0.clone()).collect(),
            thinking,
            tools: vec![ToolCall {
                index: 3,
                id: "call".to_owned(),
                name: "zoom".to_owned(),
                arguments,
            }],
            model: yes.then(|| "anthropic/claude".to_owned()),
            created_ms,
            turn: yes.then(|| TurnId(Uuid::from_u128(!id))),
            last_event,
            statistics,
            reason,
            problem: yes.then(|| {
                let problem = Problem::new(ProblemKind::RateLimited, "Too many.");
                problem.advice("Wait.").retryable()
            }),
        };
        (parent, message, files)
    })
}

type Whole = (Conversation, HashMap<String, Vec<u8>>);

fn conversation() -> impl Strategy<Value = Whole> {
    let about = (
        title(),
        prop::option::of(title()),
        any::<(bool, bool)>(),
        0i64..NOW,
    );
    let messages = prop::collection::vec(message(), 0..12);
    (
        about,
        settings(),
        messages,
        prop::option::of(any::<prop::sample::Index>()),
    )
        .prop_map(|(about, settings, seeds, leaf)| {
            let (title, folder, (pinned, archived), updated_ms) = about;
            let mut messages: Vec<Message> = Vec::new();
            let mut files = HashMap::new();
            for (parent, mut message, kept) in seeds {
                if messages.iter().any(|it| it.id == message.id) {
                    continue;
                }
                // Among those before it, or none of them.
                let parent = messages.get(parent % (messages.len() + 1));
                message.parent = parent.map(|it| it.id);
                message.role = match parent.map(|it| it.role) {
                    Some(Role::User) => Role::Assistant,
                    Some(Role::Assistant) | None => Role::User,
                };
                files.extend(kept.into_iter().map(|(about, bytes)| (about.hash, bytes)));
                messages.push(message);
            }
            let leaf = leaf.filter(|_| !messages.is_empty());
            let conversation = Conversation {
                id: ConversationId(Uuid::max()),
                title,
                updated_ms,
                pinned,
                archived,
                folder: folder.map(|it| it.chars().take(80).collect()),
                temporary: false,
                settings,
                leaf: leaf.map(|it| it.get(&messages).id),
                messages,
            };
            (conversation, files)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_exported_comes_back(
        all in prop::collection::vec(conversation(), 0..4),
        presets in prop::collection::vec((title(), settings()), 0..3),
    ) {
        let presets: Vec<_> = presets
            .into_iter()
            .map(|(name, settings)| Preset { name: name.chars().take(80).collect(), settings })
            .collect();
        let mut files = HashMap::new();
        let mut conversations = Vec::new();
        for (conversation, more) in all {
            files.extend(more);
            conversations.push(conversation);
        }
        let imported = there_and_back(&conversations, &presets, &files);
        prop_assert_eq!(imported.problems, Vec::<String>::new());
        prop_assert_eq!(imported.presets, presets);
        let expected: Vec<_> = conversations.iter().cloned().map(without_ids).collect();
        let got: Vec<_> = imported.conversations.iter().cloned().map(without_ids).collect();
        prop_assert_eq!(got, expected);
        let bytes: HashMap<_, _> = imported
            .attachments
            .into_iter()
            .map(|(about, bytes)| (about.hash, bytes))
            .collect();
        prop_assert_eq!(bytes, files);
        // And none of the ids is an old one.
        for (new, old) in imported.conversations.iter().zip(&conversations) {
            prop_assert_ne!(new.id, old.id);
            prop_assert_eq!(
                new.path().iter().map(|it| &it.text).collect::<Vec<_>>(),
                old.path().iter().map(|it| &it.text).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn conversations_come_before_attachments_and_each_attachment_once() {
    let mut first = simple("One");
    let file = Attachment {
        hash: sha256(PNG),
        name: "pixel.png".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: PNG.len() as u64,
        tokens: 1,
    };
    first.messages[0].attachments = vec![file.clone(), file.clone()];
    let mut writer = JsonWriter::new(Vec::new(), NOW, &[]).unwrap();
    writer.conversation(&first).unwrap();
    writer.conversation(&first).unwrap();
    assert_eq!(writer.attachments(), std::slice::from_ref(&file));
    writer.attachment(&file, PNG).unwrap();
    writer.attachment(&file, PNG).unwrap();
    assert!(writer.conversation(&first).is_err());
    let bytes = writer.finish().unwrap();
    let imported = read(&bytes);
    assert_eq!(
        (imported.conversations.len(), imported.attachments.len()),
        (2, 1)
    );
    assert_eq!(imported.problems, Vec::<String>::new());
}
