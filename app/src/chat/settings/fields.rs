//! The settings one by one, in groups.

use leptos::{html, prelude::*};
use protocol::{ConversationSettings, Typing, Usage, Usd};

use super::{
    super::{model_picker::model_select, progress_line::grouped, state::ChatState},
    change, choose_model,
    controls::{Number, Setting, check, hint_of, number, select, setting},
    phrases::{Phrases, phrases},
    words::{escaped, hundredths, preference, preference_value, unescaped},
};

/// A typewriter's speed where none was chosen yet, in characters a second.
const TYPEWRITER: u32 = 60;
/// The fastest typewriter.
const FASTEST: u32 = 1_000;

/// What every answer is told first.
pub(super) fn instructions(state: ChatState) -> AnyView {
    let area = NodeRef::<html::Textarea>::new();
    Effect::new(move || {
        let wanted = state
            .settings
            .with(|settings| settings.ask.system.clone().unwrap_or_default());
        if let Some(area) = area.get()
            && area.value() != wanted
        {
            area.set_value(&wanted);
        }
    });
    let tokens = move || {
        let bytes = state
            .settings
            .with(|settings| settings.ask.system.as_ref().map_or(0, String::len));
        (bytes > 0).then(|| format!("≈ {} tokens", grouped(Usage::estimate_tokens(bytes))))
    };
    let it = Setting {
        id: "setting-system",
        label: "System prompt",
        hint: "Instructions placed before the conversation. Default: none.",
        refusal: Some(("system", |model| {
            format!("{model} does not take a system prompt.")
        })),
        is_set: |settings| settings.ask.system.is_some(),
        reset: |settings| settings.ask.system = None,
    };
    setting(state, it, |refused| {
        view! {
            <textarea
                class="box"
                id="setting-system"
                aria-describedby=hint_of("setting-system")
                rows="3"
                placeholder="You are a patient teacher…"
                dir="auto"
                disabled=move || refused.with(Option::is_some)
                node_ref=area
                on:input=move |event| {
                    let text = event_target_value(&event);
                    let system = (!text.trim().is_empty()).then_some(text);
                    change(state, |settings| settings.ask.system = system);
                }
            ></textarea>
            <span class="unit">{tokens}</span>
        }
        .into_any()
    })
}

/// Who answers.
pub(super) fn model(state: ChatState) -> AnyView {
    let is_default = Memo::new(move |_| {
        let model = state.model.get();
        state.models.with(|models| models.default == model)
    });
    let reset = move |_| {
        if let Some(model) = state.models.with_untracked(|models| models.default.clone()) {
            choose_model(state, model);
        }
        crate::client::dom::focus("setting-model");
    };
    let preference = setting(
        state,
        Setting {
            id: "setting-prefer",
            label: "What matters in the choice",
            hint: "Default: balanced.",
            refusal: None,
            is_set: |settings| !preference_value(settings.ask.prefer).is_empty(),
            reset: |settings| settings.ask.prefer = None,
        },
        |_| {
            select(
                state,
                "setting-prefer",
                super::super::steering::PREFERENCES,
                |settings| preference_value(settings.ask.prefer),
                |settings, value| settings.ask.prefer = preference(value),
            )
        },
    );
    let most = setting(
        state,
        Setting {
            id: "setting-max-cost",
            label: "The most an answer may cost",
            hint: "In US dollars, by estimate. Models of unknown price are then not chosen. \
                   Default: any price.",
            refusal: None,
            is_set: |settings| settings.ask.max_cost.is_some(),
            reset: |settings| settings.ask.max_cost = None,
        },
        |_| max_cost(state),
    );
    view! {
        <div class="setting">
            <div class="setting-head">
                <label for="setting-model">"Model"</label>
                <button
                    type="button"
                    class="button quiet"
                    class:absent=move || is_default.get()
                    aria-label="Reset: Model"
                    on:click=reset
                >
                    "Reset"
                </button>
            </div>
            {model_select(state, "setting-model", "box")}
        </div>
        <div class="settings-pair" class:absent=move || !state.chooses()>
            {preference}
            {most}
        </div>
    }
    .into_any()
}

fn max_cost(state: ChatState) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let typed = move || {
        let input = input.get_untracked()?;
        let amount = input.value().trim().parse::<Usd>().ok()?;
        (amount > Usd::ZERO).then_some(amount)
    };
    let show = move |wanted: Option<Usd>| {
        if let Some(input) = input.get_untracked() {
            input.set_value(&wanted.map(|amount| amount.to_string()).unwrap_or_default());
        }
    };
    Effect::new(move || {
        let wanted = state.settings.with(|settings| settings.ask.max_cost);
        if input.get().is_some() && typed() != wanted {
            show(wanted);
        }
    });
    view! {
        <div class="number">
            <input
                type="number"
                class="box"
                id="setting-max-cost"
                aria-describedby=hint_of("setting-max-cost")
                inputmode="decimal"
                min="0"
                step="any"
                placeholder="any price"
                node_ref=input
                on:input=move |_| change(state, |settings| settings.ask.max_cost = typed())
                on:change=move |_| show(typed())
            />
            <span class="unit">"$"</span>
        </div>
    }
    .into_any()
}

/// How varied and how long answers are.
pub(super) fn sampling(state: ChatState) -> AnyView {
    let temperature = number_setting(
        state,
        Setting {
            id: "setting-temperature",
            label: "Temperature",
            hint: "From 0, predictable, to 2, varied. Default: the model's own.",
            refusal: Some(("temperature", |model| {
                format!("{model} does not take a temperature.")
            })),
            is_set: |settings| settings.ask.temperature.is_some(),
            reset: |settings| settings.ask.temperature = None,
        },
        Number {
            id: "setting-temperature",
            label: "Temperature",
            placeholder: "default",
            unit: "",
            hundredths: true,
            least: 0,
            most: 200,
            step: 5,
            slider: Some((100, 200)),
            get: |settings| settings.ask.temperature.map(hundredths),
            set: |settings, value| settings.ask.temperature = value.map(of_hundredths),
        },
    );
    let top_p = number_setting(
        state,
        Setting {
            id: "setting-top-p",
            label: "Top-p",
            hint: "Only the likeliest words that together have this probability: more than 0, \
                   at most 1. Default: the model's own.",
            refusal: Some(("top_p", |model| format!("{model} does not take a top-p."))),
            is_set: |settings| settings.ask.top_p.is_some(),
            reset: |settings| settings.ask.top_p = None,
        },
        Number {
            id: "setting-top-p",
            label: "Top-p",
            placeholder: "default",
            unit: "",
            hundredths: true,
            least: 1,
            most: 100,
            step: 1,
            slider: Some((100, 100)),
            get: |settings| settings.ask.top_p.map(|value| hundredths(value).max(1)),
            set: |settings, value| settings.ask.top_p = value.map(of_hundredths),
        },
    );
    let length = number_setting(
        state,
        Setting {
            id: "setting-length",
            label: "Maximum length",
            hint: "The most tokens an answer may take; three words are about four tokens. \
                   Default: what the model allows.",
            refusal: Some(("max_tokens", |model| {
                format!("{model} does not take a maximum length.")
            })),
            is_set: |settings| settings.ask.max_tokens.is_some(),
            reset: |settings| settings.ask.max_tokens = None,
        },
        Number {
            id: "setting-length",
            label: "Maximum length",
            placeholder: "no limit",
            unit: "tokens",
            hundredths: false,
            least: 1,
            most: 1_000_000,
            step: 1,
            slider: None,
            get: |settings| settings.ask.max_tokens,
            set: |settings, value| settings.ask.max_tokens = value,
        },
    );
    view! {
        <div class="settings-pair">{temperature} {top_p}</div>
        {length}
    }
    .into_any()
}

fn of_hundredths(value: u32) -> f32 {
    value as f32 / 100.0
}

fn number_setting(state: ChatState, it: Setting, control: Number) -> AnyView {
    setting(state, it, move |refused| number(state, control, refused))
}

/// Where an answer ends.
pub(super) fn stop_phrases(state: ChatState) -> AnyView {
    let it = Setting {
        id: "setting-stop",
        label: "Stop phrases",
        hint: "An answer ends where one of these is complete. \\n stands for a line end. \
               Default: none.",
        refusal: None,
        is_set: |settings| !settings.ask.stop.is_empty() || settings.ask.keep_stop,
        reset: |settings| {
            settings.ask.stop.clear();
            settings.ask.keep_stop = false;
        },
    };
    let list = Phrases {
        id: "setting-stop",
        placeholder: "A phrase, then Enter",
        shown: escaped,
        read: unescaped,
        get: |settings| &settings.ask.stop,
        get_mut: |settings| &mut settings.ask.stop,
    };
    setting(state, it, move |_| {
        view! {
            {phrases(state, list)}
            {check(
                state,
                "Keep the phrase in the answer",
                |settings| settings.ask.keep_stop,
                |settings, keep| settings.ask.keep_stop = keep,
            )}
        }
        .into_any()
    })
}

/// What is marked and counted in answers.
pub(super) fn watch_words(state: ChatState) -> AnyView {
    let it = Setting {
        id: "setting-watch",
        label: "Watch words",
        hint: "They are marked and counted in the answers of this conversation. Default: none.",
        refusal: None,
        is_set: |settings| settings.watch != ConversationSettings::default().watch,
        reset: |settings| settings.watch = ConversationSettings::default().watch,
    };
    let list = Phrases {
        id: "setting-watch",
        placeholder: "A word, then Enter",
        shown: str::to_owned,
        read: |typed| typed.trim().to_owned(),
        get: |settings| &settings.watch.words,
        get_mut: |settings| &mut settings.watch.words,
    };
    setting(state, it, move |_| {
        view! {
            {phrases(state, list)}
            {check(
                state,
                "Whole words only",
                |settings| settings.watch.whole,
                |settings, whole| settings.watch.whole = whole,
            )}
            {check(
                state,
                "Capitals must match",
                |settings| settings.watch.case,
                |settings, case| settings.watch.case = case,
            )}
        }
        .into_any()
    })
}

/// How text appears.
pub(super) fn typing(state: ChatState) -> AnyView {
    const EFFECTS: &str = "<option value='smooth'>Smooth: an even flow</option>\
         <option value='off'>Off: as it arrives</option>\
         <option value='typewriter'>Typewriter: letter by letter</option>";
    let speed = Number {
        id: "setting-speed",
        label: "Speed of the typewriter",
        placeholder: "",
        unit: "characters a second",
        hundredths: false,
        least: 1,
        most: FASTEST,
        step: 1,
        slider: Some((TYPEWRITER, 200)),
        get: |settings| match settings.typing {
            Typing::Typewriter(speed) => Some(speed),
            Typing::Off | Typing::Smooth => None,
        },
        set: |settings, speed| settings.typing = Typing::Typewriter(speed.unwrap_or(TYPEWRITER)),
    };
    let is_typewriter = Memo::new(move |_| {
        state
            .settings
            .with(|settings| matches!(settings.typing, Typing::Typewriter(_)))
    });
    let it = Setting {
        id: "setting-typing",
        label: "Typing effect",
        hint: "It is never more than a second behind what has arrived, and changes nothing that \
               is stored. Default: smooth.",
        refusal: None,
        is_set: |settings| settings.typing != Typing::Smooth,
        reset: |settings| settings.typing = Typing::Smooth,
    };
    setting(state, it, move |refused| {
        view! {
            {select(
                state,
                "setting-typing",
                EFFECTS,
                |settings| match settings.typing {
                    Typing::Off => "off",
                    Typing::Smooth => "smooth",
                    Typing::Typewriter(_) => "typewriter",
                },
                |settings, value| {
                    settings.typing = match value {
                        "off" => Typing::Off,
                        "typewriter" => Typing::Typewriter(TYPEWRITER),
                        _ => Typing::Smooth,
                    };
                },
            )}
            <div class="speed" class:absent=move || !is_typewriter.get()>
                <label class="visually-hidden" for="setting-speed">
                    "Speed of the typewriter"
                </label>
                {number(state, speed, refused)}
            </div>
        }
        .into_any()
    })
}
