//! What shows before the first message: what can be asked, and which model
//! will answer.

use leptos::prelude::*;

use super::{
    composer,
    state::{AUTOMATIC, ChatState},
    temporary::TemporaryHint,
    turn,
};
use crate::ui::Mark;

/// Suggestions that the demo model really understands.
const DEMO: [&str; 4] = [
    "What is Rivulet?",
    "Show me Markdown, code, a table and math",
    "Count from 1 to 500",
    "Write 2000 words",
];
const REAL: [&str; 4] = [
    "Explain how server-sent events work, with an example",
    "Write a Rust function that finds the longest word in a text",
    "Compare three ways to store passwords, as a table",
    "Give me ten names for a small café by a river",
];

/// The empty page.
#[component]
pub(crate) fn EmptyPage() -> impl IntoView {
    let state = ChatState::use_here();
    let simulated = Memo::new(move |_| {
        let model = state.model.get()?;
        state
            .models
            .with(|models| models.find(&model).map(|(provider, _)| provider.simulated))
    });
    let answers = move || {
        let Some(model) = state.model.get() else {
            return "No model is available. Check the providers in the configuration, then reload."
                .to_owned();
        };
        if model == AUTOMATIC {
            return "Rivulet chooses a model for each message.".to_owned();
        }
        state.models.with(|models| match models.find(&model) {
            None => format!("{model} will answer."),
            Some((provider, found)) => {
                let mut words = found.name.clone();
                // An alias is of no provider; it stands for those described.
                if !provider.provider.is_empty() {
                    words += " by ";
                    words += &provider.label;
                }
                words += " will answer.";
                if let Some(description) = &found.description {
                    words += " ";
                    words += description;
                }
                words
            }
        })
    };
    let suggestions = move || {
        let texts = if simulated.get() == Some(true) {
            DEMO
        } else {
            REAL
        };
        texts
            .into_iter()
            .map(|text| {
                view! {
                    <li>
                        <button
                            type="submit"
                            form="suggestions"
                            name="text"
                            value=text
                            class="button suggestion"
                            on:click=move |event| {
                                event.prevent_default();
                                turn::send(state, text.to_owned(), Vec::new());
                                composer::focus();
                            }
                        >
                            {text}
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="empty">
            <Mark />
            <h2>"What would you like to know?"</h2>
            <p class="hint">{answers}</p>
            <TemporaryHint />
            <p class="hint" class:absent=move || simulated.get() != Some(true)>
                "This is the built-in demo: a simulation that needs no key and does not think. Set "
                <code>"OPENAI_API_KEY"</code> " or run Ollama to talk to a real model."
            </p>
            <form id="suggestions" method="post" action="/ask"></form>
            <ul class="suggestions">{suggestions}</ul>
        </section>
    }
}
