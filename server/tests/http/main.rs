//! The server over real HTTP, as its callers see it: every route, what each
//! refuses, and what docs/http.md says of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attachments;
mod bad_input;
mod bulk;
mod changes;
mod conversations;
mod docs;
mod events;
mod exchange;
mod form;
mod nginx;
mod page;
mod presets;
mod probes;
mod reply;
mod search;
mod site;
mod stop;
mod turns;
mod v1;
