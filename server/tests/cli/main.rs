//! The executable itself: how it starts, what it complains about, how it ends,
//! and what a crash leaves behind.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod complaints;
mod crash;
mod rivulet;
mod shutdown;
mod subcommands;
