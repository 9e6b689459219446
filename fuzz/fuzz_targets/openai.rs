//! The reader of answers in OpenAI's format: recognising what the body is, its
//! frames, and what they mean.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    providers::property::check(providers::Format::OpenAi, bytes);
});
