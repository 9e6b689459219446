//! How many of the watch words were found, how often each, and the way there.

use leptos::prelude::*;

use super::{super::state::ChatState, watcher};
use crate::ui::{
    Icon, LazyView, Symbol,
    lazy::{self, wasm_split},
};

/// The bar above the box.
#[wasm_split(watch, fallible, preload(load_watch))]
pub(super) fn watch_bar(state: ChatState) -> LazyView {
    lazy::drawn(bar(state))
}

fn bar(state: ChatState) -> AnyView {
    let counts = RwSignal::new(Vec::<u32>::new());
    // Where the reader has jumped to last: which word, and the how manyeth of
    // its places.
    let jumped = RwSignal::new(None::<(usize, u32)>);
    let watch = Memo::new(move |_| state.settings.with(|settings| settings.watch.clone()));
    Effect::new(move || {
        let watch = watch.get();
        counts.set(vec![0; watch.words.len()]);
        jumped.set(None);
        watcher::begin(&watch, counts);
    });
    on_cleanup(watcher::end);
    let total = move || {
        let all = watch.with(|watch| watch.words.len());
        let found = counts.with(|counts| counts.iter().filter(|count| **count > 0).count());
        total_words(found, all)
    };
    let go = move |word: usize, forwards: bool| {
        if let Some(place) = watcher::jump(state, word, forwards) {
            jumped.set(Some((word, place)));
            let count = counts.with_untracked(|counts| counts.get(word).copied());
            let name = watch.with_untracked(|watch| watch.words.get(word).cloned());
            state.announcement.set(format!(
                "“{}”: {place} of {}",
                name.unwrap_or_default(),
                count.unwrap_or(place)
            ));
        }
    };
    let row = move |(at, word): (usize, String)| {
        let count = move || counts.with(|counts| counts.get(at).copied().unwrap_or(0));
        let told = move || match jumped.get() {
            Some((word, place)) if word == at => format!("{place} of {}", count()),
            _ => count().to_string(),
        };
        let step = move |forwards: bool, label: String, symbol: Symbol| {
            view! {
                <button
                    type="button"
                    class="button"
                    aria-label=label.clone()
                    title=label
                    disabled=move || count() == 0
                    on:click=move |_| go(at, forwards)
                >
                    <Icon symbol=symbol />
                </button>
            }
        };
        view! {
            <li class="watched" class:found=move || count() != 0>
                <span class="watched-word" dir="auto">{word.clone()}</span>
                {step(false, format!("Previous “{word}”"), Symbol::Back)}
                {step(true, format!("Next “{word}”"), Symbol::Forward)}
                // Behind the buttons: its width changes, and they must not move.
                <span class="watched-count">{told}</span>
            </li>
        }
    };
    let rows = move || {
        let words = watch.with(|watch| watch.words.clone());
        words.into_iter().enumerate().map(row).collect_view()
    };
    view! {
        <section class="watch-bar" aria-label="Watch words">
            <p class="watch-total">{total}</p>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}

fn total_words(found: usize, all: usize) -> String {
    format!("Found {found} of {all}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_counts_words_and_not_places() {
        assert_eq!(total_words(3, 5), "Found 3 of 5");
    }
}
