//! Ids, words, JSON and unsigned numbers in and out of columns.

use std::{error::Error, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned, de::IntoDeserializer};
use sqlx::{Row, sqlite::SqliteRow};

/// SQLite's integers are signed; what does not fit is a count or a duration
/// that no machine reaches.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The word that the API has for a value of a small vocabulary.
pub(super) fn to_word(value: &impl Serialize) -> Result<String, sqlx::Error> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(sqlx::Error::Encode("not a single word".into())),
        Err(error) => Err(sqlx::Error::Encode(error.into())),
    }
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) fn parsed<T>(row: &SqliteRow, column: &'static str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<&str, _>(column)?
        .parse()
        .map_err(|error: T::Err| unreadable(column, error))
}

pub(super) fn optional_parsed<T>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, sqlx::Error>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| {
            text.parse()
                .map_err(|error: T::Err| unreadable(column, error))
        })
        .transpose()
}

pub(super) fn word<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, sqlx::Error> {
    read_word(row.try_get(column)?, column)
}

pub(super) fn optional_word<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, sqlx::Error> {
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| read_word(text, column))
        .transpose()
}

fn read_word<'a, T: Deserialize<'a>>(
    text: &'a str,
    column: &'static str,
) -> Result<T, sqlx::Error> {
    T::deserialize(text.into_deserializer())
        .map_err(|error: serde::de::value::Error| unreadable(column, error))
}

pub(super) fn json<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, sqlx::Error> {
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| {
            serde_json::from_str(text).map_err(|error| {
                // Not the error itself: it may quote what people wrote, and
                // this goes to the log.
                let place = format!(
                    "{:?} error at line {} column {}",
                    error.classify(),
                    error.line(),
                    error.column()
                );
                unreadable(column, place)
            })
        })
        .transpose()
}

fn unreadable(
    column: &'static str,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: source.into(),
    }
}
