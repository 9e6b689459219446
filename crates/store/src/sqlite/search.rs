//! Finding titles and messages by their words.

use std::{collections::HashMap, time::Duration};

use protocol::{ConversationId, ConversationSummary, MessageId, api::Hit};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{
    columns::{parsed, to_json, word},
    conversations,
    database::Database,
    fault::Fault,
    transaction::Transaction,
};
use crate::{excerpt::excerpt, query::Query, words::take_apart};

/// The most hits of one conversation.
const MOST_OF_ONE: usize = 3;

/// The titles and messages that the query is about, titles first.
pub(super) async fn find(pool: &SqlitePool, typed: &str, most: u32) -> Result<Vec<Hit>, Fault> {
    let Some(query) = Query::read(typed) else {
        return Ok(Vec::new());
    };
    let most = most as usize;
    let titles = conversations::list(pool).await?;
    let rows = rows(pool, &query, most).await?;
    // Long texts take a while to look through, for which nothing else may wait.
    let hits = tokio::task::spawn_blocking(move || hits(titles, &rows, &query, most)).await;
    // Only a fault in it, or the end of the server, breaks it off.
    hits.map_err(|_| sqlx::Error::WorkerCrashed)?
}

fn hits(
    titles: Vec<ConversationSummary>,
    rows: &[SqliteRow],
    query: &Query,
    most: usize,
) -> Result<Vec<Hit>, Fault> {
    let titles = titles.into_iter();
    let mut hits: Vec<Hit> = titles.filter_map(|summary| title(summary, query)).collect();
    let messages = rows.iter().map(|row| message(row, query));
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    // Many titles leave half of the room to messages, where there are as many.
    hits.truncate((most / 2).max(most.saturating_sub(messages.len())));
    let mut of_one: HashMap<ConversationId, usize> =
        hits.iter().map(|hit| (hit.conversation, 1)).collect();
    hits.extend(messages.into_iter().filter(|hit| {
        let hits = of_one.entry(hit.conversation).or_default();
        *hits += 1;
        *hits <= MOST_OF_ONE
    }));
    hits.truncate(most);
    Ok(hits)
}

fn title(summary: ConversationSummary, query: &Query) -> Option<Hit> {
    let ConversationSummary {
        id,
        title,
        updated_ms,
        ..
    } = summary;
    query.is_met_by(&query.find_in(&title)).then(|| Hit {
        conversation: id,
        message: None,
        role: None,
        excerpt: excerpt(&title, query),
        title,
        at_ms: updated_ms,
    })
}

/// How many times as many candidates as hits are looked at first.
const CANDIDATES: usize = 8;

/// The best messages that have the query.
async fn rows(pool: &SqlitePool, query: &Query, most: usize) -> Result<Vec<SqliteRow>, Fault> {
    let mut transaction = Transaction::read(pool).await?;
    let mut wanted = most * CANDIDATES;
    let rows = loop {
        let candidates = candidates(&mut transaction, query, wanted).await?;
        let rows = best(&mut transaction, &candidates, most).await?;
        if rows.len() >= most || candidates.len() < wanted {
            break rows;
        }
        // They were of few conversations, or hidden.
        wanted *= CANDIDATES;
    };
    transaction.commit().await?;
    Ok(rows)
}

/// The messages that have the query, deleted ones among them, best first: with
/// a score that is the less, the better.
async fn candidates(
    connection: &mut SqliteConnection,
    query: &Query,
    most: usize,
) -> Result<Vec<(i64, f64)>, Fault> {
    let candidates = sqlx::query_as(
        "SELECT rowid, rank FROM message_words WHERE message_words MATCH ? ORDER BY rank LIMIT ?",
    );
    let candidates = candidates.bind(query.for_fts5()).bind(most as i64);
    Ok(candidates.fetch_all(connection).await?)
}

/// The best of these, without what is deleted. What is new gets up to a quarter
/// more, what is a month older than the newest half of that.
async fn best(
    connection: &mut SqliteConnection,
    candidates: &[(i64, f64)],
    most: usize,
) -> Result<Vec<SqliteRow>, Fault> {
    let rows = sqlx::query(
        "WITH found AS MATERIALIZED (
             SELECT value ->> 0 AS seq, value ->> 1 AS score FROM json_each(?1)
         ), placed AS MATERIALIZED (
             SELECT seq, conversation, title, score, row_number() OVER (
                 PARTITION BY conversation ORDER BY score, seq DESC) AS place
             FROM (
                 SELECT seq, messages.conversation, conversations.title,
                     score * (1 + 0.25 / (1 + max(0, (SELECT max(updated_ms) FROM conversations)
                         - messages.created_ms) / 2592000000.0)) AS score
                 FROM found CROSS JOIN messages USING (seq)
                 JOIN conversations ON conversations.id = messages.conversation
                 WHERE messages.deleted_with IS NULL AND conversations.deleted_ms IS NULL
             )
         )
         SELECT placed.conversation, placed.title, messages.id, messages.role,
             messages.created_ms, messages.text
         FROM placed JOIN messages USING (seq)
         WHERE placed.place <= ?2 ORDER BY placed.score, placed.seq DESC LIMIT ?3",
    )
    .bind(to_json(&candidates)?)
    .bind(MOST_OF_ONE as i64)
    .bind(most as i64)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

fn message(row: &SqliteRow, query: &Query) -> Result<Hit, sqlx::Error> {
    Ok(Hit {
        conversation: parsed(row, "conversation")?,
        title: row.try_get("title")?,
        message: Some(parsed(row, "id")?),
        role: Some(word(row, "role")?),
        excerpt: excerpt(row.try_get("text")?, query),
        at_ms: row.try_get("created_ms")?,
    })
}

/// Makes these messages findable; not those that are being written.
pub(super) async fn index(
    connection: &mut SqliteConnection,
    messages: &[MessageId],
) -> Result<(), Fault> {
    let rows = sqlx::query(
        "SELECT seq, text FROM json_each(?) AS wanted
         JOIN messages ON messages.id = wanted.value
         JOIN messages_to_index USING (seq)
         WHERE messages.state <> 'writing'",
    )
    .bind(to_json(&messages)?)
    .fetch_all(&mut *connection)
    .await?;
    index_rows(connection, &rows).await
}

async fn index_rows(connection: &mut SqliteConnection, rows: &[SqliteRow]) -> Result<(), Fault> {
    for row in rows {
        let seq: i64 = row.try_get("seq")?;
        sqlx::query("INSERT INTO message_words (rowid, words) VALUES (?, ?)")
            .bind(seq)
            .bind(words_of(row.try_get("text")?))
            .execute(&mut *connection)
            .await?;
        sqlx::query("DELETE FROM messages_to_index WHERE seq = ?")
            .bind(seq)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// What the index gets of a text: its words with a space between them.
fn words_of(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    take_apart(text, |word| {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word.folded);
    });
    words
}

/// How many messages [`catch_up`] takes at once; other writes wait meanwhile.
const BATCH: i64 = 25;

/// How long [`catch_up`] waits where the database failed.
const CATCH_UP_AGAIN: Duration = Duration::from_secs(60);

/// Makes findable what is not yet: messages stored by a version that had no
/// search. The newest come first, and nobody has to wait until all are done.
pub(super) async fn catch_up(database: Database) {
    loop {
        match next_batch(&database).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) if database.readers.is_closed() => return,
            Err(fault) => {
                fault.report("catch_up");
                tokio::time::sleep(CATCH_UP_AGAIN).await;
            }
        }
    }
}

async fn next_batch(database: &Database) -> Result<usize, Fault> {
    // Usually there is nothing, and nobody to be kept from writing for it.
    if waiting(&mut *database.readers.acquire().await?)
        .await?
        .is_empty()
    {
        return Ok(0);
    }
    let mut transaction = Transaction::write(database.writer()).await?;
    let rows = waiting(&mut transaction).await?;
    index_rows(&mut transaction, &rows).await?;
    transaction.commit().await?;
    Ok(rows.len())
}

async fn waiting(connection: &mut SqliteConnection) -> Result<Vec<SqliteRow>, Fault> {
    let rows = sqlx::query(
        "SELECT seq, text FROM messages_to_index CROSS JOIN messages USING (seq)
         WHERE messages.state <> 'writing' ORDER BY seq DESC LIMIT ?",
    )
    .bind(BATCH)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
