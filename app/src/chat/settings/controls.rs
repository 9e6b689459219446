//! The parts that the panel is made of: one setting with its name, its reset
//! and why a model does not take it, and the controls for numbers, choices
//! and yes or no.

use leptos::{html, prelude::*};
use protocol::ConversationSettings;

use super::{super::state::ChatState, change, words::decimal};
use crate::client::dom;

/// Why the chosen model does not take a setting.
pub(super) type Refused = Memo<Option<String>>;

/// One setting, or a few that belong together.
pub(super) struct Setting {
    /// The id of its first control.
    pub(super) id: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What it does and what its default is.
    pub(super) hint: &'static str,
    /// What a model may not take.
    pub(super) refusal: Option<Refusal>,
    /// Whether it differs from its default.
    pub(super) is_set: IsSet,
    /// Gives it its default.
    pub(super) reset: Reset,
}

/// The field of [`protocol::Settings`] that a model may not take, and how that
/// is said of a model of this name.
pub(super) type Refusal = (&'static str, fn(&str) -> String);

type IsSet = fn(&ConversationSettings) -> bool;
type Reset = fn(&mut ConversationSettings);

/// A setting with its control, which is told whether the model refuses it.
pub(super) fn setting(
    state: ChatState,
    it: Setting,
    control: impl FnOnce(Refused) -> AnyView,
) -> AnyView {
    let Setting {
        id,
        label,
        hint,
        refusal,
        is_set,
        reset,
    } = it;
    let refused = Memo::new(move |_| refusal_of(state, refusal?));
    framed(
        state,
        (id, label, hint),
        refused,
        (is_set, reset),
        control(refused),
    )
}

fn framed(
    state: ChatState,
    (id, label, hint): (&'static str, &'static str, &'static str),
    refused: Refused,
    (is_set, reset): (IsSet, Reset),
    control: AnyView,
) -> AnyView {
    let is_set = Memo::new(move |_| state.settings.with(is_set));
    view! {
        <div class="setting" class:refused=move || refused.with(Option::is_some)>
            <div class="setting-head">
                <label for=id>{label}</label>
                <button
                    type="button"
                    class="button quiet"
                    class:absent=move || !is_set.get()
                    aria-label=format!("Reset: {label}")
                    on:click=move |_| {
                        change(state, reset);
                        // The button is about to go: the focus must not go with it.
                        dom::focus(id);
                    }
                >
                    "Reset"
                </button>
            </div>
            {control}
            <p class="hint" id=hint_of(id)>
                {move || refused.get().unwrap_or_else(|| hint.to_owned())}
            </p>
        </div>
    }
    .into_any()
}

/// The id of what explains the control with this id.
pub(super) fn hint_of(id: &str) -> String {
    format!("{id}-hint")
}

fn refusal_of(state: ChatState, (field, sentence): Refusal) -> Option<String> {
    let model = state.model.get()?;
    state.models.with(|models| {
        let (_, model) = models.find(&model)?;
        let refuses = model.refuses.iter().any(|refused| refused == field);
        refuses.then(|| sentence(&model.name))
    })
}

/// A number, perhaps with a slider beside it.
#[derive(Clone, Copy)]
pub(super) struct Number {
    /// Its id.
    pub(super) id: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What stands in the empty box: the default.
    pub(super) placeholder: &'static str,
    /// What it counts, behind the box.
    pub(super) unit: &'static str,
    /// Whether the numbers below, and those got and set, are hundredths.
    pub(super) hundredths: bool,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) step: u32,
    /// Where the slider stands while nothing is set, if there is a slider, and
    /// how far it goes.
    pub(super) slider: Option<(u32, u32)>,
    pub(super) get: fn(&ConversationSettings) -> Option<u32>,
    pub(super) set: fn(&mut ConversationSettings, Option<u32>),
}

impl Number {
    fn text(self, value: u32) -> String {
        match self.hundredths {
            true => decimal(value),
            false => value.to_string(),
        }
    }

    /// What is typed: a number, also out of range, or nothing that is one.
    fn read(self, input: &web_sys::HtmlInputElement) -> Option<f64> {
        let value = input.value_as_number();
        let scale = if self.hundredths { 100.0 } else { 1.0 };
        value.is_finite().then(|| (value * scale).round())
    }

    fn in_range(self, value: f64) -> Option<u32> {
        (value >= f64::from(self.least) && value <= f64::from(self.most)).then_some(value as u32)
    }
}

/// The control of a number.
pub(super) fn number(state: ChatState, it: Number, refused: Refused) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let slider = NodeRef::<html::Input>::new();
    Effect::new(move || {
        let wanted = state.settings.with(it.get);
        if let Some(input) = input.get()
            && it.read(&input) != wanted.map(f64::from)
        {
            input.set_value(&wanted.map(|value| it.text(value)).unwrap_or_default());
        }
        if let (Some(slider), Some((middle, _))) = (slider.get(), it.slider) {
            slider.set_value(&it.text(wanted.unwrap_or(middle)));
        }
    });
    let on_input = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        match it.read(&input) {
            None => change(state, |settings| (it.set)(settings, None)),
            Some(typed) => {
                // What is out of range may still become a number in it.
                if let Some(value) = it.in_range(typed) {
                    change(state, |settings| (it.set)(settings, Some(value)));
                }
            }
        }
    };
    // What is typed out of range becomes the nearest that is not.
    let on_change = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let typed = it.read(&input);
        let value =
            typed.map(|typed| typed.min(f64::from(it.most)).max(f64::from(it.least)) as u32);
        change(state, |settings| (it.set)(settings, value));
        input.set_value(&value.map(|value| it.text(value)).unwrap_or_default());
    };
    let on_slide = move |_| {
        let value = slider
            .get_untracked()
            .and_then(|slider| it.in_range(it.read(&slider)?));
        if value.is_some() {
            change(state, |settings| (it.set)(settings, value));
        }
    };
    let is_unset = move || state.settings.with(it.get).is_none();
    let slider_view = it.slider.map(|(_, most)| {
        view! {
            <input
                type="range"
                class="slider"
                class:unset=is_unset
                aria-label=format!("{}, as a slider", it.label)
                aria-valuetext=move || is_unset().then_some(it.placeholder)
                min=it.text(it.least)
                max=it.text(most)
                step=it.text(it.step)
                disabled=move || refused.with(Option::is_some)
                node_ref=slider
                on:input=on_slide
            />
        }
    });
    view! {
        <div class="number">
            {slider_view}
            <input
                type="number"
                class="box"
                id=it.id
                aria-describedby=hint_of(it.id)
                inputmode=if it.hundredths { "decimal" } else { "numeric" }
                min=it.text(it.least)
                max=it.text(it.most)
                step=it.text(it.step)
                placeholder=it.placeholder
                disabled=move || refused.with(Option::is_some)
                node_ref=input
                on:input=on_input
                on:change=on_change
            />
            <span class="unit">{it.unit}</span>
        </div>
    }
    .into_any()
}

/// One of several options, given in HTML of our own.
pub(super) fn select(
    state: ChatState,
    id: &'static str,
    options: &'static str,
    get: fn(&ConversationSettings) -> &'static str,
    set: fn(&mut ConversationSettings, &str),
) -> AnyView {
    let node = NodeRef::<html::Select>::new();
    Effect::new(move || {
        let value = state.settings.with(get);
        if let Some(select) = node.get() {
            select.set_value(value);
        }
    });
    view! {
        <select
            class="box"
            id=id
            aria-describedby=hint_of(id)
            node_ref=node
            on:change=move |_| {
                if let Some(select) = node.get_untracked() {
                    change(state, |settings| set(settings, &select.value()));
                }
            }
            inner_html=options
        ></select>
    }
    .into_any()
}

/// Yes or no.
pub(super) fn check(
    state: ChatState,
    label: &'static str,
    get: fn(&ConversationSettings) -> bool,
    set: fn(&mut ConversationSettings, bool),
) -> AnyView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || state.settings.with(get)
                on:change=move |event| {
                    change(state, |settings| set(settings, event_target_checked(&event)));
                }
            />
            {label}
        </label>
    }
    .into_any()
}
