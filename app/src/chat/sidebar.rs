//! The conversations: a column on wide screens, a drawer on narrow ones.

use leptos::{either::Either, prelude::*};
use protocol::{ConversationSummary, api};

use super::{conversations, state::ChatState};
use crate::{
    client::{dom, storage},
    ui::{Icon, Mark, Symbol},
};

/// When the sidebar is a drawer; the same as in the style sheet.
pub(crate) const NARROW: &str = "(max-width: 760px)";
/// The toggle, which gets the focus back when the drawer closes.
pub(crate) const TOGGLE: &str = "sidebar-toggle";
const DAY_MS: i64 = 86_400_000;

/// The list of conversations.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let state = ChatState::use_here();
    let theme = RwSignal::new(None::<String>);
    Effect::new(move || theme.set(storage::get(storage::THEME)));
    let rows = Memo::new(move |_| rows(state));
    let new = move |event: web_sys::MouseEvent| {
        if !dom::is_modified(&event) {
            event.prevent_default();
            conversations::open(state, None);
        }
    };
    view! {
        <div
            class="scrim"
            class:open=move || state.drawer_open.get()
            on:click=move |_| toggle(state)
        ></div>
        <nav class="sidebar" id="sidebar" class:open=move || state.drawer_open.get() aria-label="Conversations">
            <div class="sidebar-head">
                <a class="brand" href="/" on:click=new>
                    <Mark />
                    "Rivulet"
                </a>
            </div>
            <a id="new-conversation" class="button new-conversation" href="/" on:click=new>
                <Icon symbol=Symbol::New />
                "New conversation"
            </a>
            <div class="conversation-list">
                <ul>
                    <For each=move || rows.get() key=Row::key let(row)>
                        {match row {
                            Row::Day(label) => {
                                Either::Left(
                                    view! {
                                        <li>
                                            <h2 class="group-label">{label}</h2>
                                        </li>
                                    },
                                )
                            }
                            Row::Conversation(summary) => {
                                Either::Right(view! { <ConversationItem summary=summary /> })
                            }
                        }}
                    </For>
                </ul>
                <p class="hint" class:absent=move || !state.conversations.with(Vec::is_empty)>
                    "Your conversations will be listed here."
                </p>
            </div>
            <div class="sidebar-foot">
                <button type="button" class="button quiet" on:click=move |_| super::shortcuts::show()>
                    "Shortcuts"
                    <kbd>"?"</kbd>
                </button>
                <button type="button" class="button quiet" on:click=move |_| next_theme(theme)>
                    {move || match theme.get().as_deref() {
                        Some("light") => "Theme: light",
                        Some("dark") => "Theme: dark",
                        _ => "Theme: system",
                    }}
                </button>
            </div>
        </nav>
    }
}

/// Folds the sidebar away or opens the drawer, whichever the width has.
#[component]
pub(crate) fn SidebarToggle() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <button
            type="button"
            id=TOGGLE
            class="button sidebar-toggle"
            aria-label="Conversations"
            aria-controls="sidebar"
            aria-expanded=move || {
                let shown = if state.narrow.get() { state.drawer_open.get() } else { !state.sidebar_folded.get() };
                shown.to_string()
            }
            on:click=move |_| toggle(state)
        >
            <Icon symbol=Symbol::Menu />
        </button>
    }
}

/// Folds the sidebar or opens the drawer, or back.
pub(crate) fn toggle(state: ChatState) {
    if state.narrow.get_untracked() {
        let open = !state.drawer_open.get_untracked();
        state.drawer_open.set(open);
        dom::focus(if open { "new-conversation" } else { TOGGLE });
    } else {
        let folded = !state.sidebar_folded.get_untracked();
        state.sidebar_folded.set(folded);
        dom::set_document_data("sidebar", folded.then_some("folded"));
        storage::set(storage::SIDEBAR, if folded { "folded" } else { "" });
    }
}

#[component]
fn ConversationItem(summary: ConversationSummary) -> impl IntoView {
    let state = ChatState::use_here();
    let id = summary.id;
    let editing = RwSignal::new(false);
    let title = StoredValue::new(summary.title.clone());
    let is_current = move || state.current.get() == Some(id);
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            input.select();
        }
    });
    let open = move |event: web_sys::MouseEvent| {
        if !dom::is_modified(&event) {
            event.prevent_default();
            conversations::open(state, Some(id));
        }
    };
    let link = format!("conversation-{id}");
    let save = move || {
        if !editing.get_untracked() {
            return;
        }
        let title = input.get_untracked().map(|input| input.value());
        editing.set(false);
        if let Some(title) = title {
            conversations::rename(state, id, title);
        }
    };
    let item = move || {
        if editing.get() {
            Either::Left(view! {
                <input
                    node_ref=input
                    class="rename"
                    aria-label="Title of the conversation"
                    prop:value=title.get_value()
                    value=title.get_value()
                    on:blur=move |_| save()
                    on:keydown=move |event| {
                        if dom::is_composing(&event) {
                            return;
                        }
                        match event.key().as_str() {
                            "Enter" => save(),
                            "Escape" => {
                                event.prevent_default();
                                editing.set(false);
                            }
                            _ => return,
                        }
                        // By then the link is there again, perhaps in a row of
                        // its own for the new title. Who clicked elsewhere has
                        // the focus there.
                        dom::focus(&format!("conversation-{id}"));
                    }
                />
            })
        } else {
            let name = title.get_value();
            Either::Right(view! {
                <a
                    id=link.clone()
                    class="conversation-link"
                    href=api::conversation_page(id)
                    aria-current=move || is_current().then_some("page")
                    title=name.clone()
                    on:click=open
                    on:dblclick=move |_| editing.set(true)
                >
                    {name.clone()}
                </a>
                <button
                    type="button"
                    class="button item-action"
                    aria-label=format!("Rename {name}")
                    on:click=move |_| editing.set(true)
                >
                    <Icon symbol=Symbol::Edit />
                </button>
                <button
                    type="button"
                    class="button item-action"
                    aria-label=format!("Delete {name}")
                    on:click=move |_| conversations::delete(state, id)
                >
                    <Icon symbol=Symbol::Delete />
                </button>
            })
        }
    };
    view! {
        <li class="conversation-item" class:current=is_current>
            {item}
        </li>
    }
}

/// From the system's choice to light, to dark, and back.
fn next_theme(theme: RwSignal<Option<String>>) {
    let next = match theme.get_untracked().as_deref() {
        None => Some("light"),
        Some("light") => Some("dark"),
        Some(_) => None,
    };
    dom::set_document_data("theme", next);
    storage::set(storage::THEME, next.unwrap_or_default());
    theme.set(next.map(str::to_owned));
}

/// A row of the list.
#[derive(Clone, PartialEq)]
enum Row {
    /// The name of a day.
    Day(String),
    /// A conversation of that day.
    Conversation(ConversationSummary),
}

impl Row {
    /// What tells this row from the others, and from itself before a change.
    fn key(&self) -> String {
        match self {
            Self::Day(label) => label.clone(),
            Self::Conversation(summary) => format!("{} {}", summary.id, summary.title),
        }
    }
}

/// The conversations under the days a person would name.
fn rows(state: ChatState) -> Vec<Row> {
    let (now_ms, offset_ms) = state.clock.get();
    let mut rows = Vec::new();
    let mut day = String::new();
    for summary in state.conversations.get() {
        let label = day_label(summary.updated_ms, now_ms, offset_ms);
        if label != day {
            day.clone_from(&label);
            rows.push(Row::Day(label));
        }
        rows.push(Row::Conversation(summary));
    }
    rows
}

/// "Today", "Yesterday", "Last 7 days", "Last 30 days", then month and year.
fn day_label(at_ms: i64, now_ms: i64, offset_ms: i64) -> String {
    let day = |ms: i64| (ms + offset_ms).div_euclid(DAY_MS);
    match day(now_ms) - day(at_ms) {
        ..=0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        2..=7 => "Last 7 days".to_owned(),
        8..=30 => "Last 30 days".to_owned(),
        _ => month_label(day(at_ms)),
    }
}

/// Month and year of a day counted from 1970-01-01, by Howard Hinnant's
/// `civil_from_days`.
fn month_label(day: i64) -> String {
    const MONTHS: [&str; 12] = [
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "January",
        "February",
    ];
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    format!("{} {year}", MONTHS[month as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_names_a_person_would_use() {
        let now = 1_795_219_200_000; // 2026-11-21 00:00 UTC
        let label = |ago_ms: i64, offset: i64| day_label(now - ago_ms, now, offset);
        assert_eq!(label(-1, 0), "Today");
        assert_eq!(label(1, 0), "Yesterday");
        assert_eq!(label(1, -3_600_000), "Today");
        assert_eq!(label(3 * DAY_MS, 0), "Last 7 days");
        assert_eq!(label(20 * DAY_MS, 0), "Last 30 days");
        assert_eq!(label(300 * DAY_MS, 0), "January 2026");
        assert_eq!(label(330 * DAY_MS, 0), "December 2025");
        assert_eq!(label(265 * DAY_MS, 0), "March 2026");
        assert_eq!(label(267 * DAY_MS, 0), "February 2026");
    }
}
