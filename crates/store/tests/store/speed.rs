//! How long searching takes; a measurement, not a check. Run it with
//! `cargo test --release -p store -- --ignored --nocapture speed`.

use std::time::{Duration, Instant};

use protocol::{Conversation, ConversationId, Message, MessageId};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Library, SqliteStore, Store};
use uuid::Uuid;

use crate::turns::{finished, first};

const CONVERSATIONS: usize = 1_000;
const MESSAGES: usize = 20;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % below
    }

    /// A word of 20,000, some far more often than others, as in a language.
    fn word(&mut self) -> String {
        let share = self.roll(1_000_000) as f64 / 1e6;
        let mut number = 20_000f64.powf(share) as usize;
        let mut word = String::new();
        while number > 0 {
            word.push_str(["ka", "lo", "mi", "nu", "re", "so", "ta", "ve"][number % 8]);
            number /= 8;
        }
        word
    }

    fn text(&mut self) -> String {
        if self.roll(5) == 0 {
            let signs = 50 + self.roll(700);
            let sign = |dice: &mut Self| {
                let share = dice.roll(1_000_000) as f64 / 1e6;
                char::from_u32(0x4e00 + 3_000f64.powf(share) as u32).unwrap()
            };
            return (0..signs).map(|_| sign(self)).collect();
        }
        let words = 20 + self.roll(600);
        (0..words)
            .map(|_| self.word())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn talk(&mut self, number: usize) -> Conversation {
        let question = first(number as i64 * 60_000).question.unwrap();
        let mut parent = None;
        let messages = (0..MESSAGES).map(|_| {
            let id = MessageId(Uuid::now_v7());
            Message {
                id,
                parent: parent.replace(id),
                text: self.text(),
                ..question.clone()
            }
        });
        Conversation {
            messages: messages.collect(),
            ..Conversation::new(
                ConversationId(Uuid::now_v7()),
                format!("{} {} {}", self.word(), self.word(), self.word()),
                question.created_ms,
            )
        }
    }
}

#[expect(clippy::print_stdout, reason = "whoever measures wants to read it")]
fn tell(what: &str, began: Instant) {
    println!("{what:<44} {:>9.2} ms", began.elapsed().as_secs_f64() * 1e3);
}

#[tokio::test]
#[ignore = "a measurement"]
async fn speed_of_search() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut dice = Dice(1);
    let store = SqliteStore::open(&path).await.unwrap();
    let talks: Vec<_> = (0..CONVERSATIONS).map(|number| dice.talk(number)).collect();
    let bytes: usize = talks
        .iter()
        .flat_map(|talk| &talk.messages)
        .map(|it| it.text.len())
        .sum();
    println!(
        "{} messages, {:.1} MB of text",
        CONVERSATIONS * MESSAGES,
        bytes as f64 / 1e6
    );
    let began = Instant::now();
    for talk in &talks {
        store.import(talk).await.unwrap();
    }
    tell("import of all, indexed", began);

    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    let index: i64 = sqlx::query_scalar("SELECT sum(length(block)) FROM message_words_data")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    println!("index: {:.1} MB", index as f64 / 1e6);

    for (what, query) in [
        ("the most frequent word", "\"lo\""),
        ("a less frequent word", "\"lore\""),
        ("a rare word", "\"veveveve\""),
        ("any word with this first letter", "l"),
        ("any word with these two", "lo"),
        ("any with these four", "lore"),
        ("two frequent words", "\"lo\" \"mi\""),
        ("a phrase of frequent words", "\"lo mi lo\""),
        ("the most frequent sign", "\u{4e01}"),
        ("two frequent signs", "\u{4e01}\u{4e02}"),
        (
            "five frequent signs",
            "\u{4e01}\u{4e02}\u{4e01}\u{4e03}\u{4e02}",
        ),
        ("nothing", "nowhere"),
    ] {
        store.search(query, 50).await.unwrap();
        let began = Instant::now();
        let mut hits = 0;
        for _ in 0..10 {
            hits = store.search(query, 50).await.unwrap().len();
        }
        let each = began.elapsed() / 10;
        println!(
            "{what:<44} {:>9.2} ms, {hits} hits",
            each.as_secs_f64() * 1e3
        );
    }

    for name in ["begin_turn", "end_turn"] {
        let turns: Vec<_> = (0..200)
            .map(|number| first(1_000_000_000 + number))
            .collect();
        let mut took = Vec::new();
        for turn in &turns {
            let began = Instant::now();
            store.begin_turn(turn).await.unwrap();
            let middle = Instant::now();
            store.end_turn(&finished(turn, &dice.text())).await.unwrap();
            took.push(if name == "begin_turn" {
                middle - began
            } else {
                middle.elapsed()
            });
        }
        took.sort();
        println!("{name}: p50 {:?}, p99 {:?}", took[100], took[198]);
    }
    store.close().await;

    // As a version without search would have left it.
    for statement in [
        "INSERT INTO message_words (message_words) VALUES ('delete-all')",
        "INSERT INTO messages_to_index SELECT seq FROM messages",
    ] {
        sqlx::query(statement).execute(&mut raw).await.unwrap();
    }
    let began = Instant::now();
    let store = SqliteStore::open(&path).await.unwrap();
    store.conversations().await.unwrap();
    tell("open, with nothing indexed", began);
    let mut took = Vec::new();
    loop {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM messages_to_index")
            .fetch_one(&mut raw)
            .await
            .unwrap();
        if waiting <= took.len() as i64 * 2 {
            break;
        }
        let turn = first(2_000_000_000);
        let before = Instant::now();
        store.begin_turn(&turn).await.unwrap();
        took.push(before.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tell("everything indexed in the background", began);
    took.sort();
    println!(
        "begin_turn meanwhile: p50 {:?}, max {:?}",
        took[took.len() / 2],
        took[took.len() - 1]
    );
}
