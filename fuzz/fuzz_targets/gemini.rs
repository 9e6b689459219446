//! The reader of answers in Gemini's format: event streams, documents, and bare
//! JSON behind an event stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    providers::property::check(providers::Format::Gemini, bytes);
});
