//! The simulator over real HTTP, as its callers see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod control;
mod demo;
mod faults;
mod lab;
mod refusals;
