//! Conversations as files: written as JSON that loses nothing
//! (`docs/export_format.md`) or as Markdown to read, and read back from our own
//! files and from those of ChatGPT and Open WebUI.
//!
//! Bytes in, bytes out: no files, no clock, no randomness. Who calls says what
//! time it is and where ids come from.

mod archive;
mod file_name;
mod import;
mod json;
mod markdown;

pub use archive::MarkdownArchive;
pub use file_name::file_name;
pub use import::{Imported, Limits, read};
pub use json::JsonWriter;
pub use markdown::markdown;

/// What our JSON files say they are, in `format`.
pub const FORMAT: &str = "rivulet";
/// The version of the format that is written, and the newest that is read.
pub const VERSION: u64 = 1;
