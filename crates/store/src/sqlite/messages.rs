//! Messages as rows, and the checkpoints on top of those being written.

use protocol::{ConversationId, Message, MessageId, MessageState, Transcript};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    columns::{integer, json, optional_parsed, parsed, to_json, to_word, word},
    fault::Fault,
};

/// Stores a message whose parent is in the same conversation, and not deleted.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: &Message,
) -> Result<(), Fault> {
    if let Some(parent) = message.parent {
        expect(connection, conversation, parent).await?;
    }
    let attachments = Some(&message.attachments).filter(|all| !all.is_empty());
    sqlx::query(
        "INSERT INTO messages (id, conversation, parent, role, state, model, created_ms, turn,
             last_event, text, thinking, tools, statistics, reason, problem, attachments)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(message.id.to_string())
    .bind(conversation.to_string())
    .bind(message.parent.map(|parent| parent.to_string()))
    .bind(to_word(&message.role)?)
    .bind(to_word(&message.state)?)
    .bind(message.model.as_deref())
    .bind(message.created_ms)
    .bind(message.turn.map(|turn| turn.to_string()))
    .bind(integer(message.last_event))
    .bind(message.text.as_str())
    .bind(message.thinking.as_str())
    .bind(to_json(&message.tools)?)
    .bind(message.statistics.as_ref().map(to_json).transpose()?)
    .bind(message.reason.as_deref())
    .bind(message.problem.as_ref().map(to_json).transpose()?)
    .bind(attachments.map(to_json).transpose()?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Not found is a message that is not in the conversation, or was deleted.
pub(super) async fn expect(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Fault> {
    sqlx::query(
        "SELECT 1 FROM messages WHERE id = ? AND conversation = ? AND deleted_with IS NULL",
    )
    .bind(message.to_string())
    .bind(conversation.to_string())
    .fetch_optional(connection)
    .await?
    .ok_or(Fault::NotFound("message"))?;
    Ok(())
}

/// The messages of a conversation that are not deleted, in the order of [`protocol::Conversation::messages`].
pub(super) async fn of_conversation(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
) -> Result<Vec<Message>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM messages WHERE conversation = ? AND deleted_with IS NULL ORDER BY seq",
    )
    .bind(conversation.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in &rows {
        messages.push(read(connection, row).await?);
    }
    Ok(messages)
}

/// The message in a row of the whole table `messages`, up to its last
/// checkpoint.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
) -> Result<Message, Fault> {
    let mut message = Message {
        id: parsed(row, "id")?,
        parent: optional_parsed(row, "parent")?,
        role: word(row, "role")?,
        state: word(row, "state")?,
        text: row.try_get("text")?,
        attachments: json(row, "attachments")?.unwrap_or_default(),
        thinking: row.try_get("thinking")?,
        tools: json(row, "tools")?.unwrap_or_default(),
        model: row.try_get("model")?,
        created_ms: row.try_get("created_ms")?,
        turn: optional_parsed(row, "turn")?,
        last_event: row.try_get("last_event")?,
        statistics: json(row, "statistics")?,
        reason: row.try_get("reason")?,
        problem: json(row, "problem")?,
    };
    if message.state == MessageState::Writing {
        add_checkpoints(connection, &mut message).await?;
    }
    Ok(message)
}

async fn add_checkpoints(
    connection: &mut SqliteConnection,
    message: &mut Message,
) -> Result<(), Fault> {
    let rows = sqlx::query(
        "SELECT last_event, text, thinking, whole FROM checkpoints
         WHERE answer = ? ORDER BY last_event",
    )
    .bind(message.id.to_string())
    .fetch_all(connection)
    .await?;
    for row in &rows {
        message.last_event = row.try_get("last_event")?;
        if let Some(whole) = json::<Transcript>(row, "whole")? {
            message.text = whole.text;
            message.thinking = whole.thinking;
            message.tools = whole.tools;
        } else {
            message.text.push_str(row.try_get("text")?);
            message.thinking.push_str(row.try_get("thinking")?);
        }
    }
    Ok(())
}

/// Stores a message that ended, and removes its checkpoints.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    message: &Message,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE messages
         SET state = ?, last_event = ?, text = ?, thinking = ?, tools = ?, statistics = ?,
             reason = ?, problem = ?
         WHERE id = ?",
    )
    .bind(to_word(&message.state)?)
    .bind(integer(message.last_event))
    .bind(message.text.as_str())
    .bind(message.thinking.as_str())
    .bind(to_json(&message.tools)?)
    .bind(message.statistics.as_ref().map(to_json).transpose()?)
    .bind(message.reason.as_deref())
    .bind(message.problem.as_ref().map(to_json).transpose()?)
    .bind(message.id.to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM checkpoints WHERE answer = ?")
        .bind(message.id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
