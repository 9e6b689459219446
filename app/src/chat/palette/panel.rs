//! The list of the palette, and the keys that go through it.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent};

use super::{
    super::{settings::presets, shortcuts::keys, state::ChatState},
    INPUT, LIST, Scope, choosing, help,
    hits::Finding,
    items::{self, Group, Item},
    restore_selection,
};
use crate::{
    client::dom,
    ui::{
        Icon, LazyView, Symbol,
        lazy::{self, wasm_split},
    },
};

/// How many items a page key goes on.
const PAGE: usize = 8;

/// What is listed and what can be done with it.
#[derive(Clone, Copy)]
struct Panel {
    state: ChatState,
    typed: RwSignal<String>,
    finding: Finding,
    groups: Memo<Listed>,
    active: RwSignal<usize>,
    /// Whether Enter was pressed before anything was found.
    hasty: StoredValue<bool>,
}

/// What is listed, which is another each time.
#[derive(Clone)]
struct Listed(Vec<Group>);

impl PartialEq for Listed {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// The list below the box.
#[wasm_split(palette, fallible, preload(load_palette))]
pub(crate) fn palette(state: ChatState) -> LazyView {
    lazy::drawn(list(state))
}

fn list(state: ChatState) -> AnyView {
    presets::refresh(state);
    let typed = RwSignal::new(String::new());
    let finding = Finding::new();
    let groups = Memo::new(move |_| {
        let typed = typed.get();
        finding.hits.with(|hits| {
            Listed(items::groups(
                state,
                state.palette.get(),
                typed.trim(),
                hits,
            ))
        })
    });
    let panel = Panel {
        state,
        typed,
        finding,
        groups,
        active: RwSignal::new(0),
        hasty: StoredValue::new(false),
    };
    if let Some(input) = dom::element::<HtmlInputElement>(INPUT) {
        panel.listen(&input);
        panel.mirror(input);
    }
    // Escape, too, gives back what was selected.
    on_cleanup(restore_selection);
    let label = move || match state.palette.get() {
        Scope::Models => "Models",
        Scope::Presets => "Presets",
        Scope::Folders => "Folders",
        _ => "What was found",
    };
    view! {
        <div class="palette">
            <div
                id=LIST
                class="palette-list"
                role="listbox"
                aria-label=label
                // A browser would make a stop of what scrolls; the box above
                // has the keys.
                tabindex="-1"
                class:absent=move || panel.is_empty()
            >
                {move || panel.drawn()}
            </div>
            {move || panel.state_words()}
            <p class="visually-hidden" role="status">{move || panel.count_words()}</p>
        </div>
    }
    .into_any()
}

impl Panel {
    /// Follows what is typed into the box, and the keys pressed there.
    fn listen(self, input: &HtmlInputElement) {
        let on_input = {
            let input = input.clone();
            move || self.take(input.value())
        };
        // What was typed before the list was there.
        on_input();
        let changed = Closure::<dyn FnMut(Event)>::new(move |_| on_input()).into_js_value();
        let _ = input.add_event_listener_with_callback("input", changed.unchecked_ref());
        let key = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            if let Ok(event) = event.dyn_into() {
                self.on_key(&event);
            }
        })
        .into_js_value();
        // They end with the box, which is another one each time.
        let _ = input.add_event_listener_with_callback("keydown", key.unchecked_ref());
    }

    /// Tells a screen reader by the box what is active in the list.
    fn mirror(self, input: HtmlInputElement) {
        Effect::new(move || {
            let has_items = !self.is_empty();
            let _ = input.set_attribute("aria-expanded", if has_items { "true" } else { "false" });
            let _ = match has_items {
                true => input.set_attribute("aria-activedescendant", &option(self.active.get())),
                false => input.remove_attribute("aria-activedescendant"),
            };
            let active = self.active.get();
            dom::on_next_frame(move || {
                if let Some(item) = dom::element::<Element>(&option(active)) {
                    scroll_to(&item, active == 0);
                }
            });
        });
        Effect::new(move || {
            let is_done = !self.finding.is_searching.get();
            if is_done && self.hasty.get_value() {
                self.hasty.set_value(false);
                untrack(|| self.choose_active());
            }
        });
    }

    /// Lists what is meant by what is in the box now.
    fn take(self, typed: String) {
        self.hasty.set_value(false);
        self.active.set(0);
        let wanted = typed.trim();
        let searches = match self.state.palette.get_untracked() {
            Scope::Search => true,
            // One letter is in nearly everything.
            Scope::Everything => wanted.len() > 1,
            Scope::Models | Scope::Presets | Scope::Folders => false,
        };
        self.finding.search(if searches { wanted } else { "" });
        self.typed.set(typed);
    }

    fn on_key(self, event: &KeyboardEvent) {
        if dom::is_composing(event) {
            return;
        }
        let is_plain = !event.alt_key() && !event.ctrl_key() && !event.meta_key();
        let count = self.groups.with_untracked(count);
        let active = self.active.get_untracked();
        let last = count.saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" if is_plain => self.active.set(if active >= last { 0 } else { active + 1 }),
            "ArrowUp" if is_plain => self.active.set(active.checked_sub(1).unwrap_or(last)),
            "PageDown" => self.active.set((active + PAGE).min(last)),
            "PageUp" => self.active.set(active.saturating_sub(PAGE)),
            "Enter" => self.enter(),
            "Backspace" if self.typed.with_untracked(String::is_empty) => {
                if self.state.palette.get_untracked() == Scope::Everything {
                    return;
                }
                choosing::back(self.state);
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn enter(self) {
        let is_old = self.finding.is_searching.get_untracked()
            && (self.state.palette.get_untracked() == Scope::Search || untrack(|| self.is_empty()));
        if is_old {
            self.hasty.set_value(true);
        } else {
            self.choose_active();
        }
    }

    fn choose_active(self) {
        let active = self.active.get_untracked();
        let item = self.groups.with_untracked(|Listed(groups)| {
            let mut items = groups.iter().flat_map(|group| &group.items);
            items.nth(active).map(|item| item.deed.clone())
        });
        if let Some(deed) = item {
            choosing::choose(self.state, deed);
        }
    }

    fn is_empty(self) -> bool {
        self.groups.with(|Listed(groups)| groups.is_empty())
    }

    fn drawn(self) -> Vec<AnyView> {
        let mac = keys::is_mac();
        let mut number = 0;
        self.groups.with(|Listed(groups)| {
            let group = |(at, group): (usize, &Group)| {
                let heading = format!("palette-group-{at}");
                let items = group.items.iter().map(|item| {
                    number += 1;
                    self.drawn_item(item, number - 1, mac)
                });
                view! {
                    <div role="group" aria-labelledby=heading.clone()>
                        <div id=heading.clone() class="palette-heading" role="presentation">
                            {group.heading.clone()}
                        </div>
                        {items.collect_view()}
                    </div>
                }
                .into_any()
            };
            groups.iter().enumerate().map(group).collect()
        })
    }

    fn drawn_item(self, item: &Item, number: usize, mac: bool) -> AnyView {
        let deed = item.deed.clone();
        let is_active = move || self.active.get() == number;
        let keys = item
            .keys
            .map(|keys| view! { <span class="palette-keys">{help::drawn_keys(keys, mac)}</span> });
        let note = (!item.note.is_empty())
            .then(|| view! { <span class="palette-note" dir="auto">{marked(&item.note)}</span> });
        let aside = (!item.aside.is_empty())
            .then(|| view! { <span class="palette-aside">{item.aside.clone()}</span> });
        let chosen = item.chosen.then(|| {
            view! {
                <span class="visually-hidden">", in use"</span>
                <Icon symbol=Symbol::Check />
            }
        });
        view! {
            <div
                id=option(number)
                class="palette-item"
                role="option"
                aria-selected=move || is_active().to_string()
                // The box keeps the focus.
                on:pointerdown=|event| event.prevent_default()
                on:mousedown=|event| event.prevent_default()
                on:pointermove=move |_| {
                    if !untrack(is_active) {
                        self.active.set(number);
                    }
                }
                on:click=move |_| choosing::choose(self.state, deed.clone())
            >
                <Icon symbol=item.symbol />
                <span class="palette-words">
                    <span class="palette-label" dir="auto">{marked(&item.label)}</span>
                    {note}
                </span>
                {aside}
                {chosen}
                {keys}
            </div>
        }
        .into_any()
    }

    /// What is said where the list is not all there is to say.
    fn state_words(self) -> AnyView {
        if let Some(problem) = self.finding.problem.get() {
            return view! {
                <div class="problem palette-state" role="alert">
                    <p>
                        <strong>"Messages could not be searched. "</strong>
                        {problem.message}
                        " "
                        {problem.advice}
                    </p>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| {
                            self.take(self.typed.get_untracked());
                            dom::focus(INPUT);
                        }
                    >
                        <Icon symbol=Symbol::Retry />
                        "Try again"
                    </button>
                </div>
            }
            .into_any();
        }
        if self.finding.is_searching.get() {
            return view! { <p class="hint palette-state">"Searching…"</p> }.into_any();
        }
        if !self.is_empty() {
            return ().into_any();
        }
        let typed = self.typed.with(|typed| typed.trim().to_owned());
        let words = match self.state.palette.get() {
            Scope::Presets if typed.is_empty() => {
                "There are no presets yet. Keep the settings of a conversation under a name to have one."
                    .to_owned()
            }
            Scope::Folders if typed.is_empty() => "Type the name of a new folder.".to_owned(),
            Scope::Search if typed.is_empty() => {
                "What you search for is looked up in all titles and messages.".to_owned()
            }
            Scope::Search => format!(
                "Nothing found for “{typed}”. Try fewer words, or only the beginning of one."
            ),
            _ => format!("Nothing found for “{typed}”."),
        };
        view! { <p class="hint palette-state">{words}</p> }.into_any()
    }

    /// What a screen reader is told of the list.
    fn count_words(self) -> String {
        if self.finding.is_searching.get() || self.typed.with(String::is_empty) {
            return String::new();
        }
        match self.groups.with(count) {
            0 => "Nothing found".to_owned(),
            1 => "1 result".to_owned(),
            count => format!("{count} results"),
        }
    }
}

fn count(Listed(groups): &Listed) -> usize {
    groups.iter().map(|group| group.items.len()).sum()
}

/// The id of an item on the page.
fn option(number: usize) -> String {
    format!("palette-item-{number}")
}

/// Pieces of a text, every second one marked.
fn marked(pieces: &[String]) -> Vec<AnyView> {
    let piece = |(at, piece): (usize, &String)| match at % 2 {
        0 => piece.clone().into_any(),
        _ => view! { <mark>{piece.clone()}</mark> }.into_any(),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Brings an item into view, the first one with what is above it.
fn scroll_to(item: &Element, is_first: bool) {
    let Some(list) = item.closest(".palette-list").ok().flatten() else {
        return;
    };
    if is_first {
        list.set_scroll_top(0);
        return;
    }
    let (item, frame) = (
        item.get_bounding_client_rect(),
        list.get_bounding_client_rect(),
    );
    let over = (item.bottom() - frame.bottom()).max(0.0) - (frame.top() - item.top()).max(0.0);
    list.set_scroll_top(list.scroll_top() + over.round() as i32);
}
