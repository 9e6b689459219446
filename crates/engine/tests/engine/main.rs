//! The rules of a turn (docs/architecture.md), one by one, in paused time.

#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the right end of what cannot be"
)]

mod attachments;
mod demo;
mod ending;
mod gather;
mod grace;
mod keeping;
mod memory;
mod shutdown;
mod start;
mod steering;
mod stop;
mod upstream;
mod versions;
mod watch;
mod world;
