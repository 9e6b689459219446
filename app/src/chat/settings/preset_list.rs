//! The presets in the panel: use, keep, rename, delete, pass on.

use std::sync::Arc;

use leptos::{html, prelude::*};
use protocol::{Preset, api::ImportReport};
use wasm_bindgen_futures::spawn_local;

use super::{
    super::state::ChatState,
    in_force,
    panel::Done,
    presets::{self, LONGEST_NAME},
};
use crate::{
    client::{dom, files},
    ui::{Icon, MenuButton, MenuItem, Symbol},
};

/// The id of the box for a new preset's name.
const NAME: &str = "preset-name";
/// The id of the box that renames one.
const NEW_NAME: &str = "preset-new-name";

/// The list of presets with what can be done with them.
pub(super) fn preset_list(state: ChatState, done: Done) -> AnyView {
    let renaming = RwSignal::new(None::<String>);
    let now = Memo::new(move |_| in_force(state));
    let rows = move || {
        let renamed = renaming.get();
        let row = |preset: Preset| match renamed.as_ref() == Some(&preset.name) {
            true => rename_row(state, done, preset, renaming),
            false => row(state, done, preset, now, renaming),
        };
        state.presets.get().into_iter().map(row).collect_view()
    };
    let is_empty = move || state.presets.with(Vec::is_empty);
    view! {
        <p class="hint" class:absent=move || !is_empty()>
            "Keep these settings under a name to use them again, here and by everyone on this server."
        </p>
        <ul class="presets" class:absent=is_empty>
            {rows}
        </ul>
        {keeping(state, done)}
        {passing_on(state, done)}
    }
    .into_any()
}

fn row(
    state: ChatState,
    done: Done,
    preset: Preset,
    now: Memo<protocol::ConversationSettings>,
    renaming: RwSignal<Option<String>>,
) -> AnyView {
    let name = preset.name.clone();
    let settings = preset.settings.clone();
    let in_use = Memo::new(move |_| now.with(|now| *now == settings));
    let apply = {
        let preset = preset.clone();
        move |_| {
            let before = untrack(|| in_force(state));
            let missing = presets::apply(state, &preset.settings);
            let problems = missing.map(|model| {
                format!("This server does not offer its model {model}: the model stays as it was.")
            });
            let words = format!("“{}” is in use.", preset.name);
            done.tell_changed(state, words, problems.into_iter().collect(), before);
        }
    };
    let items = {
        let preset = preset.clone();
        move || items(state, done, &preset, renaming)
    };
    view! {
        <li class="preset">
            <button
                type="button"
                class="preset-use"
                aria-current=move || in_use.get().then_some("true")
                title="Use this preset"
                on:click=apply
            >
                <span dir="auto">{name.clone()}</span>
                <small class:absent=move || !in_use.get()>"in use"</small>
            </button>
            <MenuButton label=format!("More for the preset “{name}”") items=items>
                <Icon symbol=Symbol::More />
            </MenuButton>
        </li>
    }
    .into_any()
}

fn items(
    state: ChatState,
    done: Done,
    preset: &Preset,
    renaming: RwSignal<Option<String>>,
) -> Vec<MenuItem> {
    let updated = preset.clone();
    let renamed = preset.name.clone();
    let removed = preset.clone();
    vec![
        MenuItem::new("Update with these settings", move || {
            keep(state, done, updated.name.clone());
        })
        .icon(Symbol::Check),
        MenuItem::new("Rename", move || {
            renaming.set(Some(renamed.clone()));
            dom::focus(NEW_NAME);
        })
        .icon(Symbol::Edit),
        MenuItem::new("Delete", move || {
            let preset = removed.clone();
            presets::remove(state, preset.name.clone());
            let words = format!("The preset “{}” is deleted.", preset.name);
            let take_back =
                move || presets::keep(state, preset.name.clone(), preset.settings.clone());
            done.tell(words, Vec::new(), Some(Arc::new(take_back)));
        })
        .icon(Symbol::Delete)
        .dangerous(),
    ]
}

/// Keeps the settings as they are under this name.
fn keep(state: ChatState, done: Done, name: String) {
    let known = find(state, &name);
    presets::keep(state, name.clone(), untrack(|| in_force(state)));
    match known {
        None => done.tell(format!("“{name}” is kept."), Vec::new(), None),
        Some(before) => {
            let words = format!("“{name}” has these settings now.");
            let take_back = move || presets::keep(state, name.clone(), before.settings.clone());
            done.tell(words, Vec::new(), Some(Arc::new(take_back)));
        }
    }
}

fn rename_row(
    state: ChatState,
    done: Done,
    preset: Preset,
    renaming: RwSignal<Option<String>>,
) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let old = preset.name.clone();
    let finish = move || {
        // Leaving the box, too, is an end; there is only one.
        if renaming.get_untracked().as_ref() != Some(&preset.name) {
            return;
        }
        let typed = input.get_untracked().map(|input| input.value());
        let name = name_of(&typed.unwrap_or_default());
        renaming.set(None);
        match name {
            Some(name) if name == preset.name => {}
            Some(name) if find(state, &name).is_none() => {
                state.presets.update(|all| {
                    for known in all.iter_mut().filter(|known| known.name == preset.name) {
                        known.name.clone_from(&name);
                    }
                });
                let (from, settings) = (preset.name.clone(), preset.settings.clone());
                presets::rename(state, from, name, settings);
            }
            Some(name) => {
                let words = format!("There is a preset called “{name}” already.");
                done.tell(words, Vec::new(), None);
            }
            None => {}
        }
    };
    let by_key = finish.clone();
    view! {
        <li class="preset">
            <input
                type="text"
                class="box"
                id=NEW_NAME
                aria-label=format!("New name of the preset “{old}”")
                maxlength=LONGEST_NAME.to_string()
                value=old
                dir="auto"
                node_ref=input
                on:keydown=move |event| {
                    match event.key().as_str() {
                        "Enter" if !dom::is_composing(&event) => by_key(),
                        "Escape" => renaming.set(None),
                        _ => return,
                    }
                    event.prevent_default();
                    event.stop_propagation();
                    dom::focus(NAME);
                }
                on:blur=move |_| finish()
            />
        </li>
    }
    .into_any()
}

/// The box that keeps the settings under a new name.
fn keeping(state: ChatState, done: Done) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let save = move || {
        let Some(input) = input.get_untracked() else {
            return;
        };
        match name_of(&input.value()) {
            Some(name) => {
                keep(state, done, name);
                input.set_value("");
            }
            None => {
                let _ = input.focus();
            }
        }
    };
    view! {
        <div class="add">
            <label class="visually-hidden" for=NAME>
                "Name of a new preset"
            </label>
            <input
                type="text"
                class="box"
                id=NAME
                placeholder="Name of a new preset"
                maxlength=LONGEST_NAME.to_string()
                autocomplete="off"
                dir="auto"
                node_ref=input
                on:keydown=move |event| {
                    if event.key() == "Enter" && !dom::is_composing(&event) {
                        event.prevent_default();
                        save();
                    }
                }
            />
            <button type="button" class="button outlined" on:click=move |_| save()>
                "Keep"
            </button>
        </div>
    }
    .into_any()
}

/// Export and import.
fn passing_on(state: ChatState, done: Done) -> AnyView {
    let chooser = NodeRef::<html::Input>::new();
    let export = move |_| {
        let text = state
            .presets
            .with_untracked(|all| presets::file(all, dom::now_ms()));
        files::save("rivulet-presets.json", "application/json", &text);
    };
    let import = move |_| {
        let Some(chooser) = chooser.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let text = files::chosen_text(&chooser).await;
            // The same file can be chosen again.
            chooser.set_value("");
            let Some(text) = text else { return };
            match presets::import(state, text).await {
                Ok(report) => done.tell(report_words(&report), report.problems, None),
                Err(problem) => state.settings_problem.set(Some(problem)),
            }
        });
    };
    let open = move |_| {
        if let Some(chooser) = chooser.get_untracked() {
            chooser.click();
        }
    };
    view! {
        <div class="preset-files">
            <button
                type="button"
                class="button quiet"
                class:absent=move || state.presets.with(Vec::is_empty)
                on:click=export
            >
                "Export as a file"
            </button>
            <button type="button" class="button quiet" on:click=open>
                "Import from a file"
            </button>
            <input
                type="file"
                class="absent"
                accept=".json,application/json"
                aria-label="File of presets"
                node_ref=chooser
                on:change=import
            />
        </div>
    }
    .into_any()
}

/// What came of an import, in a sentence.
fn report_words(report: &ImportReport) -> String {
    let presets = report.presets;
    match (presets, report.conversations) {
        (0, 0) => "The file has no presets that can be used.".to_owned(),
        (1, 0) => "One preset was imported.".to_owned(),
        (_, 0) => format!("{presets} presets were imported."),
        (_, conversations) => {
            format!("Imported from the file: presets {presets}, conversations {conversations}.")
        }
    }
}

fn find(state: ChatState, name: &str) -> Option<Preset> {
    state
        .presets
        .with_untracked(|all| all.iter().find(|preset| preset.name == name).cloned())
}

/// The name that was typed, where it can be one.
fn name_of(typed: &str) -> Option<String> {
    let name = typed.trim();
    // A browser would take these two for steps in a path.
    let is_path = matches!(name, "." | "..");
    (!name.is_empty() && !is_path && name.chars().count() <= LONGEST_NAME).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_and_no_blanks_around_it() {
        assert_eq!(name_of("  Teacher ").as_deref(), Some("Teacher"));
        assert_eq!(name_of("A/B ?").as_deref(), Some("A/B ?"));
        for typed in ["", "   ", ".", "..", &"x".repeat(81)] {
            assert_eq!(name_of(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn an_import_is_told_by_what_came_of_it() {
        let words = |presets, conversations| {
            report_words(&ImportReport {
                presets,
                conversations,
                ..ImportReport::default()
            })
        };
        assert_eq!(words(1, 0), "One preset was imported.");
        assert_eq!(words(3, 0), "3 presets were imported.");
        assert!(words(0, 0).contains("no presets"));
        assert!(words(2, 5).contains("conversations 5"));
    }
}
