//! What went wrong inside, and the sentence that a person gets for it.

use sqlx::sqlite::SqliteError;

use crate::Error;

/// A failure on its way to [`Fault::report`].
#[derive(Debug)]
pub(super) enum Fault {
    /// See [`Error::NotFound`].
    NotFound(&'static str),
    /// Not the database failed, but it cannot be used so; the reason completes
    /// "the database cannot be used: …".
    Unusable(&'static str),
    /// SQLite or sqlx failed.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    /// What the caller of the store gets; the database's own words go to the
    /// log, here and nowhere else.
    pub(super) fn report(self, operation: &'static str) -> Error {
        match self {
            Self::NotFound(what) => Error::NotFound(what),
            Self::Unusable(reason) => Error::Unavailable(reason.to_owned()),
            Self::Database(error) => {
                tracing::error!(store.operation = operation, %error, "the database failed");
                Error::Unavailable(explanation(&error).to_owned())
            }
        }
    }
}

fn explanation(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<SqliteError>()
            .and_then(|error| sqlx::error::DatabaseError::code(error)?.parse().ok())
            .map_or(UNEXPECTED, explanation_of_code),
        sqlx::Error::PoolTimedOut => "it is too busy; try again in a moment",
        sqlx::Error::PoolClosed => "it was closed, because the server is shutting down",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            "it holds something that this version of Rivulet cannot read"
        }
        _ => UNEXPECTED,
    }
}

const UNEXPECTED: &str = "it failed in an unexpected way; the server's log has the details";

/// By SQLite's primary result code, the low byte of the extended one:
/// <https://www.sqlite.org/rescode.html>.
fn explanation_of_code(code: i32) -> &'static str {
    match code & 0xff {
        3 | 8 => "its file may not be written; check the owner and the permissions",
        5 | 6 => "another program keeps it locked; close that program, or try again in a moment",
        7 => "the server is out of memory",
        10 => "the disk failed to read or write; check the disk and its file system",
        11 => "its file is damaged; restore it from a backup",
        13 => "the disk is full; free some space and try again",
        14 => {
            "its file cannot be opened or created; check that the directory exists and may be written"
        }
        19 => "what was to be stored contradicts what is there already",
        26 => "its file is not a database; name another file",
        _ => UNEXPECTED,
    }
}
