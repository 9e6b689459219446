//! Files of conversations: our own, other programs', and ZIPs of them.
#![no_main]

#[path = "../../crates/exchange/tests/corpus/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::check(bytes));
