//! The panel with all settings, loaded when it is first wanted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use leptos::prelude::*;
use protocol::ConversationSettings;

use super::{
    super::{problem_notice::ProblemNotice, state::ChatState},
    fields, in_force, preset_list, presets, replace,
};
use crate::{
    client::dom,
    ui::{
        LazyView,
        lazy::{self, wasm_split},
    },
};

/// The id of the button that takes the newest change back.
const UNDO: &str = "settings-undo";
/// How many changes are told at once.
const MOST_TOLD: usize = 3;

/// The content of the settings' dialog.
#[wasm_split(settings, fallible, preload(load_settings))]
pub(super) fn settings_panel(state: ChatState) -> LazyView {
    lazy::drawn(panel(state))
}

/// What was done in the panel, and how it is taken back. The notices of the
/// page lie behind the dialog, so it has its own.
#[derive(Clone)]
pub(super) struct Told {
    number: u64,
    words: String,
    /// What of it could not be done, a sentence each.
    problems: Vec<String>,
    take_back: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// What was done, newest last.
#[derive(Clone, Copy)]
pub(super) struct Done(RwSignal<Vec<Told>>);

impl Done {
    /// Tells what was done; with a way back, that has the focus.
    pub(super) fn tell(
        self,
        words: String,
        problems: Vec<String>,
        take_back: Option<Arc<dyn Fn() + Send + Sync>>,
    ) {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let focuses = take_back.is_some();
        self.0.update(|all| {
            all.push(Told {
                number,
                words,
                problems,
                take_back,
            });
            if all.len() > MOST_TOLD {
                all.remove(0);
            }
        });
        if focuses {
            dom::focus(UNDO);
        }
    }

    /// Tells that the settings were changed as a whole; they can be taken back
    /// to what they were `before`.
    pub(super) fn tell_changed(
        self,
        state: ChatState,
        words: String,
        problems: Vec<String>,
        before: ConversationSettings,
    ) {
        let take_back = move || {
            state.model.set(before.model.clone());
            replace(state, before.clone());
        };
        self.tell(words, problems, Some(Arc::new(take_back)));
    }
}

fn panel(state: ChatState) -> AnyView {
    let done = Done(RwSignal::new(Vec::new()));
    presets::show(state);
    let reset_all = move |_| {
        let before = untrack(|| in_force(state));
        let default = state
            .models
            .with_untracked(|models| models.default.clone())
            .or_else(|| state.model.get_untracked());
        state.model.set(default.clone());
        let settings = ConversationSettings {
            model: default,
            ..ConversationSettings::default()
        };
        replace(state, settings);
        done.tell_changed(
            state,
            "Everything is at its default.".to_owned(),
            Vec::new(),
            before,
        );
    };
    view! {
        <div class="settings">
            <ProblemNotice problem=state.settings_problem again=None />
            <Notices done=done />
            {section("Presets", preset_list::preset_list(state, done))}
            {section("Model", fields::model(state))}
            {section("Instructions", fields::instructions(state))}
            {section("Answers", view! { {fields::sampling(state)} {fields::stop_phrases(state)} }.into_any())}
            {section("Reading", view! { {fields::watch_words(state)} {fields::typing(state)} }.into_any())}
            <footer class="settings-foot">
                <p class="hint">
                    "The settings belong to this conversation and are kept with it. A new one begins \
                     with the defaults."
                </p>
                <button type="button" class="button outlined" on:click=reset_all>
                    "Reset everything"
                </button>
            </footer>
        </div>
    }
    .into_any()
}

fn section(title: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="settings-section">
            <h3>{title}</h3>
            {content}
        </section>
    }
    .into_any()
}

#[component]
fn Notices(done: Done) -> impl IntoView {
    let state = ChatState::use_here();
    let newest = move || done.0.with(|all| all.last().map(|told| told.number));
    let notice = move |told: Told| {
        let Told {
            number,
            words,
            problems,
            take_back,
        } = told;
        let take_back = take_back.map(|take_back| {
            view! {
                <button
                    type="button"
                    class="button"
                    id=move || (newest() == Some(number)).then_some(UNDO)
                    on:click=move |_| {
                        take_back();
                        done.0.update(|all| all.retain(|told| told.number != number));
                        state.announcement.set("Taken back".to_owned());
                        dom::focus("preset-name");
                    }
                >
                    "Undo"
                </button>
            }
        });
        let problems = (!problems.is_empty()).then(|| {
            let rows = problems
                .into_iter()
                .map(|problem| view! { <li>{problem}</li> });
            view! { <ul class="notice-problems">{rows.collect_view()}</ul> }
        });
        view! {
            <div class="notice">
                <div class="notice-words">{words} {problems}</div>
                {take_back}
            </div>
        }
    };
    view! {
        <div class="settings-notices" role="status">
            <For each=move || done.0.get() key=|told| told.number let(told)>
                {notice(told)}
            </For>
        </div>
    }
}
