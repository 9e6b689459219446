//! The server: configuration, the command line, and HTTP. `main` wires;
//! [`http::router`] builds the routes; handlers extract, call the engine or
//! the store, and convert.

mod cache_store;
pub mod check;
pub mod config;
pub mod http;
mod listen;
pub mod serve;
