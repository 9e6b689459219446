//! A list of short texts: stop phrases, watch words.

use leptos::{html, prelude::*};
use protocol::{ConversationSettings, LONGEST_PHRASE, MOST_PHRASES};

use super::{super::state::ChatState, change, controls::hint_of};
use crate::{
    client::dom,
    ui::{Icon, Symbol},
};

/// A list of texts.
#[derive(Clone, Copy)]
pub(super) struct Phrases {
    /// The id of the box that adds one.
    pub(super) id: &'static str,
    /// What stands in the empty box.
    pub(super) placeholder: &'static str,
    /// The text as it is shown, and the one that was typed.
    pub(super) shown: fn(&str) -> String,
    pub(super) read: fn(&str) -> String,
    pub(super) get: fn(&ConversationSettings) -> &Vec<String>,
    pub(super) get_mut: fn(&mut ConversationSettings) -> &mut Vec<String>,
}

/// Why a text cannot be added.
fn objection(all: &[String], new: &str) -> Option<String> {
    if all.len() >= MOST_PHRASES {
        Some(format!(
            "There can be no more than {MOST_PHRASES}. Remove one first."
        ))
    } else if new.len() > LONGEST_PHRASE {
        Some(format!(
            "It is too long: at most {LONGEST_PHRASE} bytes fit."
        ))
    } else if all.iter().any(|known| known == new) {
        Some("It is in the list already.".to_owned())
    } else {
        None
    }
}

/// The list with the box that adds to it.
pub(super) fn phrases(state: ChatState, it: Phrases) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let problem = RwSignal::new(None::<String>);
    let all = Memo::new(move |_| state.settings.with(|settings| (it.get)(settings).clone()));
    let add = move || {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let new = (it.read)(&input.value());
        if new.trim_matches(' ').is_empty() {
            problem.set(None);
            return;
        }
        let objection = all.with_untracked(|all| objection(all, &new));
        if objection.is_none() {
            change(state, |settings| (it.get_mut)(settings).push(new));
            input.set_value("");
        }
        problem.set(objection);
        let _ = input.focus();
    };
    let rows = move || {
        let row = |phrase: String| {
            let shown = (it.shown)(&phrase);
            let label = format!("Remove “{shown}”");
            let remove = move |_| {
                change(state, |settings| {
                    (it.get_mut)(settings).retain(|other| *other != phrase)
                });
                problem.set(None);
                // The button goes: the focus must not go with it.
                dom::focus(it.id);
            };
            view! {
                <li class="phrase">
                    <span dir="auto">{shown}</span>
                    <button type="button" class="button" aria-label=label on:click=remove>
                        <Icon symbol=Symbol::Close />
                    </button>
                </li>
            }
        };
        all.get().into_iter().map(row).collect_view()
    };
    view! {
        <ul class="phrases" class:absent=move || all.with(Vec::is_empty)>
            {rows}
        </ul>
        <div class="add">
            <input
                type="text"
                class="box"
                id=it.id
                aria-describedby=hint_of(it.id)
                placeholder=it.placeholder
                autocomplete="off"
                autocapitalize="none"
                dir="auto"
                node_ref=input
                on:keydown=move |event| {
                    if event.key() == "Enter" && !dom::is_composing(&event) {
                        event.prevent_default();
                        add();
                    }
                }
            />
            <button type="button" class="button outlined" on:click=move |_| add()>
                "Add"
            </button>
            <span class="unit">
                {move || format!("{} of {MOST_PHRASES}", all.with(Vec::len))}
            </span>
        </div>
        <p class="objection" role="alert">
            {move || problem.get()}
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_added_once_and_within_the_limits() {
        let all = vec!["water".to_owned()];
        let refused = |all: &[String], new: &str| objection(all, new).unwrap_or_default();
        assert_eq!(objection(&all, "Water"), None);
        assert_eq!(refused(&all, "water"), "It is in the list already.");
        assert_eq!(objection(&all, &"é".repeat(LONGEST_PHRASE / 2)), None);
        assert!(refused(&all, &"é".repeat(LONGEST_PHRASE)).starts_with("It is too long"));
        let full: Vec<_> = (0..MOST_PHRASES).map(|at| at.to_string()).collect();
        assert!(refused(&full, "one more").starts_with("There can be no more than 16"));
    }
}
