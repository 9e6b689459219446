//! Under an ended answer: what it took, quietly, and what can be done with it.

use leptos::prelude::*;
use protocol::{Message, MessageState, Statistics};

use super::{
    bubble_actions,
    state::{ChatState, ShownMessage},
    statistics_words::{rows, summary, who},
    turn,
};
use crate::client::dom;
use crate::ui::{Icon, Symbol};

/// A value of more bytes has a line of its own in the fold.
const LONG: usize = 28;

/// The statistics line with its fold, and the answer's buttons.
#[component]
pub(crate) fn AnswerFoot(shown: ShownMessage) -> impl IntoView {
    let state = ChatState::use_here();
    move || {
        let message = shown.message.get();
        if message.state == MessageState::Writing || shown.live.with(Option::is_some) {
            return None;
        }
        let again = shown.clone();
        let source = shown.message.clone();
        let key = shown.key;
        let can_retry = message.state != MessageState::Finished
            && state
                .messages
                .with(|all| all.last().is_some_and(|last| last.key == key));
        Some(view! {
            <footer class="answer-foot">
                <div class="actions">
                    <button type="button" class="button" aria-label="Copy the answer" title="Copy" on:click=move |event| {
                        if let Some(button) = dom::closest(&event, "button") {
                            bubble_actions::copy(button, source.with_untracked(|it| it.text.clone()));
                        }
                    }>
                        <Icon symbol=Symbol::Copy />
                    </button>
                    {can_retry
                        .then(|| {
                            view! {
                                <button type="button" class="button" on:click=move |_| turn::retry(state, &again)>
                                    <Icon symbol=Symbol::Retry />
                                    "Try again"
                                </button>
                            }
                        })}
                </div>
                <StatisticsLine message=message />
            </footer>
        })
    }
}

#[component]
fn StatisticsLine(message: Message) -> impl IntoView {
    let state_word = match message.state {
        MessageState::Stopped => Some(match message.reason.as_deref() {
            Some("nobody was watching") => "Stopped: nobody was watching",
            _ => "Stopped",
        }),
        MessageState::Failed => Some("Failed"),
        MessageState::Interrupted => Some("Interrupted"),
        MessageState::Finished if message.reason.as_deref() == Some("length") => {
            Some("Cut at its length limit")
        }
        MessageState::Writing | MessageState::Finished => None,
    };
    let statistics = message.statistics.clone().unwrap_or_default();
    // Of models that all failed, the one asked is the one to name.
    let answered = match message.state {
        MessageState::Failed => None,
        _ => statistics.model.as_deref(),
    };
    let asked = message.model.as_deref();
    let line = summary(&statistics, who(answered.or(asked), asked));
    let open = RwSignal::new(false);
    let toggle = NodeRef::<leptos::html::Details>::new();
    let details = move || {
        open.get()
            .then(|| view! { <Fold statistics=statistics.clone() reason=message.reason.clone() /> })
    };
    view! {
        <details
            class="statistics"
            node_ref=toggle
            on:toggle=move |_| open.set(toggle.get_untracked().is_some_and(|it| it.open()))
        >
            <summary>
                {state_word.map(|word| view! { <strong class="state-word">{word}</strong> })} {line}
            </summary>
            {details}
        </details>
    }
}

/// What the quiet line has no room for.
#[component]
fn Fold(
    /// What the answer took.
    statistics: Statistics,
    /// Why it ended.
    reason: Option<String>,
) -> impl IntoView {
    let rows = rows(&statistics, reason.as_deref())
        .into_iter()
        .map(|(name, value)| {
            let is_long = value.len() > LONG;
            view! {
                <div class:wide=is_long>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl>{rows}</dl> }
}
