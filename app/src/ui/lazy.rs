//! Panels that are no part of the first download: dialogs and settings that
//! most visits never open.
//!
//! ```ignore
//! /// The body of the settings dialog.
//! #[wasm_split(settings, fallible, preload(load_settings))]
//! fn settings_body(state: ChatState) -> LazyView {
//!     lazy::drawn(view! { <SettingsForm state=state /> })
//! }
//!
//! // Where it belongs, once it is wanted:
//! move || open.get().then(|| view! {
//!     <LazyPanel load=load_settings draw=move || settings_body(state) />
//! })
//! // On the button that opens it:
//! on:pointerenter=move |_| lazy::load_ahead(load_settings) on:focus=…
//! ```
//!
//! What nothing but such functions calls moves into the chunk that the first
//! word of the attribute names; functions that name the same chunk share it.
//! Hence the rules: mount the components of a panel in its split function and
//! nowhere else; open several panels from one chunk rather than many small
//! ones, for what two chunks share becomes a third; pass what the panel needs
//! as arguments or take it from the context. The function can be neither
//! `async` nor generic.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use leptos::html;
use leptos::prelude::*;
use leptos::reactive::owner::WeakOwner;
use leptos::tachys::view::Mountable;
use leptos::task::spawn_local;

pub(crate) use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::{Icon, Symbol};

/// What a split function gives: always what it has drawn. The error is the
/// loader's, where the function could not even be called.
pub(crate) type LazyView = Result<Drawn, SplitLoaderError>;

/// A panel's content, not yet on the page.
///
/// Not an `AnyView`, which could also be drawn on the server and taken over
/// from there: the code for that, never called, would be half of a small chunk.
pub(crate) struct Drawn(Box<dyn Mountable>);

/// Draws what a panel shows; in the browser alone.
pub(crate) fn drawn(content: impl IntoView + 'static) -> LazyView {
    Ok(Drawn(Box::new(content.build())))
}

/// A panel whose code is loaded when it is mounted. Until then it says
/// "Opening…", and where that fails, why and what to do. The server draws
/// nothing in its place.
#[component]
pub(crate) fn LazyPanel<Load, Loaded, Draw, Drawing>(
    /// What `preload(…)` in the attribute named.
    load: Load,
    /// Calls the split function; it is called in the panel's owner, where it
    /// finds the contexts.
    draw: Draw,
) -> impl IntoView
where
    Load: Fn() -> Loaded + Send + Sync + 'static,
    Loaded: Future<Output = Result<(), SplitLoaderError>> + 'static,
    Draw: Fn() -> Drawing + Send + Sync + 'static,
    Drawing: Future<Output = LazyView> + 'static,
{
    // Boxed, so that all panels share one copy of what follows.
    panel(Panel {
        owner: Owner::current().map(|owner| owner.downgrade()),
        load: Box::new(move || Box::pin(load())),
        // Once the code is here, the future of calling it has nothing to wait for.
        draw: Box::new(move || finished(draw())?.ok()),
    })
}

/// How a panel is loaded and drawn.
struct Panel {
    /// Whose end is the panel's.
    owner: Option<WeakOwner>,
    load: Box<dyn Fn() -> Loading + Send + Sync>,
    draw: Box<dyn Fn() -> Option<Drawn> + Send + Sync>,
}

type Loading = Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>>;

/// What has become of a panel that was asked for.
#[derive(Clone, Copy, PartialEq)]
enum Arrival {
    /// Nobody has asked; so the server draws it.
    Unasked,
    Opening,
    Failed,
    Here,
}

fn panel(panel: Panel) -> impl IntoView {
    let panel = StoredValue::new(panel);
    let arrival = RwSignal::new(Arrival::Unasked);
    let place = NodeRef::<html::Div>::new();
    // An effect, because those run in the browser alone.
    Effect::new(move || untrack(|| open(panel, arrival, place)));
    view! {
        <div node_ref=place>
            <p class="notice" role="status" class:absent=move || arrival.get() != Arrival::Opening>
                <span class="pulse"></span>
                "Opening…"
            </p>
            <div class="problem" role="alert" class:absent=move || arrival.get() != Arrival::Failed>
                <p>
                    <strong>"This part of the page could not be loaded."</strong>
                    " Either the server cannot be reached, or it has been updated since this page \
                     was loaded. Try again; if that does not help, reload the page."
                </p>
                <button
                    type="button"
                    class="button"
                    on:click=move |_| open(panel, arrival, place)
                >
                    <Icon symbol=Symbol::Retry />
                    "Try again"
                </button>
            </div>
        </div>
    }
}

/// Loads the panel and puts it in its place.
fn open(panel: StoredValue<Panel>, arrival: RwSignal<Arrival>, place: NodeRef<html::Div>) {
    arrival.set(Arrival::Opening);
    let loading = panel.with_value(|panel| (panel.load)());
    spawn_local(async move {
        let loaded = loading.await.is_ok();
        // Whoever closed the panel meanwhile took all of it along.
        let owner = panel.try_with_value(|panel| panel.owner.as_ref()?.upgrade());
        let (Some(Some(owner)), Some(Some(place))) = (owner, place.try_get_untracked()) else {
            return;
        };
        let drawn =
            loaded.then(|| owner.with(|| untrack(|| panel.with_value(|panel| (panel.draw)()))));
        let Some(Some(Drawn(mut content))) = drawn else {
            arrival.set(Arrival::Failed);
            return;
        };
        content.mount(&place, None);
        owner.with(|| {
            let content = StoredValue::new_local(content);
            // The element may be used again, by another drawing of the panel.
            on_cleanup(move || {
                content.try_update_value(|content| content.unmount());
            });
        });
        arrival.set(Arrival::Here);
    });
}

/// Loads a panel's code before somebody asks for it, as when the pointer or
/// the focus comes near. A failure is found again when the panel opens.
pub(crate) fn load_ahead<Loaded>(load: impl Fn() -> Loaded)
where
    Loaded: Future<Output = Result<(), SplitLoaderError>> + 'static,
{
    let loading = load();
    spawn_local(async move {
        let _ = loading.await;
    });
}

/// What a future gives that has nothing to wait for.
fn finished<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
