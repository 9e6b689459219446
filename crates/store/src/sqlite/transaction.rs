//! A transaction that leaves no trace when it is not committed.

use std::ops::{Deref, DerefMut};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};

/// A transaction on a connection of a pool.
///
/// Not sqlx's own: SQLite ends a transaction by itself after some failures (a
/// full disk is one), sqlx then counts one transaction too many, and the
/// connection refuses every later one. This one closes its connection unless
/// it was committed, which rolls back whatever there is to roll back.
pub(super) struct Transaction {
    connection: PoolConnection<Sqlite>,
    committed: bool,
}

impl Transaction {
    /// Sees the database as it is now, whatever is written meanwhile.
    pub(super) async fn read(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        Self::begin(pool, "BEGIN").await
    }

    /// Takes the right to write at once: a transaction that read first could
    /// be refused it later.
    pub(super) async fn write(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        Self::begin(pool, "BEGIN IMMEDIATE").await
    }

    async fn begin(pool: &SqlitePool, statement: &'static str) -> Result<Self, sqlx::Error> {
        let mut transaction = Self {
            connection: pool.acquire().await?,
            committed: false,
        };
        sqlx::query(statement).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.committed = true;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}
