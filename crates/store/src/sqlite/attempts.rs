//! The records of upstream calls.

use protocol::{Attempt, TurnId, Usage};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{
    columns::{id, integer, optional_word, to_word, word},
    fault::Fault,
};

/// Stores an attempt, unless it is stored already.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    attempt: &Attempt,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO attempts (id, turn, number, provider, model, answered_by, started_ms,
             first_token_ms, duration_ms, outcome, problem, status, code, input_tokens,
             output_tokens, cached_tokens, thinking_tokens, estimated)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(attempt.id.to_string())
    .bind(attempt.turn.to_string())
    .bind(attempt.number)
    .bind(attempt.provider.as_str())
    .bind(attempt.model.as_str())
    .bind(attempt.answered_by.as_deref())
    .bind(attempt.started_ms)
    .bind(attempt.first_token_ms.map(integer))
    .bind(integer(attempt.duration_ms))
    .bind(to_word(&attempt.outcome)?)
    .bind(attempt.problem.as_ref().map(to_word).transpose()?)
    .bind(attempt.status)
    .bind(attempt.code.as_deref())
    .bind(attempt.usage.input.map(integer))
    .bind(attempt.usage.output.map(integer))
    .bind(attempt.usage.cached.map(integer))
    .bind(attempt.usage.thinking.map(integer))
    .bind(attempt.usage.estimated)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn list(pool: &SqlitePool, turn: TurnId) -> Result<Vec<Attempt>, Fault> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE turn = ? ORDER BY number")
        .bind(turn.to_string())
        .fetch_all(pool)
        .await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &SqliteRow) -> Result<Attempt, sqlx::Error> {
    Ok(Attempt {
        id: id(row, "id")?,
        turn: id(row, "turn")?,
        number: row.try_get("number")?,
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        answered_by: row.try_get("answered_by")?,
        started_ms: row.try_get("started_ms")?,
        first_token_ms: row.try_get("first_token_ms")?,
        duration_ms: row.try_get("duration_ms")?,
        outcome: word(row, "outcome")?,
        problem: optional_word(row, "problem")?,
        status: row.try_get("status")?,
        code: row.try_get("code")?,
        usage: Usage {
            input: row.try_get("input_tokens")?,
            output: row.try_get("output_tokens")?,
            cached: row.try_get("cached_tokens")?,
            thinking: row.try_get("thinking_tokens")?,
            estimated: row.try_get("estimated")?,
        },
    })
}
