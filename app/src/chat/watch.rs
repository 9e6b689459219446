//! Watch words: marked in answers as they appear, counted, and gone to. What
//! is drawn is not touched, so that selections and the drawing of Markdown
//! are left alone.

mod bar;
mod going;
mod matching;
pub(super) mod painter;
mod units;
mod watcher;

use leptos::prelude::*;

use super::state::ChatState;
use crate::ui::LazyPanel;

/// The bar of watch words, where there are any; its code, and all that
/// searches, is loaded with it.
#[component]
pub(crate) fn WatchBar() -> impl IntoView {
    let state = ChatState::use_here();
    let watches = Memo::new(move |_| {
        state
            .settings
            .with(|settings| !settings.watch.words.is_empty())
    });
    move || {
        watches.get().then(|| {
            view! { <LazyPanel load=bar::load_watch draw=move || bar::watch_bar(state) /> }
        })
    }
}
