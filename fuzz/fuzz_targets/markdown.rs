//! Markdown that arrives in pieces.
#![no_main]

#[path = "../../crates/markdown/tests/corpus/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::check(bytes));
