//! What matters where Rivulet chooses the model: two quiet selects beside the
//! picker, remembered by this browser.

use leptos::prelude::*;
use protocol::{Preference, Settings};

use super::state::ChatState;
use crate::client::storage;

/// What the choice can aim at. The first is the gateway's own default.
const PREFERENCES: &str = "<option value=''>Balanced</option>\
     <option value='cheapest'>Cheapest</option>\
     <option value='fastest'>Fastest</option>\
     <option value='best'>Best</option>";
/// The most that an answer may cost, in US dollars.
const LIMITS: &str = "<option value=''>any price</option>\
     <option value='0.001'>max $0.001</option>\
     <option value='0.01'>max $0.01</option>\
     <option value='0.05'>max $0.05</option>\
     <option value='0.25'>max $0.25</option>";

/// What the person wants of a choice, by the values of the options above.
#[derive(Clone, Copy, Default)]
pub(crate) struct Steering {
    prefer: RwSignal<String>,
    max_cost: RwSignal<String>,
}

impl Steering {
    /// As a request says it; what is default stays unsaid.
    pub(crate) fn settings(self) -> Settings {
        let prefer = match self.prefer.get_untracked().as_str() {
            "cheapest" => Some(Preference::Cheapest),
            "fastest" => Some(Preference::Fastest),
            "best" => Some(Preference::Best),
            _ => None,
        };
        Settings {
            prefer,
            max_cost: self.max_cost.get_untracked().parse().ok(),
            ..Settings::default()
        }
    }

    /// Takes up what this browser remembers.
    pub(crate) fn remember(self) {
        for (value, key) in [
            (self.prefer, storage::PREFER),
            (self.max_cost, storage::MAX_COST),
        ] {
            value.set(storage::get(key).unwrap_or_default());
        }
    }
}

/// The two selects, while they mean anything.
#[component]
pub(crate) fn SteeringControls() -> impl IntoView {
    let state = ChatState::use_here();
    let Steering { prefer, max_cost } = state.steering;
    view! {
        <div class="steering" class:absent=move || !state.chooses()>
            <Knob label="What matters in the choice" key=storage::PREFER value=prefer options=PREFERENCES />
            <Knob label="The most an answer may cost" key=storage::MAX_COST value=max_cost options=LIMITS />
        </div>
    }
}

#[component]
fn Knob(
    /// What it decides, for those who cannot see where it stands.
    label: &'static str,
    /// Where the browser remembers it.
    key: &'static str,
    /// The value of the option chosen.
    value: RwSignal<String>,
    /// The options, in HTML of our own.
    options: &'static str,
) -> impl IntoView {
    let select = NodeRef::<leptos::html::Select>::new();
    Effect::new(move || {
        let value = value.get();
        if let Some(select) = select.get() {
            select.set_value(&value);
        }
    });
    let on_change = move |_| {
        if let Some(select) = select.get_untracked() {
            let chosen = select.value();
            storage::set(key, &chosen);
            value.set(chosen);
        }
    };
    view! {
        <select
            class="picker"
            aria-label=label
            title=label
            node_ref=select
            on:change=on_change
            inner_html=options
        ></select>
    }
}
