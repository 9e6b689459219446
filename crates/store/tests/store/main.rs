//! What every store keeps to, and what SQLite's own does in bad weather.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod cached;
mod contract;
mod files;
mod library;
mod search;
mod speed;
mod sqlite;
mod temporary;
mod turns;
