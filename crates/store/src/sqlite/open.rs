//! Opening the file: what it must be, and what it is brought up to.

use std::{path::Path, time::Duration};

use sqlx::{
    SqlSafeStr, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};

use tokio::sync::mpsc;

use super::{
    SqliteStore,
    database::{self, Database},
    fault::Fault,
    search,
    temporary::Temporary,
};
use crate::Error;

/// How a [`SqliteStore`] uses its file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How long to wait while another program keeps the file locked; 5
    /// seconds by default.
    pub busy_timeout: Duration,
    /// The largest size of the file, in pages of usually 4,096 bytes; what
    /// would exceed it fails as on a full disk. None by default.
    pub max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
        }
    }
}

impl SqliteStore {
    /// Opens the database in this file, makes the file where there is none
    /// (its directory must exist), and brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the file cannot be opened or written, is
    /// not a database, or is one of another program or of a newer version of
    /// this one. Such a file is left as it was.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, &SqliteOptions::default()).await
    }

    /// [`SqliteStore::open`] with options.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with(path: &Path, options: &SqliteOptions) -> Result<Self, Error> {
        open(path, options)
            .await
            .map_err(|fault| match fault.report("open") {
                Error::Unavailable(reason) => {
                    Error::Unavailable(format!("{reason} ({})", path.display()))
                }
                error @ Error::NotFound(_) => error,
            })
    }

    /// Finishes what is being stored and closes the file. Calls that come
    /// later fail with [`Error::Unavailable`].
    pub async fn close(&self) {
        self.temporary.close().await;
        self.disk.close().await;
    }
}

/// How many reads can go on at once; more wait for their turn.
const READERS: u32 = 4;

async fn open(path: &Path, options: &SqliteOptions) -> Result<SqliteStore, Fault> {
    let mut connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.busy_timeout);
    if let Some(pages) = options.max_pages {
        connect = connect.pragma("max_page_count", pages.to_string());
    }
    let writer = database::pool()
        .max_connections(1)
        .connect_with(connect.clone().pragma("wal_autocheckpoint", LOG_PAGES))
        .await?;
    let mut connection = writer.acquire().await?;
    check_owner(&mut connection).await?;
    migrate(&mut connection).await?;
    use_write_ahead_log(&mut connection).await?;
    drop(connection);
    let readers = database::pool()
        .max_connections(READERS)
        .connect_lazy_with(connect.create_if_missing(false).pragma("query_only", "ON"));
    let (wrote, writes) = mpsc::channel(1);
    tokio::spawn(empty_log(readers.clone(), writes));
    let disk = Database::new(writer, readers, wrote);
    tokio::spawn(search::catch_up(disk.clone()));
    Ok(SqliteStore {
        disk,
        temporary: Temporary::default(),
        cached: Default::default(),
    })
}

/// How long after a write the log is emptied, at the earliest.
const LOG_EMPTIED_AFTER: Duration = Duration::from_secs(2);

/// How long the log may grow before SQLite empties it in the middle of a write
/// after all, in pages: 64 MB.
const LOG_PAGES: &str = "16000";

/// Moves what was written from the write-ahead log into the database, beside
/// the writer. Left to itself SQLite does this within every thousandth write
/// or so, which then waits for the disk.
async fn empty_log(readers: SqlitePool, mut writes: mpsc::Receiver<()>) {
    while writes.recv().await.is_some() {
        tokio::time::sleep(LOG_EMPTIED_AFTER).await;
        let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&readers);
        if let Err(error) = moved.await
            && !readers.is_closed()
        {
            // What was written is safe where it is.
            tracing::warn!(%error, "the write-ahead log cannot be emptied");
        }
    }
}

/// What the first migration sets as `application_id`.
const APPLICATION: i32 = 0x5276_6C74;

/// Refuses the database of another program, and a file that may not be
/// written, before anything is changed.
async fn check_owner(connection: &mut SqliteConnection) -> Result<(), Fault> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *connection)
        .await?;
    let application: i32 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await?;
    // The table of migrations is there first: a start that was cut off may
    // have left it alone in the file.
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema
         WHERE name NOT GLOB '_sqlx_*' AND name NOT GLOB 'sqlite_*'",
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("ROLLBACK").execute(connection).await?;
    if application == APPLICATION || (application == 0 && tables == 0) {
        Ok(())
    } else {
        Err(Fault::Unusable(
            "its file belongs to another program; name another file",
        ))
    }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), Fault> {
    Migrator::with_migrations(migrations())
        .run(connection)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Fault::Database(error)
            }
            MigrateError::VersionMissing(_) => Fault::Unusable(
                "its file was written by a newer version of Rivulet; start that version, or name another file",
            ),
            MigrateError::VersionMismatch(_) => Fault::Unusable(
                "its tables were made by a different build of Rivulet; start that build, or name another file",
            ),
            other => Fault::Database(sqlx::Error::Migrate(Box::new(other))),
        })
}

/// The steps that lead from an empty file to today's tables. A step that was
/// released never changes; a change is a new step.
pub(super) fn migrations() -> Vec<Migration> {
    [
        (
            1,
            "conversations",
            include_str!("../../migrations/0001_conversations.sql"),
        ),
        (
            2,
            "gateway",
            include_str!("../../migrations/0002_gateway.sql"),
        ),
        (
            3,
            "library",
            include_str!("../../migrations/0003_library.sql"),
        ),
    ]
    .map(|(version, description, sql)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    })
    .into()
}

async fn use_write_ahead_log(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(connection)
        .await?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(Fault::Unusable(
            "its file system cannot keep a write-ahead log; put the file on a local disk",
        ))
    }
}

/// Reads from the file itself: `SELECT 1` alone would not touch it.
pub(super) async fn ping(pool: &SqlitePool) -> Result<(), Fault> {
    sqlx::query("SELECT 1 FROM conversations LIMIT 1")
        .fetch_optional(pool)
        .await?;
    Ok(())
}
