//! The records of upstream calls.

use protocol::{Attempt, TurnId, Usage};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{
    columns::{integer, json, optional_parsed, optional_word, parsed, to_json, to_word, word},
    fault::Fault,
    transaction::Transaction,
};

/// Stores an attempt, unless it is stored already.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    attempt: &Attempt,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO attempts (id, turn, number, provider, model, answered_by, started_ms,
             first_token_ms, duration_ms, outcome, problem, status, code, input_tokens,
             output_tokens, cached_tokens, cache_write_tokens, thinking_tokens, estimated,
             cost, price, reason, waited_ms, streamed, route)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
    .bind(attempt.usage.cache_write.map(integer))
    .bind(attempt.usage.thinking.map(integer))
    .bind(attempt.usage.estimated)
    .bind(attempt.usage.cost.map(|cost| cost.to_string()))
    .bind(attempt.price.as_ref().map(to_json).transpose()?)
    .bind(to_word(&attempt.reason)?)
    .bind(integer(attempt.waited_ms))
    .bind(attempt.streamed)
    .bind(attempt.route.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores attempts that belong to no turn of a conversation.
pub(super) async fn record(pool: &SqlitePool, attempts: &[Attempt]) -> Result<(), Fault> {
    let mut transaction = Transaction::write(pool).await?;
    for attempt in attempts {
        insert(&mut transaction, attempt).await?;
    }
    transaction.commit().await?;
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
        id: parsed(row, "id")?,
        turn: parsed(row, "turn")?,
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
            cache_write: row.try_get("cache_write_tokens")?,
            thinking: row.try_get("thinking_tokens")?,
            estimated: row.try_get("estimated")?,
            cost: optional_parsed(row, "cost")?,
        },
        price: json(row, "price")?,
        reason: word(row, "reason")?,
        waited_ms: row.try_get("waited_ms")?,
        streamed: row.try_get("streamed")?,
        route: row.try_get("route")?,
    })
}
