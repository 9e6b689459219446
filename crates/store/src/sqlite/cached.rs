//! Answers that may be given again.

use std::sync::Arc;

use sqlx::{Row, SqlitePool};
use tokio::sync::Mutex;

use super::{columns::integer, fault::Fault, transaction::Transaction};

/// How many answers go at most to make room for one: whoever lowered the
/// bound gets there step by step, and no other write waits for it.
const GO_AT_ONCE: usize = 1_000;

/// How many bytes the kept answers take together, once somebody has counted
/// them; counting reads the whole table. Locked while they change.
#[derive(Debug, Clone, Default)]
pub(super) struct Total(Arc<Mutex<Option<u64>>>);

pub(super) async fn read(
    pool: &SqlitePool,
    key: &str,
    not_before_ms: i64,
) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT answer FROM cached_answers WHERE key = ? AND created_ms >= ?")
        .bind(key)
        .bind(not_before_ms)
        .fetch_optional(pool)
        .await?;
    Ok(row.map(|row| row.try_get("answer")).transpose()?)
}

/// An answer to be kept.
pub(super) struct Kept<'a> {
    pub(super) key: &'a str,
    pub(super) answer: &'a str,
    pub(super) created_ms: i64,
    pub(super) most_bytes: u64,
}

pub(super) async fn keep(
    writer: &SqlitePool,
    readers: &SqlitePool,
    total: &Total,
    kept: Kept<'_>,
) -> Result<(), Fault> {
    let bytes = (kept.key.len() + kept.answer.len()) as u64;
    if bytes > kept.most_bytes {
        return Ok(());
    }
    let mut total = total.0.lock().await;
    // Unknown until the transaction is committed: it may fail, or be dropped.
    let before = match total.take() {
        Some(known) => known,
        None => count(readers).await?,
    };
    let mut transaction = Transaction::write(writer).await?;
    let replaced: Option<u64> =
        sqlx::query_scalar("DELETE FROM cached_answers WHERE key = ? RETURNING bytes")
            .bind(kept.key)
            .fetch_optional(&mut *transaction)
            .await?;
    let mut now = before.saturating_sub(replaced.unwrap_or(0)) + bytes;
    for _ in 0..GO_AT_ONCE {
        if now <= kept.most_bytes {
            break;
        }
        let gone: Option<u64> = sqlx::query_scalar(
            "DELETE FROM cached_answers WHERE key =
                 (SELECT key FROM cached_answers ORDER BY created_ms LIMIT 1)
             RETURNING bytes",
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match gone {
            Some(bytes) => now = now.saturating_sub(bytes),
            None => break,
        }
    }
    sqlx::query("INSERT INTO cached_answers (key, created_ms, bytes, answer) VALUES (?, ?, ?, ?)")
        .bind(kept.key)
        .bind(kept.created_ms)
        .bind(integer(bytes))
        .bind(kept.answer)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    *total = Some(now);
    Ok(())
}

/// Removes what was kept before `before_ms`.
pub(super) async fn purge(
    writer: &SqlitePool,
    total: &Total,
    before_ms: i64,
) -> Result<u64, Fault> {
    let mut total = total.0.lock().await;
    let before = total.take();
    let gone: Vec<u64> =
        sqlx::query_scalar("DELETE FROM cached_answers WHERE created_ms < ? RETURNING bytes")
            .bind(before_ms)
            .fetch_all(writer)
            .await?;
    *total = before.map(|before| before.saturating_sub(gone.iter().sum()));
    Ok(gone.len() as u64)
}

async fn count(readers: &SqlitePool) -> Result<u64, Fault> {
    let total = sqlx::query_scalar("SELECT coalesce(sum(bytes), 0) FROM cached_answers");
    Ok(total.fetch_one(readers).await?)
}
