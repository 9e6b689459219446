//! Finding titles and messages by their words.

use std::{path::Path, time::Duration};

use proptest::prelude::*;
use protocol::{Conversation, ConversationId, MessageId, Role, api::Hit};
use sqlx::{
    Connection, SqlSafeStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};
use store::{Library, SqliteStore, Store};
use uuid::Uuid;

use crate::{
    library::begun,
    turns::{finished, first, next, text},
};

/// A conversation with this title and these messages.
fn talk(title: &str, texts: &[&str], at_ms: i64) -> Conversation {
    let turn = first(at_ms);
    let mut parent = None;
    let messages = texts.iter().map(|text| {
        let mut message = turn.question.clone().unwrap();
        message.id = MessageId(Uuid::now_v7());
        message.parent = parent.replace(message.id);
        message.text = (*text).into();
        message
    });
    Conversation {
        messages: messages.collect(),
        ..Conversation::new(turn.conversation, title.into(), at_ms)
    }
}

async fn stored(store: &dyn Library, title: &str, texts: &[&str], at_ms: i64) -> Conversation {
    let talk = talk(title, texts, at_ms);
    store.import(&talk).await.unwrap();
    talk
}

async fn found(store: &dyn Library, query: &str) -> Vec<Hit> {
    store.search(query, 50).await.unwrap()
}

/// The texts found, marked, best first.
async fn marked(store: &dyn Library, query: &str) -> Vec<String> {
    let hits = found(store, query).await.into_iter();
    hits.map(|hit| {
        let pieces = hit.excerpt.chunks(2).map(|pair| match pair {
            [plain, mark] => format!("{plain}[{mark}]"),
            rest => rest.concat(),
        });
        pieces.collect()
    })
    .collect()
}

pub(crate) async fn words_are_found_in_titles_and_messages(store: &dyn Library) {
    let talk = stored(
        store,
        "Zebra crossings",
        &[
            "Where do zebras cross a ROAD?",
            "At a **crossing**, over the road.",
            "斑马线在哪里？",
            "Le zèbre traverse",
        ],
        10_000,
    )
    .await;
    for (query, expected) in [
        (
            "road",
            &[
                "At a **crossing**, over the [road].",
                "Where do zebras cross a [ROAD]?",
            ] as &[_],
        ),
        (
            "zebra",
            &["[Zebra] crossings", "Where do [zebras] cross a ROAD?"],
        ),
        ("zebre", &["Le [zèbre] traverse"]),
        ("\"zebra\"", &["[Zebra] crossings"]),
        ("crossings zebra", &["[Zebra] [crossings]"]),
        (
            "\"the road\" over",
            &["At a **crossing**, [over] [the road]."],
        ),
        ("\"road the\"", &[]),
        ("马", &["斑[马]线在哪里？"]),
        ("哪里", &["斑马线在[哪里]？"]),
        ("线马", &[]),
        ("zebra nowhere", &[]),
        ("** : ( \"", &[]),
    ] {
        assert_eq!(marked(store, query).await, expected, "{query}");
    }
    let hits = found(store, "zebra").await;
    let question = &talk.messages[0];
    assert_eq!(hits[0].conversation, talk.id);
    assert_eq!(hits[0].title, "Zebra crossings");
    assert_eq!(
        (hits[0].message, hits[0].role, hits[0].at_ms),
        (None, None, 10_000)
    );
    assert_eq!(hits[1].message, Some(question.id));
    assert_eq!(hits[1].role, Some(Role::User));
    assert_eq!(hits[1].at_ms, question.created_ms);
    store.delete(talk.id, 1).await.unwrap();
}

pub(crate) async fn what_is_hidden_is_not_found(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let id = turn.conversation;
    store.checkpoint(&[text(&turn, 1, "quagga")]).await.unwrap();
    store.end_turn(&finished(&turn, "A quagga.")).await.unwrap();
    let then = begun(store, next(id, Some(turn.answer.id), 2000)).await;
    store
        .end_turn(&finished(&then, "No quagga."))
        .await
        .unwrap();
    let titled = protocol::api::ChangeConversation {
        title: Some("Quaggas".into()),
        ..Default::default()
    };
    store.change(id, &titled).await.unwrap();
    let count = async || found(store, "quagga").await.len();
    assert_eq!(count().await, 3);
    store
        .delete_messages(id, &[then.answer.id], 1)
        .await
        .unwrap();
    assert_eq!(count().await, 2);
    store.restore_messages(id, &[then.answer.id]).await.unwrap();
    assert_eq!(count().await, 3);
    store.delete(id, 2000).await.unwrap();
    assert_eq!(count().await, 0);
    store.restore(id).await.unwrap();
    assert_eq!(count().await, 3);
    store.delete(id, 2000).await.unwrap();
    store.purge(2001, 2001).await.unwrap();
    assert_eq!(count().await, 0);
    // What comes in place of what was purged is not taken for it.
    stored(store, "", &["an okapi", "another"], 1000).await;
    assert_eq!(count().await, 0);
    assert_eq!(found(store, "okapi").await.len(), 1);
}

pub(crate) async fn no_conversation_takes_all_the_room(store: &dyn Library) {
    stored(store, "Gnus", &["gnu"; 10], 1000).await;
    stored(store, "", &["gnu"; 10], 1000).await;
    let only = stored(store, "", &["what a gnu eats"], 1000).await;
    let hits = found(store, "gnu").await;
    let of = |id| hits.iter().filter(|hit| hit.conversation == id).count();
    assert_eq!((hits.len(), of(only.id)), (7, 1));
    assert_eq!(of(hits[0].conversation), 3, "its title among them");
    assert_eq!(store.search("gnu", 2).await.unwrap().len(), 2);
    assert_eq!(store.search("gnu", 0).await.unwrap(), []);

    // However far down the others come.
    stored(store, "", &["tapir, tapir"; 300], 2000).await;
    let hidden = stored(store, "", &["tapir, tapir"; 300], 2000).await;
    store.delete(hidden.id, 1).await.unwrap();
    let rare = "one tapir among many other animals of the forest";
    let last = stored(store, "", &[rare], 1000).await;
    let hits = store.search("tapir", 4).await.unwrap();
    assert_eq!((hits.len(), hits[3].conversation), (4, last.id));

    // Titles leave room.
    for _ in 0..4 {
        stored(store, "A gnu", &[], 1000).await;
    }
    let hits = store.search("gnu", 4).await.unwrap();
    let titles = hits.iter().filter(|hit| hit.message.is_none()).count();
    assert_eq!((hits.len(), titles), (4, 2));
}

pub(crate) async fn the_newer_of_two_alike_comes_first(store: &dyn Library) {
    let year = 365 * 24 * 3_600_000;
    let old = stored(store, "", &["a red panda"], 1000).await;
    let new = stored(store, "", &["a red panda"], year).await;
    let dense = stored(store, "", &["pandas: panda, panda, panda"], 1000).await;
    let order: Vec<ConversationId> = found(store, "panda")
        .await
        .iter()
        .map(|hit| hit.conversation)
        .collect();
    assert_eq!(order, [dense.id, new.id, old.id]);
    store.delete(new.id, 1).await.unwrap();
}

/// A database as version 2 of the tables left it, with one conversation.
async fn old_database(path: &Path, texts: usize) -> ConversationId {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let steps = [
        (
            1,
            "conversations",
            include_str!("../../migrations/0001_conversations.sql"),
        ),
        (
            2,
            "gateway",
            include_str!("../../migrations/0002_gateway.sql"),
        ),
    ];
    let steps = steps.map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(version, name.into(), kind, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(steps.into())
        .run(&mut connection)
        .await
        .unwrap();
    let id = ConversationId(Uuid::now_v7());
    sqlx::query(
        "INSERT INTO conversations (id, title, created_ms, updated_ms) VALUES (?, 'Old', 1, 1)",
    )
    .bind(id.to_string())
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
    for number in 0..texts {
        sqlx::query(
            "INSERT INTO messages (id, conversation, role, state, created_ms, last_event, text,
                 thinking, tools) VALUES (?, ?, 'user', 'finished', 1, 0, ?, '', '[]')",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(id.to_string())
        .bind(format!(
            "message number{number} of an 古い version, {}",
            "and more ".repeat(100)
        ))
        .execute(&mut connection)
        .await
        .unwrap();
    }
    sqlx::query("COMMIT")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    id
}

#[tokio::test]
async fn what_an_older_version_stored_is_found_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let id = old_database(&path, 500).await;
    let store = SqliteStore::open(&path).await.unwrap();
    // Everything else goes on at once.
    assert_eq!(store.conversation(id).await.unwrap().messages.len(), 500);
    begun(&store, next(id, None, 2000)).await;
    while found(&store, "number0 古").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(found(&store, "number499").await.len(), 1);
    // Once only, however often it is opened.
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(found(&store, "number0").await.len(), 1);
}

fn some_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-c]{1,4}",
        "[A-Cäé]{1,3}",
        "[日本語文字]{1,6}",
        "[가나다]{1,3}",
        "[กินข้าว]{1,5}",
        "[ひらカナ]{1,5}",
    ];
    prop::collection::vec(word, 1..8).prop_map(|words| words.join(" "))
}

fn some_query() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,3}",
        "[日本語文字]{1,3}",
        "[가나다]{1,2}",
        "[กินข้าว]{1,2}",
        "[ひらカナ]{1,2}"
    ]
}

/// Whether a person would say that it has the query: as the beginning of a
/// word, or anywhere where words are not parted, even if a line ends there.
fn has(text: &str, query: &str) -> bool {
    let text = text.to_lowercase().replace('ä', "a").replace('é', "e");
    if query.is_ascii() {
        text.split(|sign: char| !sign.is_ascii_lowercase())
            .any(|word| word.starts_with(query))
    } else {
        text.replace(' ', "").contains(query)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_search_finds_what_a_scan_finds(
        texts in prop::collection::vec(some_text(), 1..12),
        queries in prop::collection::vec(some_query(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(&directory.path().join("store.db")).await.unwrap();
            let mut ids = Vec::new();
            for text in &texts {
                ids.push(stored(&store, "", &[text], 1000).await.messages[0].id);
            }
            for query in &queries {
                let mut expected: Vec<_> = ids.iter().zip(&texts)
                    .filter(|(_, text)| has(text, query))
                    .map(|(id, _)| *id)
                    .collect();
                let hits = found(&store, query).await;
                let mut found: Vec<_> = hits.iter().filter_map(|hit| hit.message).collect();
                expected.sort_unstable();
                found.sort_unstable();
                assert_eq!(found, expected, "{query} in {texts:?}");
                for hit in &hits {
                    let text = &texts[ids.iter().position(|id| Some(*id) == hit.message).unwrap()];
                    assert!(text.contains(&hit.excerpt.concat()));
                    assert!(has(&hit.excerpt[1], query), "{hit:?}");
                }
            }
        });
    }

    #[test]
    fn nothing_that_can_be_typed_fails(typed in any::<String>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(&directory.path().join("store.db")).await.unwrap();
            stored(&store, &typed, &[&typed, &typed.repeat(50)], 1000).await;
            for query in [&typed, &typed.repeat(50), &format!("\"{typed}"), &format!("{typed}\"*\0")] {
                store.search(query, 10).await.unwrap();
            }
        });
    }
}
