//! The reader of answers in Ollama's format: JSON documents, one a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    providers::property::check(providers::Format::Ollama, bytes);
});
