//! Settings under names.

use protocol::{ConversationSettings, Preset};
use sqlx::{Row, SqlitePool};

use super::{
    columns::{json, to_json},
    fault::Fault,
};

pub(super) async fn list(pool: &SqlitePool) -> Result<Vec<Preset>, Fault> {
    let rows = sqlx::query("SELECT name, settings FROM presets ORDER BY name COLLATE NOCASE, name")
        .fetch_all(pool)
        .await?;
    let preset = |row| {
        Ok(Preset {
            name: Row::try_get(row, "name")?,
            settings: json(row, "settings")?.unwrap_or_default(),
        })
    };
    rows.iter().map(preset).collect()
}

pub(super) async fn keep(
    pool: &SqlitePool,
    name: &str,
    settings: &ConversationSettings,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO presets (name, settings) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET settings = excluded.settings",
    )
    .bind(name)
    .bind(to_json(settings)?)
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn remove(pool: &SqlitePool, name: &str) -> Result<(), Fault> {
    let removed = sqlx::query("DELETE FROM presets WHERE name = ?")
        .bind(name)
        .execute(pool)
        .await?;
    match removed.rows_affected() {
        0 => Err(Fault::NotFound("preset")),
        _ => Ok(()),
    }
}
