//! Turns: started here, written in a task of their own, watched by any number
//! of readers, stopped from anywhere, and kept.
//!
//! A turn is a numbered log (`log.rs`). Its task alone writes it: steps of the
//! gateway's answer become entries. Watchers only read it, each from its own
//! position, so none of them can slow the turn or another watcher. What is
//! stored is the fold of the log, which is also what watchers see.

mod attachments;
mod bite;
mod checkpoint;
mod ending;
mod engine;
mod gather;
mod log;
mod place;
mod presence;
mod problem;
mod registry;
mod start;
mod steer;
mod stop;
mod stored;
mod turn;

pub use bite::Bite;
pub use engine::{Config, Engine};
pub use log::Watcher;
