//! The arrows between the versions of a message, and showing another one.

use leptos::{html, prelude::*};
use protocol::{
    MessageId,
    api::{self, ChangeConversation},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{FocusOptions, HtmlElement, KeyboardEvent};

use super::{
    queue, scroll,
    state::{ChatState, ShownMessage},
};
use crate::{
    client::{dom, http::Request, tabs},
    ui::{Icon, Symbol},
};

/// "‹ 2/3 ›" where a message has other versions.
#[component]
pub(crate) fn VersionArrows(shown: ShownMessage) -> impl IntoView {
    let state = ChatState::use_here();
    let key = shown.key;
    let version = Memo::new(move |_| state.versions.with(|all| all.get(&key).copied()));
    move || {
        let version = version.get()?;
        let arrow = |name: &'static str, symbol: Symbol, to: Option<usize>| {
            let shown = shown.clone();
            let go = move || {
                if let Some(to) = to {
                    switch(state, &shown, to);
                }
            };
            view! {
                <button
                    type="button"
                    class="button arrow"
                    aria-label=name
                    title=name
                    aria-disabled=to.is_none().then_some("true")
                    on:click=move |_| go()
                >
                    <Icon symbol=symbol />
                </button>
            }
        };
        let message = shown.message.clone();
        let group = NodeRef::<html::Div>::new();
        // Whoever has the focus on one of the arrows can use the keys for both.
        let on_key = move |event: KeyboardEvent| {
            let at = match event.key().as_str() {
                "ArrowLeft" => 0,
                "ArrowRight" => 1,
                _ => return,
            };
            let arrows = group
                .get_untracked()
                .map(|group| group.query_selector_all(".arrow"));
            let arrow = arrows.and_then(|it| it.ok()?.item(at)?.dyn_into::<HtmlElement>().ok());
            if let Some(arrow) = arrow {
                event.prevent_default();
                let _ = arrow.focus();
                arrow.click();
            }
        };
        let words = format!("Version {} of {}", version.number, version.of);
        let earlier = version.number.checked_sub(1).filter(|number| *number > 0);
        let later = (version.number < version.of).then_some(version.number + 1);
        Some(view! {
            <div
                id=move || message.with(|message| id_of(message.id))
                class="versions"
                role="group"
                aria-label=words
                node_ref=group
                on:keydown=on_key
            >
                {arrow("Earlier version", Symbol::Back, earlier)}
                <span class="version-number" aria-hidden="true">
                    {format!("{}/{}", version.number, version.of)}
                </span>
                {arrow("Later version", Symbol::Forward, later)}
            </div>
        })
    }
}

fn id_of(message: MessageId) -> String {
    format!("versions-{message}")
}

/// Shows another version of a message, by its number from 1, and stores the
/// choice. The message stays where it is in the window.
fn switch(state: ChatState, shown: &ShownMessage, number: usize) {
    let versions = state.versions_of(shown);
    let Some(other) = number.checked_sub(1).and_then(|at| versions.get(at)) else {
        return;
    };
    let forward = versions
        .iter()
        .position(|version| version.key == shown.key)
        .is_some_and(|at| at + 1 < number);
    // Where its beginning is out of view, the arrows are what one looks at.
    let arrows = dom::element::<HtmlElement>(&id_of(shown.id()));
    let article = arrows
        .as_ref()
        .and_then(|it| it.closest(".message").ok().flatten());
    let begins_in_view = article.is_some_and(|article| scroll::is_in_view(&article));
    let id = other.id();
    let place_of = move |id: MessageId| {
        let arrows = dom::element::<HtmlElement>(&id_of(id))?;
        let place = if begins_in_view {
            arrows.closest(".message").ok().flatten()?
        } else {
            arrows.into()
        };
        Some(place.get_bounding_client_rect().top())
    };
    scroll::keep_in_place(place_of(shown.id()), move || place_of(id));
    let awaited = untrack(|| state.running());
    state.show_through(other);
    queue::give_back_without(state, awaited.as_ref());
    state.announce(format!("Version {number} of {}", versions.len()));
    dom::on_next_frame(move || focus_arrow(id, forward));
    store_path(state);
}

/// The arrow that was pressed is gone with its message: the other version's has
/// the focus, without a jump of the page.
fn focus_arrow(message: MessageId, forward: bool) {
    let arrows = dom::element::<HtmlElement>(&id_of(message));
    let arrows = arrows.and_then(|it| it.query_selector_all(".arrow").ok());
    let arrow = arrows.and_then(|it| it.item(u32::from(forward))?.dyn_into::<HtmlElement>().ok());
    if let (Some(arrow), None) = (arrow, dom::focused()) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = arrow.focus_with_options(&options);
    }
}

/// Stores the path shown, for a reload and for other devices.
pub(crate) fn store_path(state: ChatState) {
    let path = state.messages.get_untracked();
    let (Some(id), Some(last)) = (state.current.get_untracked(), path.last()) else {
        return;
    };
    let leaf = last.id();
    state.choosing.set(Some(leaf));
    let change = ChangeConversation {
        leaf: Some(leaf),
        ..ChangeConversation::default()
    };
    spawn_local(async move {
        let sent = Request::new("PATCH", &api::conversation(id))
            .json(&change)
            .send()
            .await;
        if state.choosing.get_untracked() == Some(leaf) {
            state.choosing.set(None);
        }
        match sent {
            Ok(_) => tabs::announce(id),
            // It is shown all the same; only a reload would show another.
            Err(problem) => state.send_problem.set(Some(problem)),
        }
    });
}
