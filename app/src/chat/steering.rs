//! What matters where Rivulet chooses the model: two quiet selects beside the
//! picker. They belong to the conversation, and this browser remembers them
//! for new ones.

use leptos::prelude::*;
use protocol::{ConversationSettings, Usd};

use super::{
    settings::{
        self,
        words::{preference, preference_value},
    },
    state::ChatState,
};
use crate::client::storage;

/// What the choice can aim at. The first is the gateway's own default.
pub(super) const PREFERENCES: &str = "<option value=''>Balanced</option>\
     <option value='cheapest'>Cheapest</option>\
     <option value='fastest'>Fastest</option>\
     <option value='best'>Best</option>";
/// The most that an answer may cost, in US dollars.
const LIMITS: &str = "<option value=''>any price</option>\
     <option value='0.001'>max $0.001</option>\
     <option value='0.01'>max $0.01</option>\
     <option value='0.05'>max $0.05</option>\
     <option value='0.25'>max $0.25</option>";

/// The two selects, while they mean anything.
#[component]
pub(crate) fn SteeringControls() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <div class="steering" class:absent=move || !state.chooses()>
            <Knob
                label="What matters in the choice"
                key=storage::PREFER
                options=PREFERENCES
                get=|settings| preference_value(settings.ask.prefer).to_owned()
                set=|settings, value| settings.ask.prefer = preference(value)
            />
            <Knob
                label="The most an answer may cost"
                key=storage::MAX_COST
                options=LIMITS
                get=|settings| {
                    settings.ask.max_cost.map(|most| most.to_string()).unwrap_or_default()
                }
                set=|settings, value| settings.ask.max_cost = value.parse().ok()
            />
        </div>
    }
}

#[component]
fn Knob(
    /// What it decides, for those who cannot see where it stands.
    label: &'static str,
    /// Where the browser remembers it.
    key: &'static str,
    /// The options, in HTML of our own.
    options: &'static str,
    /// The value of the option chosen.
    get: fn(&ConversationSettings) -> String,
    /// Chooses the option of a value.
    set: fn(&mut ConversationSettings, &str),
) -> impl IntoView {
    let state = ChatState::use_here();
    let select = NodeRef::<leptos::html::Select>::new();
    let value = Memo::new(move |_| state.settings.with(get));
    Effect::new(move || {
        let value = value.get();
        let Some(select) = select.get() else { return };
        // An amount that the panel or a preset has set is an option, too.
        if let Ok(most) = value.parse::<Usd>()
            && !options.contains(&format!("'{value}'"))
        {
            let own = format!("<option value='{most}'>max ${most}</option>");
            select.set_inner_html(&format!("{options}{own}"));
        }
        select.set_value(&value);
    });
    let on_change = move |_| {
        if let Some(select) = select.get_untracked() {
            let chosen = select.value();
            storage::set(key, &chosen);
            settings::change(state, |settings| set(settings, &chosen));
        }
    };
    view! {
        <select
            class="picker"
            aria-label=label
            title=label
            disabled=move || state.loading.get()
            node_ref=select
            on:change=on_change
            inner_html=options
        ></select>
    }
}
