//! The bytes of files, stored once under their hash.

use std::sync::Arc;

use protocol::{Attachment, Message};
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::{columns::integer, fault::Fault};

/// A file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) attachment: Attachment,
    pub(super) bytes: Vec<u8>,
}

/// What messages to be stored have attached.
#[derive(Debug, Default)]
pub(super) struct Attached {
    /// Files that may not be stored yet.
    pub(super) new: Vec<Arc<File>>,
    /// The hashes of files that must be stored already.
    pub(super) known: Vec<String>,
}

/// The hashes that these messages name, once each.
pub(super) fn hashes<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<String> {
    let mut hashes: Vec<String> = messages
        .into_iter()
        .flat_map(|message| &message.attachments)
        .map(|attachment| attachment.hash.clone())
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Stores the new files; not found is one that should be known.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    attached: &Attached,
    now_ms: i64,
) -> Result<(), Fault> {
    for file in &attached.new {
        let Attachment {
            hash,
            name,
            media_type,
            tokens,
            ..
        } = &file.attachment;
        sqlx::query(
            "INSERT INTO attachments (hash, name, media_type, bytes, tokens, created_ms, data)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash.as_str())
        .bind(name.as_str())
        .bind(media_type.as_str())
        .bind(integer(file.bytes.len() as u64))
        .bind(integer(*tokens))
        .bind(now_ms)
        .bind(file.bytes.as_slice())
        .execute(&mut *connection)
        .await?;
    }
    for hash in &attached.known {
        sqlx::query("SELECT 1 FROM attachments WHERE hash = ?")
            .bind(hash.as_str())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Fault::NotFound("attachment"))?;
    }
    Ok(())
}

pub(super) async fn read(pool: &SqlitePool, hash: &str) -> Result<File, Fault> {
    let row = sqlx::query("SELECT * FROM attachments WHERE hash = ?")
        .bind(hash)
        .fetch_optional(pool)
        .await?
        .ok_or(Fault::NotFound("attachment"))?;
    Ok(File {
        attachment: Attachment {
            hash: row.try_get("hash")?,
            name: row.try_get("name")?,
            media_type: row.try_get("media_type")?,
            bytes: row.try_get("bytes")?,
            tokens: row.try_get("tokens")?,
        },
        bytes: row.try_get("data")?,
    })
}

/// The hashes that the messages there name.
pub(super) async fn named(pool: &SqlitePool) -> Result<Vec<String>, Fault> {
    let named = sqlx::query_scalar("SELECT DISTINCT hash FROM attachments_in_use");
    Ok(named.fetch_all(pool).await?)
}

/// Removes the files stored before `before_ms` that no message names.
pub(super) async fn purge(connection: &mut SqliteConnection, before_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "DELETE FROM attachments
         WHERE created_ms < ? AND hash NOT IN (SELECT hash FROM attachments_in_use)",
    )
    .bind(before_ms)
    .execute(connection)
    .await?;
    Ok(())
}
