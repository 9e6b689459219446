//! What the dialog to import and export holds.

use std::collections::HashSet;

use leptos::prelude::*;
use protocol::{
    Problem,
    api::{self, ImportReport},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::{DIALOG, address};
use crate::{
    chat::{conversations, progress_line::grouped, shelf, sidebar, state::ChatState},
    client::http::Request,
    ui::{Icon, Symbol, dialog},
};

/// How an import stands.
#[derive(Clone)]
enum Import {
    /// None was asked for.
    Idle,
    /// A file of this name is being read.
    Reading(String),
    /// It was read.
    Done(ImportReport),
    /// It could not be read at all.
    Failed(Problem),
}

/// What to export, and where to put what is to be imported.
#[component]
pub(super) fn TransferForm(state: ChatState) -> impl IntoView {
    let import = RwSignal::new(Import::Idle);
    let is_over = RwSignal::new(false);
    let read = move |files: Option<web_sys::FileList>| {
        let Some(file) = files.and_then(|files| files.get(0)) else {
            return;
        };
        if !matches!(import.get_untracked(), Import::Reading(_)) {
            spawn_local(read(state, file, import));
        }
    };
    let on_change = move |event: web_sys::Event| {
        let input = event
            .target()
            .and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(input) = input {
            read(input.files());
            // The same file, mended, can be chosen again.
            input.set_value("");
        }
    };
    let on_drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        read(event.data_transfer().and_then(|data| data.files()));
    };
    let is_reading = move || import.with(|import| matches!(import, Import::Reading(_)));
    let none = move || state.conversations.with(Vec::is_empty);
    view! {
        // Wherever it is dropped in the dialog, it is meant.
        <div
            on:dragover=move |event: web_sys::DragEvent| {
                event.prevent_default();
                is_over.set(true);
            }
            on:dragleave=move |_| is_over.set(false)
            on:drop=on_drop
        >
            <section class="transfer-part">
                <h3>"Export all conversations"</h3>
                <p class="hint" class:absent=move || !none()>
                    "There are none yet."
                </p>
                <ul class="transfer-formats" class:absent=none>
                    <li>
                        <a class="button outlined" href=address(api::EXPORT, "json") download>
                            <Icon symbol=Symbol::Export />
                            "JSON"
                        </a>
                        <span class="hint">"Everything there is, to keep or to import again."</span>
                    </li>
                    <li>
                        <a class="button outlined" href=address(api::EXPORT, "markdown") download>
                            <Icon symbol=Symbol::Export />
                            "Markdown"
                        </a>
                        <span class="hint">"A ZIP with one text each, to read or to pass on."</span>
                    </li>
                </ul>
                <p class="hint">"A single conversation is exported by its own menu."</p>
            </section>
            <section class="transfer-part">
                <h3>"Import"</h3>
                <div
                    class="drop-zone"
                    class:target=move || is_over.get()
                    aria-busy=move || is_reading().to_string()
                >
                    <label class="button outlined" class:busy=is_reading>
                        <Icon symbol=Symbol::File />
                        "Choose a file…"
                        <input
                            type="file"
                            class="visually-hidden"
                            accept=".json,application/json"
                            disabled=is_reading
                            on:change=on_change
                        />
                    </label>
                    <p class="hint">
                        "Or drop it here: a JSON export of Rivulet, of ChatGPT (conversations.json) or of Open WebUI. Nothing that is here already is changed."
                    </p>
                </div>
                <div role="status">{move || outcome(state, import.get())}</div>
            </section>
        </div>
    }
}

async fn read(state: ChatState, file: web_sys::File, import: RwSignal<Import>) {
    import.set(Import::Reading(file.name()));
    let known: HashSet<_> = state
        .conversations
        .with_untracked(|all| all.iter().map(|it| it.id).collect());
    let answer = Request::new("POST", api::IMPORT)
        .file(&file)
        .read::<ImportReport>()
        .await;
    let report = match answer {
        Ok(report) => report,
        Err(problem) => {
            let _ = import.try_set(Import::Failed(problem));
            return;
        }
    };
    conversations::refresh_list(state).await;
    let first = state.conversations.with_untracked(|all| {
        let mut new = all.iter().filter(|it| !known.contains(&it.id));
        new.next().map(|it| it.id)
    });
    if let Some(first) = first {
        sidebar::reveal(state, first);
    }
    // The dialog may have been closed meanwhile.
    let _ = import.try_set(Import::Done(report));
}

fn outcome(state: ChatState, import: Import) -> AnyView {
    match import {
        Import::Idle => ().into_any(),
        Import::Reading(name) => view! {
            <p class="notice">
                <span class="pulse"></span>
                {format!("Importing “{name}”…")}
            </p>
        }
        .into_any(),
        Import::Failed(problem) => view! {
            <div class="problem">
                <p>
                    <strong>{problem.message}</strong>
                    " "
                    {problem.advice}
                </p>
            </div>
        }
        .into_any(),
        Import::Done(report) => done(state, report).into_any(),
    }
}

fn done(state: ChatState, report: ImportReport) -> impl IntoView {
    let close = move |_| {
        dialog::close(DIALOG);
        if let Some(fresh) = state.shelf.fresh.get_untracked() {
            sidebar::open(state);
            sidebar::reveal(state, fresh);
            shelf::focus_row(fresh);
        }
    };
    let has_some = report.conversations > 0;
    let imported = imported(&report);
    let problems = report.problems;
    let heading = match problems.len() {
        0 => None,
        1 => Some("One thing could not be imported:".to_owned()),
        count => Some(format!("{count} things could not be imported:")),
    };
    let list = problems
        .into_iter()
        .map(|problem| view! { <li>{problem}</li> })
        .collect_view();
    view! {
        <div class="notice">
            <p class="transfer-result">
                {imported}
            </p>
            {has_some
                .then(|| {
                    view! {
                        <button type="button" class="button" on:click=close>
                            "Show"
                        </button>
                    }
                })}
        </div>
        {heading
            .map(|heading| {
                view! {
                    <div class="problem transfer-problems">
                        <strong>{heading}</strong>
                        <ul tabindex="0" aria-label="What could not be imported">{list}</ul>
                    </div>
                }
            })}
    }
}

/// What was imported, in words.
fn imported(report: &ImportReport) -> String {
    let parts = [
        counted(report.conversations, "1 conversation", "conversations"),
        counted(report.messages, "1 message", "messages"),
        counted(report.presets, "1 preset", "presets"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return "Nothing was imported.".to_owned();
    }
    format!("Imported: {}.", parts.join(", "))
}

fn counted(count: u32, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(one.to_owned()),
        count => Some(format!("{} {many}", grouped(count.into()))),
    }
}
