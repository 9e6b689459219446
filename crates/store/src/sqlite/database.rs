//! A database and its connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::mpsc;

use super::{fault::Fault, open};

/// One database and the connections to it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// Tells that something is written, and when dropped that nothing more is.
    wrote: mpsc::Sender<()>,
    /// A database in memory lasts as long as a connection to it.
    _lasting: Option<Arc<SqliteConnection>>,
}

impl Database {
    pub(super) fn new(writer: SqlitePool, readers: SqlitePool, wrote: mpsc::Sender<()>) -> Self {
        Self {
            writer,
            readers,
            wrote,
            _lasting: None,
        }
    }

    pub(super) fn writer(&self) -> &SqlitePool {
        // One word is enough, however much is written.
        let _ = self.wrote.try_send(());
        &self.writer
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        // Last, so that it is the one that empties the write-ahead log.
        self.writer.close().await;
    }

    /// A database of its own in memory, of which nothing reaches a disk.
    pub(super) async fn in_memory() -> Result<Self, Fault> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        // The slash makes it one database for all connections of this process.
        let connect = SqliteConnectOptions::new()
            .vfs("memdb")
            .filename(format!("/temporary-{number}"))
            .create_if_missing(true)
            .foreign_keys(true)
            // Else a large sort would use a file.
            .pragma("temp_store", "MEMORY");
        let mut lasting = SqliteConnection::connect_with(&connect).await?;
        for step in open::migrations() {
            sqlx::raw_sql(step.sql).execute(&mut lasting).await?;
        }
        // A write-ahead log, and with it reads beside a write, needs a file.
        let pool = pool().max_connections(1).connect_lazy_with(connect);
        let (wrote, _) = mpsc::channel(1);
        Ok(Self {
            writer: pool.clone(),
            readers: pool,
            wrote,
            _lasting: Some(Arc::new(lasting)),
        })
    }
}

/// How long a call waits for a connection: longer than the one before it may
/// wait for a lock.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to a database here neither ages nor breaks while idle.
pub(super) fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(CONNECTION_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}
