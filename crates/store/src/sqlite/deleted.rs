//! Messages deleted and taken back; the migration tells how they are marked.

use protocol::{ConversationId, MessageId};
use sqlx::{SqliteConnection, SqlitePool};

use super::{conversations, fault::Fault, transaction::Transaction};

pub(super) async fn delete(
    pool: &SqlitePool,
    conversation: ConversationId,
    messages: &[MessageId],
    now_ms: i64,
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    conversations::expect(&mut transaction, conversation).await?;
    for message in messages {
        expect_any(&mut transaction, conversation, *message).await?;
        // What was deleted by itself stays so, and with it what follows.
        sqlx::query(
            "WITH RECURSIVE hidden (id) AS (
                 SELECT id FROM messages WHERE id = ?1 AND deleted_with IS NOT id
                 UNION ALL
                 SELECT messages.id FROM messages JOIN hidden ON messages.parent = hidden.id
                 WHERE messages.deleted_with IS NOT messages.id
             )
             UPDATE messages SET deleted_ms = ?2, deleted_with = ?1
             WHERE id IN (SELECT id FROM hidden)",
        )
        .bind(message.to_string())
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn restore(
    pool: &SqlitePool,
    conversation: ConversationId,
    messages: &[MessageId],
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    conversations::expect(&mut transaction, conversation).await?;
    for message in messages {
        expect_any(&mut transaction, conversation, *message).await?;
        // What it follows may be hidden still, and hides it then.
        sqlx::query(
            "UPDATE messages SET (deleted_ms, deleted_with) = (
                 SELECT parent.deleted_ms, parent.deleted_with FROM messages AS restored
                 JOIN messages AS parent ON parent.id = restored.parent
                 WHERE restored.id = ?1)
             WHERE deleted_with = ?1",
        )
        .bind(message.to_string())
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Not found is a message that is not in the conversation.
async fn expect_any(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Fault> {
    sqlx::query("SELECT 1 FROM messages WHERE id = ? AND conversation = ?")
        .bind(message.to_string())
        .bind(conversation.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or(Fault::NotFound("message"))?;
    Ok(())
}

/// Removes for good what was deleted before `before_ms`.
pub(super) async fn purge(connection: &mut SqliteConnection, before_ms: i64) -> Result<(), Fault> {
    // What follows may have been deleted by itself later, but cannot stay
    // without what it follows.
    sqlx::query(
        "WITH RECURSIVE gone (id) AS (
             SELECT id FROM messages WHERE deleted_with IS NOT NULL AND deleted_ms < ?
             UNION
             SELECT messages.id FROM messages JOIN gone ON messages.parent = gone.id
         )
         DELETE FROM messages WHERE id IN (SELECT id FROM gone)",
    )
    .bind(before_ms)
    .execute(connection)
    .await?;
    Ok(())
}
