//! Under an ended answer: what it took, quietly, and what can be done with it.

use leptos::prelude::*;
use protocol::{Message, MessageState, Statistics};

use super::{
    message_actions::AnswerActions,
    progress_line,
    state::ShownMessage,
    statistics_words::{rows, summary, who},
};

/// The statistics line with its fold, and the answer's buttons.
#[component]
pub(crate) fn AnswerFoot(shown: ShownMessage) -> impl IntoView {
    move || {
        let message = shown.message.get();
        if message.state == MessageState::Writing || shown.live.with(Option::is_some) {
            return None;
        }
        Some(view! {
            <footer class="answer-foot">
                <StatisticsLine message=message />
                <AnswerActions shown=shown.clone() />
            </footer>
        })
    }
}

#[component]
fn StatisticsLine(message: Message) -> impl IntoView {
    let state_word = state_word(&message);
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

/// How an answer ended that did not simply come to its end.
fn state_word(message: &Message) -> Option<String> {
    let phrase = message
        .statistics
        .as_ref()
        .and_then(|it| it.stop_phrase.as_ref());
    let word = match (message.state, message.reason.as_deref()) {
        (MessageState::Stopped, _) if let Some(stopped) = phrase => {
            return Some(format!("Stopped at “{}”", stopped.phrase));
        }
        (MessageState::Stopped, Some("nobody was watching")) => "Stopped: nobody was watching",
        (MessageState::Stopped, _) => "Stopped",
        (MessageState::Failed, _) => "Failed",
        (MessageState::Interrupted, _) => "Interrupted",
        (MessageState::Finished, Some("length")) => "Cut at its length limit",
        (MessageState::Writing | MessageState::Finished, _) => return None,
    };
    Some(word.to_owned())
}

/// What the quiet line has no room for.
#[component]
fn Fold(
    /// What the answer took.
    statistics: Statistics,
    /// Why it ended.
    reason: Option<String>,
) -> impl IntoView {
    progress_line::list(rows(&statistics, reason.as_deref()))
}
