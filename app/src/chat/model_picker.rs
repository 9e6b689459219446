//! Which model answers: the browser's own select, which a keyboard, a phone
//! and a screen reader know.

use leptos::prelude::*;
use protocol::{ModelList, api};

use super::{settings, state::ChatState};
use crate::client::http::Request;

/// The models, grouped by provider.
#[component]
pub(crate) fn ModelPicker() -> impl IntoView {
    view! {
        <label class="visually-hidden" for="model">
            "Model"
        </label>
        {model_select(ChatState::use_here(), "model", "picker model-picker")}
    }
}

/// The select of the models, under this id.
pub(super) fn model_select(state: ChatState, id: &'static str, class: &'static str) -> AnyView {
    let select = NodeRef::<leptos::html::Select>::new();
    Effect::new(move || {
        state.models.track();
        let model = state.model.get();
        if let (Some(select), Some(model)) = (select.get(), model) {
            select.set_value(&model);
        }
    });
    let on_change = move |_| {
        if let Some(select) = select.get_untracked() {
            settings::choose_model(state, select.value());
        }
    };
    // A provider may have come or gone since the page was drawn.
    let on_focus = move |_| {
        leptos::task::spawn_local(async move {
            if let Ok(list) = Request::new("GET", api::MODELS).read::<ModelList>().await
                && state.models.with_untracked(|known| *known != list)
            {
                let known = |id: &String| list.find(id).is_some();
                if !state
                    .model
                    .with_untracked(|model| model.as_ref().is_some_and(known))
                {
                    state.model.set(list.default.clone());
                }
                state.models.set(list);
            }
        });
    };
    let options = move || {
        state
            .models
            .get()
            .providers
            .into_iter()
            .map(|provider| {
                let label = match &provider.problem {
                    Some(_) => format!("{} (not reachable)", provider.label),
                    None => provider.label,
                };
                let options = provider
                    .models
                    .into_iter()
                    .map(|model| {
                        let chosen = state.model.get_untracked().as_ref() == Some(&model.id);
                        view! {
                            <option value=model.id selected=chosen title=model.description>
                                {model.name}
                            </option>
                        }
                    })
                    .collect_view();
                view! { <optgroup label=label>{options}</optgroup> }
            })
            .collect_view()
    };
    view! {
        <select id=id name="model" class=class node_ref=select on:change=on_change on:focus=on_focus>
            {options}
        </select>
    }
    .into_any()
}
