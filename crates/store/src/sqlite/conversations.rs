//! Conversations: listed, read, changed, deleted, imported and purged.

use std::borrow::Cow;

use protocol::{
    Conversation, ConversationId, ConversationSummary, MessageId, MessageState,
    api::{ChangeConversation, ManyChange},
};
use sqlx::{
    Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteQueryResult, SqliteRow},
};

use super::{
    attachments::{self, Attached},
    columns::{json, optional_parsed, parsed, to_json},
    deleted,
    fault::Fault,
    messages, search,
    transaction::Transaction,
    turns,
};

pub(super) async fn list(pool: &SqlitePool) -> Result<Vec<ConversationSummary>, Fault> {
    let rows = sqlx::query(
        "SELECT id, title, updated_ms, pinned, archived, folder FROM conversations
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
        pinned: row.try_get("pinned")?,
        archived: row.try_get("archived")?,
        folder: row.try_get("folder")?,
        temporary: false,
    })
}

pub(super) async fn read(
    pool: &SqlitePool,
    conversation: ConversationId,
) -> Result<Conversation, Fault> {
    // One transaction: a turn that ends between reading its answer and
    // reading the checkpoints would take the text away.
    let mut transaction = Transaction::read(pool).await?;
    let row = sqlx::query("SELECT * FROM conversations WHERE id = ? AND deleted_ms IS NULL")
        .bind(conversation.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
    let messages = messages::of_conversation(&mut transaction, conversation).await?;
    transaction.commit().await?;
    let row = row.ok_or(Fault::NotFound("conversation"))?;
    let summary = summary(&row)?;
    let leaf = optional_parsed(&row, "leaf")?;
    Ok(Conversation {
        id: summary.id,
        title: summary.title,
        updated_ms: summary.updated_ms,
        pinned: summary.pinned,
        archived: summary.archived,
        folder: summary.folder,
        temporary: summary.temporary,
        settings: json(&row, "settings")?.unwrap_or_default(),
        leaf: leaf.filter(|leaf| messages.iter().any(|message| message.id == *leaf)),
        messages,
    })
}

/// Not found is a conversation that does not exist or was deleted.
pub(super) async fn expect(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
) -> Result<(), Fault> {
    sqlx::query("SELECT 1 FROM conversations WHERE id = ? AND deleted_ms IS NULL")
        .bind(conversation.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or(Fault::NotFound("conversation"))?;
    Ok(())
}

pub(super) async fn change(
    pool: &SqlitePool,
    conversation: ConversationId,
    change: &ChangeConversation,
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    let changed = sqlx::query(
        "UPDATE conversations SET
             title = coalesce(?1, title),
             pinned = coalesce(?2, pinned),
             archived = coalesce(?3, archived),
             folder = CASE WHEN ?4 IS NULL THEN folder ELSE nullif(?4, '') END,
             settings = coalesce(?5, settings),
             leaf = coalesce(?6, leaf)
         WHERE id = ?7 AND deleted_ms IS NULL",
    )
    .bind(change.title.as_deref())
    .bind(change.pinned)
    .bind(change.archived)
    .bind(change.folder.as_deref())
    .bind(change.settings.as_ref().map(to_json).transpose()?)
    .bind(change.leaf.map(|leaf| leaf.to_string()))
    .bind(conversation.to_string())
    .execute(&mut *transaction)
    .await?;
    found(&changed)?;
    if let Some(leaf) = change.leaf {
        messages::expect(&mut transaction, conversation, leaf).await?;
    }
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn change_many(
    pool: &SqlitePool,
    conversations: &[ConversationId],
    change: &ManyChange,
    now_ms: i64,
) -> Result<(), Fault> {
    let query = match change {
        ManyChange::Delete => sqlx::query(
            "UPDATE conversations SET deleted_ms = coalesce(deleted_ms, ?2)
             WHERE id IN (SELECT value FROM json_each(?1))",
        ),
        ManyChange::Restore => sqlx::query(
            "UPDATE conversations SET deleted_ms = NULL
             WHERE id IN (SELECT value FROM json_each(?1))",
        ),
        ManyChange::Archive | ManyChange::Unarchive => sqlx::query(
            "UPDATE conversations SET archived = ?2
             WHERE id IN (SELECT value FROM json_each(?1)) AND deleted_ms IS NULL",
        ),
        ManyChange::Folder(_) => sqlx::query(
            "UPDATE conversations SET folder = nullif(?2, '')
             WHERE id IN (SELECT value FROM json_each(?1)) AND deleted_ms IS NULL",
        ),
    };
    let query = query.bind(to_json(&conversations)?);
    let query = match change {
        ManyChange::Delete => query.bind(now_ms),
        ManyChange::Restore => query,
        ManyChange::Archive => query.bind(true),
        ManyChange::Unarchive => query.bind(false),
        ManyChange::Folder(folder) => query.bind(folder.as_str()),
    };
    query.execute(pool).await?;
    Ok(())
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

pub(super) async fn import(
    pool: &SqlitePool,
    conversation: &Conversation,
    attached: &Attached,
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    let said = conversation
        .messages
        .iter()
        .map(|message| message.created_ms);
    let created_ms = said.min().unwrap_or(conversation.updated_ms);
    let settings = Some(&conversation.settings).filter(|settings| !settings.is_default());
    sqlx::query(
        "INSERT INTO conversations
             (id, title, created_ms, updated_ms, pinned, archived, folder, settings, leaf)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(conversation.id.to_string())
    .bind(conversation.title.as_str())
    .bind(created_ms)
    .bind(conversation.updated_ms)
    .bind(conversation.pinned)
    .bind(conversation.archived)
    .bind(conversation.folder.as_deref())
    .bind(settings.map(to_json).transpose()?)
    .bind(conversation.leaf.map(|leaf| leaf.to_string()))
    .execute(&mut *transaction)
    .await?;
    attachments::keep(&mut transaction, attached, conversation.updated_ms).await?;
    for message in &conversation.messages {
        let mut message = Cow::Borrowed(message);
        if message.state == MessageState::Writing {
            turns::interrupt(message.to_mut());
        }
        messages::insert(&mut transaction, conversation.id, &message).await?;
    }
    let ids: Vec<MessageId> = conversation.messages.iter().map(|it| it.id).collect();
    search::index(&mut transaction, &ids).await?;
    transaction.commit().await?;
    Ok(())
}

/// What [`purge`] removes: what is older than these times.
pub(super) struct Before {
    /// When a conversation or message was deleted.
    pub(super) deleted_ms: i64,
    /// When a conversation last changed, though it was not deleted.
    pub(super) changed_ms: i64,
    /// When a file was stored that no message has.
    pub(super) attached_ms: i64,
}

/// Removes for good what is too old; returns which conversations.
pub(super) async fn purge(
    pool: &SqlitePool,
    before: &Before,
) -> Result<Vec<ConversationId>, Fault> {
    let mut transaction = Transaction::write(pool).await?;
    let purged = sqlx::query(
        "DELETE FROM conversations WHERE deleted_ms < ? OR updated_ms < ? RETURNING id",
    )
    .bind(before.deleted_ms)
    .bind(before.changed_ms)
    .fetch_all(&mut *transaction)
    .await?;
    deleted::purge(&mut transaction, before.deleted_ms).await?;
    attachments::purge(&mut transaction, before.attached_ms).await?;
    transaction.commit().await?;
    let ids = purged.iter().map(|row| parsed(row, "id"));
    Ok(ids.collect::<Result<_, _>>()?)
}
