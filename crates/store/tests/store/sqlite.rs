//! SQLite's bad weather: killed, full, locked, and files that are not ours.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use proptest::prelude::*;
use protocol::{MessageState, Transcript};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Checkpoint, EndedTurn, Error, Library, NewTurn, SqliteOptions, SqliteStore, Store};
use tempfile::TempDir;

use crate::turns::{finished, first, next, text};

/// A directory, and the path of a database to make in it. The odd name is one
/// that a URL would have to escape.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("my store?mode=memory#%20.db");
    (directory, path)
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(result: Result<T, Error>, reason: &str) {
    assert!(
        matches!(&result, Err(Error::Unavailable(found)) if found.contains(reason)),
        "expected {reason:?}, got {result:?}"
    );
}

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();
    store.end_turn(&finished(&turn, "Because.")).await.unwrap();
    let before = store.conversation(turn.conversation).await.unwrap();
    store.close().await;
    assert_unavailable(store.conversations().await, "shutting down");

    let store = SqliteStore::open(&path).await.unwrap();
    let after = store.conversation(turn.conversation).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn the_log_is_emptied_beside_the_writer() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let size = || std::fs::metadata(&path).unwrap().len();
    let before = size();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();
    let much = "much ".repeat(100_000);
    store.end_turn(&finished(&turn, &much)).await.unwrap();
    // Most of it: a few pages were there before.
    while size() < before + much.len() as u64 / 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_ended_answer_leaves_no_checkpoints() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();
    store.checkpoint(&[text(&turn, 1, "a")]).await.unwrap();
    store.end_turn(&finished(&turn, "ab")).await.unwrap();
    store.checkpoint(&[text(&turn, 2, "b")]).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM checkpoints")
        .fetch_one(&mut raw(&path).await)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

const KILLED_PATH: &str = "STORE_TEST_KILLED_PATH";

/// This test starts itself once more as a child that writes without end,
/// kills it with SIGKILL, and looks at what it had said was stored.
#[tokio::test]
async fn a_killed_process_loses_nothing_it_had_stored() {
    if let Some(path) = std::env::var_os(KILLED_PATH) {
        return write_until_killed(Path::new(&path)).await;
    }
    let (_directory, path) = place();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::a_killed_process_loses_nothing_it_had_stored",
        ])
        .env(KILLED_PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stored = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The test harness of the child writes lines of its own.
        if let Some(number) = line.unwrap().strip_prefix("stored ") {
            stored = number.parse().unwrap();
            if stored == 50 {
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();
    assert!(stored >= 50, "the child wrote only {stored}");

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.interrupt_open_turns().await.unwrap(), 1);
    let conversation = store.conversations().await.unwrap()[0].id;
    let messages = store.conversation(conversation).await.unwrap().messages;
    let answer = messages.last().unwrap();
    assert_eq!(answer.state, MessageState::Interrupted);
    // One more may have been stored than was said.
    assert!([stored, stored + 1].contains(&answer.last_event));
    let expected: String = (1..=answer.last_event).map(|n| format!("{n} ")).collect();
    assert_eq!(answer.text, expected);
}

async fn write_until_killed(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();
    let mut stdout = std::io::stdout();
    for number in 1.. {
        let checkpoint = text(&turn, number, &format!("{number} "));
        store.checkpoint(&[checkpoint]).await.unwrap();
        // Not `println`, which the harness would keep to itself.
        writeln!(stdout, "stored {number}").unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_stores_nothing_by_halves_and_is_got_over() {
    let (_directory, path) = place();
    SqliteStore::open(&path).await.unwrap().close().await;
    let pages: u32 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&mut raw(&path).await)
        .await
        .unwrap();
    let options = SqliteOptions {
        max_pages: Some(pages + 40),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open_with(&path, &options).await.unwrap();
    let kept = first(1000);
    store.begin_turn(&kept).await.unwrap();

    let mut too_large = next(kept.conversation, Some(kept.answer.id), 2000);
    too_large.question.as_mut().unwrap().text = "x".repeat(1_000_000);
    let mut new_too_large = first(3000);
    new_too_large.question = too_large.question.clone().map(|mut question| {
        question.parent = None;
        question
    });
    new_too_large.answer.parent = new_too_large.question.as_ref().map(|question| question.id);
    for turn in [&too_large, &new_too_large] {
        assert_unavailable(store.begin_turn(turn).await, "the disk is full");
    }
    let long = "x".repeat(1_000_000);
    let checkpoints = [text(&kept, 1, "small"), text(&kept, 2, &long)];
    assert_unavailable(store.checkpoint(&checkpoints).await, "the disk is full");
    let too_long = finished(&kept, &long);
    assert_unavailable(store.end_turn(&too_long).await, "the disk is full");

    assert_eq!(store.attempts(too_long.turn).await.unwrap(), []);
    assert_eq!(store.conversations().await.unwrap().len(), 1);
    let messages = store
        .conversation(kept.conversation)
        .await
        .unwrap()
        .messages;
    assert_eq!(
        messages,
        [kept.question.clone().unwrap(), kept.answer.clone()]
    );

    // The same store goes on with what has room.
    store.begin_turn(&first(4000)).await.unwrap();
    store.end_turn(&finished(&kept, "short")).await.unwrap();
    store.close().await;
    let mut connection = raw(&path).await;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn a_locked_database_is_reported_and_got_over() {
    let (_directory, path) = place();
    let options = SqliteOptions {
        busy_timeout: Duration::from_millis(20),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open_with(&path, &options).await.unwrap();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();

    let mut other = raw(&path).await;
    run(&mut other, "BEGIN EXCLUSIVE").await;
    let locked = "another program keeps it locked";
    assert_unavailable(store.begin_turn(&first(2000)).await, locked);
    assert_unavailable(store.checkpoint(&[text(&turn, 1, "a")]).await, locked);
    assert_unavailable(store.delete(turn.conversation, 3000).await, locked);
    assert_unavailable(SqliteStore::open_with(&path, &options).await, locked);
    // Reading goes on.
    store.ping().await.unwrap();
    assert_eq!(store.conversations().await.unwrap().len(), 1);

    run(&mut other, "ROLLBACK").await;
    store.begin_turn(&first(2000)).await.unwrap();
    store.checkpoint(&[text(&turn, 1, "a")]).await.unwrap();
    assert_eq!(store.conversations().await.unwrap().len(), 2);
}

#[tokio::test]
async fn many_at_once_wait_for_each_other() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    // A second store stands for a second process.
    let second = SqliteStore::open(&path).await.unwrap();
    let turns: Vec<NewTurn> = (0..40).map(first).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, turn) in turns.iter().cloned().enumerate() {
        let store = if number % 2 == 0 { &store } else { &second }.clone();
        tasks.spawn(async move {
            store.begin_turn(&turn).await.unwrap();
            for number in 1..=5 {
                store.checkpoint(&[text(&turn, number, "x")]).await.unwrap();
                store.conversation(turn.conversation).await.unwrap();
            }
            // Without attempts the first thing this transaction does is to
            // read, which must not cost it the right to write.
            let end = EndedTurn {
                attempts: Vec::new(),
                ..finished(&turn, "done")
            };
            store.end_turn(&end).await.unwrap();
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    assert_eq!(store.conversations().await.unwrap().len(), turns.len());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (_directory, path) = place();
    let content = b"Dear diary, ".repeat(1000);
    std::fs::write(&path, &content).unwrap();
    let refused = SqliteStore::open(&path).await;
    assert_unavailable(
        refused,
        &format!("not a database; name another file ({}", path.display()),
    );
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let (_directory, path) = place();
    let mut other = raw(&path).await;
    run(&mut other, "CREATE TABLE bookmarks (url TEXT)").await;
    other.close().await.unwrap();
    let content = std::fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path).await;
    assert_unavailable(refused, "belongs to another program");
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn the_database_of_a_newer_version_is_refused() {
    let (_directory, path) = place();
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut newer = raw(&path).await;
    run(
        &mut newer,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of the future', TRUE, x'00', 0)",
    )
    .await;
    newer.close().await.unwrap();
    let refused = SqliteStore::open(&path).await;
    assert_unavailable(refused, "written by a newer version of Rivulet");
}

#[tokio::test]
async fn a_directory_that_is_missing_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing").join("store.db");
    let refused = SqliteStore::open(&path).await;
    assert_unavailable(refused, "cannot be opened or created");
}

#[tokio::test]
async fn what_cannot_be_read_is_reported() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let turn = first(1000);
    store.begin_turn(&turn).await.unwrap();
    let unreadable = "something that this version of Rivulet cannot read";
    let mut other = raw(&path).await;
    for statement in [
        "UPDATE messages SET state = 'dreaming'",
        "UPDATE messages SET state = 'finished', statistics = '{'",
        "UPDATE messages SET statistics = NULL, id = 'no id' WHERE turn IS NOT NULL",
    ] {
        run(&mut other, statement).await;
        assert_unavailable(store.conversation(turn.conversation).await, unreadable);
    }
    assert_eq!(store.conversations().await.unwrap().len(), 1);
}

#[derive(Debug, Clone)]
enum Piece {
    More { text: String, thinking: String },
    Whole { text: String, thinking: String },
}

fn piece() -> impl Strategy<Value = Piece> {
    let words = || any::<String>();
    prop_oneof![
        4 => (words(), words()).prop_map(|(text, thinking)| Piece::More { text, thinking }),
        1 => (words(), words()).prop_map(|(text, thinking)| Piece::Whole { text, thinking }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn checkpoints_read_back_as_what_they_add_up_to(
        pieces in prop::collection::vec((piece(), any::<bool>()), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_directory, path) = place();
            let store = SqliteStore::open(&path).await.unwrap();
            let turn = first(1000);
            store.begin_turn(&turn).await.unwrap();
            let mut expected = turn.answer.clone();
            let mut waiting = Vec::new();
            for (number, (piece, flush)) in (1..).zip(pieces) {
                let mut checkpoint = text(&turn, number * 3, "");
                match piece {
                    Piece::More { text, thinking } => {
                        expected.text.push_str(&text);
                        expected.thinking.push_str(&thinking);
                        checkpoint = Checkpoint { text, thinking, ..checkpoint };
                    }
                    Piece::Whole { text, thinking } => {
                        expected.text.clone_from(&text);
                        expected.thinking.clone_from(&thinking);
                        let last = checkpoint.last_event;
                        let whole = Transcript { last, text, thinking, ..Transcript::default() };
                        checkpoint.whole = Some(whole);
                    }
                }
                expected.last_event = checkpoint.last_event;
                waiting.push(checkpoint);
                if flush {
                    store.checkpoint(&waiting).await.unwrap();
                    waiting.clear();
                }
            }
            store.checkpoint(&waiting).await.unwrap();
            let (_, answer) = store.answer_of(turn.answer.turn.unwrap()).await.unwrap();
            assert_eq!(answer, expected);
        });
    }
}
