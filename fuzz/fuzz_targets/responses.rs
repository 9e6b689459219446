//! The reader of answers in the format of OpenAI's Responses: recognising what
//! the body is, its frames, and what they mean.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    providers::property::check(providers::Format::Responses, bytes);
});
