//! The page: Leptos components compiled for the server (`ssr`) and the
//! browser (`hydrate`). It reaches the server only through `client`, and is
//! drawn on the server from [`PageData`] alone.

#![recursion_limit = "256"]
#![allow(
    unreachable_pub,
    reason = "the component macro's structs are as visible as they can be"
)]

pub mod chat;
mod client;
mod shell;
mod ui;

pub use chat::ServerEnricher;
#[cfg(not(feature = "hydrate"))]
pub use shell::Shell;
pub use shell::{PageAssets, PageData};

/// Takes over the page that the server has drawn. Called once by the frontend
/// crate.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    use leptos::prelude::*;

    let Some(data) = client::dom::page_data() else {
        client::dom::log_error("the page's data is missing; it stays as the server drew it");
        return;
    };
    leptos::mount::hydrate_body(move || view! { <chat::ChatPage data=data /> });
    client::dom::mark_hydrated();
}
