//! The gateway against a simulator of every provider and every fault: "every
//! provider, and never a dead end".

#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the right end of what cannot be"
)]

mod asking;
mod begun;
mod books;
mod cache;
mod cases;
mod closing;
mod continuation;
mod health;
mod matrix;
mod routing;
mod world;
