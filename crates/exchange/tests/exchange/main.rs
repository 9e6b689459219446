//! Conversations written as files and read back, and those of other programs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod chatgpt;
mod hostile;
mod markdown;
mod open_webui;
mod rivulet;
mod round_trip;
mod world;
