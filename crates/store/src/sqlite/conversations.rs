//! Conversations: listed, read, renamed, deleted and purged.

use protocol::{Conversation, ConversationId, ConversationSummary};
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteQueryResult, SqliteRow},
};

use super::{columns::parsed, fault::Fault, messages, transaction::Transaction};

pub(super) async fn list(pool: &SqlitePool) -> Result<Vec<ConversationSummary>, Fault> {
    let rows = sqlx::query(
        "SELECT id, title, updated_ms FROM conversations
         WHERE deleted_ms IS NULL ORDER BY updated_ms DESC, id DESC",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(summary).collect::<Result<_, _>>()?)
}

fn summary(row: &SqliteRow) -> Result<ConversationSummary, sqlx::Error> {
    Ok(ConversationSummary {
        id: parsed(row, "id")?,
        title: row.try_get("title")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}

pub(super) async fn read(
    pool: &SqlitePool,
    conversation: ConversationId,
) -> Result<Conversation, Fault> {
    // One transaction: a turn that ends between reading its answer and
    // reading the checkpoints would take the text away.
    let mut transaction = Transaction::read(pool).await?;
    let row = sqlx::query(
        "SELECT id, title, updated_ms FROM conversations WHERE id = ? AND deleted_ms IS NULL",
    )
    .bind(conversation.to_string())
    .fetch_optional(&mut *transaction)
    .await?;
    let messages = messages::of_conversation(&mut transaction, conversation).await?;
    transaction.commit().await?;
    let row = row.ok_or(Fault::NotFound("conversation"))?;
    let ConversationSummary {
        id,
        title,
        updated_ms,
    } = summary(&row)?;
    Ok(Conversation {
        id,
        title,
        updated_ms,
        messages,
    })
}

pub(super) async fn rename(
    pool: &SqlitePool,
    conversation: ConversationId,
    title: &str,
) -> Result<(), Fault> {
    let renamed =
        sqlx::query("UPDATE conversations SET title = ? WHERE id = ? AND deleted_ms IS NULL")
            .bind(title)
            .bind(conversation.to_string())
            .execute(pool)
            .await?;
    found(&renamed)
}

pub(super) async fn delete(
    pool: &SqlitePool,
    conversation: ConversationId,
    now_ms: i64,
) -> Result<(), Fault> {
    let deleted =
        sqlx::query("UPDATE conversations SET deleted_ms = coalesce(deleted_ms, ?) WHERE id = ?")
            .bind(now_ms)
            .bind(conversation.to_string())
            .execute(pool)
            .await?;
    found(&deleted)
}

pub(super) async fn restore(pool: &SqlitePool, conversation: ConversationId) -> Result<(), Fault> {
    let restored = sqlx::query("UPDATE conversations SET deleted_ms = NULL WHERE id = ?")
        .bind(conversation.to_string())
        .execute(pool)
        .await?;
    found(&restored)
}

fn found(result: &SqliteQueryResult) -> Result<(), Fault> {
    match result.rows_affected() {
        0 => Err(Fault::NotFound("conversation")),
        _ => Ok(()),
    }
}

pub(super) async fn purge(pool: &SqlitePool, before_ms: i64) -> Result<u64, Fault> {
    let purged = sqlx::query("DELETE FROM conversations WHERE deleted_ms < ?")
        .bind(before_ms)
        .execute(pool)
        .await?;
    Ok(purged.rows_affected())
}
