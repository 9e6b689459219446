//! The decoder of event streams, which reads what any provider sends.
#![no_main]

#[path = "../../crates/protocol/tests/corpus/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::check(bytes));
