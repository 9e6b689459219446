//! The simulator over real HTTP, as its callers see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod anthropic;
mod control;
mod demo;
mod every_fault;
mod every_format;
mod every_objection;
mod faults;
mod formats;
mod gemini;
mod hearing;
mod lab;
mod ollama;
mod refusals;
mod responses;
