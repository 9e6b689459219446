//! The life of a turn: begun, checkpointed, ended or interrupted.

use protocol::{ConversationId, Message, MessageId, MessageState, Problem, ProblemKind, TurnId};
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool};

use super::{
    attachments::{self, Attached},
    attempts,
    columns::{integer, parsed, to_json},
    fault::Fault,
    messages, search,
    transaction::Transaction,
};
use crate::{Checkpoint, EndedTurn, NewTurn};

pub(super) async fn begin(
    pool: &SqlitePool,
    turn: &NewTurn,
    attached: &Attached,
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    match &turn.new_conversation {
        Some(title) => create_conversation(&mut transaction, turn, title).await?,
        None => touch_conversation(&mut transaction, turn).await?,
    }
    attachments::keep(&mut transaction, attached, turn.answer.created_ms).await?;
    if let Some(question) = &turn.question {
        messages::insert(&mut transaction, turn.conversation, question).await?;
    }
    messages::insert(&mut transaction, turn.conversation, &turn.answer).await?;
    transaction.commit().await?;
    Ok(())
}

async fn create_conversation(
    connection: &mut SqliteConnection,
    turn: &NewTurn,
    title: &str,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO conversations (id, title, created_ms, updated_ms) VALUES (?, ?, ?, ?)",
    )
    .bind(turn.conversation.to_string())
    .bind(title)
    .bind(turn.question.as_ref().unwrap_or(&turn.answer).created_ms)
    .bind(turn.answer.created_ms)
    .execute(connection)
    .await?;
    Ok(())
}

async fn touch_conversation(
    connection: &mut SqliteConnection,
    turn: &NewTurn,
) -> Result<(), Fault> {
    let touched = sqlx::query(
        "UPDATE conversations SET updated_ms = max(updated_ms, ?), leaf = NULL
         WHERE id = ? AND deleted_ms IS NULL",
    )
    .bind(turn.answer.created_ms)
    .bind(turn.conversation.to_string())
    .execute(connection)
    .await?;
    match touched.rows_affected() {
        0 => Err(Fault::NotFound("conversation")),
        _ => Ok(()),
    }
}

/// How many checkpoints one statement stores. Each number is a statement to
/// prepare, hence the few.
const BATCHES: [usize; 4] = [64, 16, 4, 1];

pub(super) async fn checkpoint(
    pool: &SqlitePool,
    mut checkpoints: &[&Checkpoint],
) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    for size in BATCHES {
        while let Some((batch, rest)) = checkpoints.split_at_checked(size) {
            append(&mut transaction, batch).await?;
            checkpoints = rest;
        }
    }
    transaction.commit().await?;
    Ok(())
}

async fn append(connection: &mut SqliteConnection, batch: &[&Checkpoint]) -> Result<(), Fault> {
    let wholes = batch
        .iter()
        .map(|checkpoint| checkpoint.whole.as_ref().map(to_json).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let mut insert = QueryBuilder::new(
        "INSERT INTO checkpoints (answer, last_event, text, thinking, whole) SELECT new.* FROM (",
    );
    insert.push_values(batch.iter().zip(&wholes), |mut row, (checkpoint, whole)| {
        row.push_bind(checkpoint.answer.to_string())
            .push_bind(integer(checkpoint.last_event))
            .push_bind(checkpoint.text.as_str())
            .push_bind(checkpoint.thinking.as_str())
            .push_bind(whole.as_deref());
    });
    insert.push(
        ") AS new JOIN messages ON messages.id = new.column1 AND messages.state = 'writing'
         WHERE NOT EXISTS (
             SELECT 1 FROM checkpoints WHERE answer = new.column1 AND last_event >= new.column2)",
    );
    insert.build().execute(&mut *connection).await?;
    for checkpoint in batch.iter().filter(|checkpoint| checkpoint.whole.is_some()) {
        sqlx::query(
            "DELETE FROM checkpoints WHERE answer = ?1 AND last_event < ?2 AND EXISTS (
                 SELECT 1 FROM checkpoints WHERE answer = ?1 AND last_event = ?2)",
        )
        .bind(checkpoint.answer.to_string())
        .bind(integer(checkpoint.last_event))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn end(pool: &SqlitePool, end: &EndedTurn) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    for attempt in &end.attempts {
        attempts::insert(&mut transaction, attempt).await?;
    }
    let row = sqlx::query("SELECT * FROM messages WHERE id = ? AND turn = ? AND state = 'writing'")
        .bind(end.answer.to_string())
        .bind(end.turn.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
    if let Some(row) = row {
        let transcript = end.transcript.clone();
        let mut answer = messages::read(&mut transaction, &row).await?;
        answer.state = transcript.state;
        answer.last_event = transcript.last;
        answer.text = transcript.text;
        answer.thinking = transcript.thinking;
        answer.tools = transcript.tools;
        if let Some(ending) = transcript.ending {
            answer.statistics = Some(ending.statistics);
            answer.reason = Some(ending.reason);
            answer.problem = ending.problem;
        }
        messages::replace(&mut transaction, &answer).await?;
        search::index(&mut transaction, &with_question(&answer)).await?;
        sqlx::query("UPDATE conversations SET updated_ms = max(updated_ms, ?) WHERE id = ?")
            .bind(end.now_ms)
            .bind(end.conversation.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// An answer that ended and its question, which has waited to be indexed with
/// it: so the beginning of a turn takes no longer.
fn with_question(answer: &Message) -> Vec<MessageId> {
    [Some(answer.id), answer.parent]
        .into_iter()
        .flatten()
        .collect()
}

pub(super) async fn answer(
    pool: &SqlitePool,
    turn: TurnId,
) -> Result<(ConversationId, Message), Fault> {
    let mut transaction = Transaction::read(pool).await?;
    let row = sqlx::query(
        "SELECT messages.* FROM messages
         JOIN conversations ON conversations.id = messages.conversation
         WHERE messages.turn = ? AND messages.deleted_with IS NULL
             AND conversations.deleted_ms IS NULL",
    )
    .bind(turn.to_string())
    .fetch_optional(&mut *transaction)
    .await?;
    let found = match &row {
        Some(row) => Some((
            parsed(row, "conversation")?,
            messages::read(&mut transaction, row).await?,
        )),
        None => None,
    };
    transaction.commit().await?;
    found.ok_or(Fault::NotFound("turn"))
}

pub(super) async fn interrupt_open(pool: &SqlitePool) -> Result<u64, Fault> {
    let mut transaction = Transaction::write(pool).await?;
    let rows = sqlx::query("SELECT * FROM messages WHERE state = 'writing'")
        .fetch_all(&mut *transaction)
        .await?;
    for row in &rows {
        let mut answer = messages::read(&mut transaction, row).await?;
        interrupt(&mut answer);
        messages::replace(&mut transaction, &answer).await?;
        search::index(&mut transaction, &with_question(&answer)).await?;
    }
    transaction.commit().await?;
    Ok(rows.len() as u64)
}

/// Makes an answer that nothing writes any more one that ended.
pub(super) fn interrupt(answer: &mut Message) {
    answer.state = MessageState::Interrupted;
    answer.reason = Some("interrupted".to_owned());
    answer.problem = Some(
        Problem::new(
            ProblemKind::Interrupted,
            "The server stopped while this answer was being written.",
        )
        .advice("What had been written is kept; ask again for the whole answer.")
        .retryable(),
    );
}
