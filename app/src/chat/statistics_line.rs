//! Under an ended answer: what it took, quietly, and what can be done with it.

use leptos::prelude::*;
use protocol::{Message, MessageState, Statistics};

use super::{
    bubble_actions,
    progress_line::{grouped, seconds},
    state::{ChatState, ShownMessage},
    turn,
};
use crate::client::dom;
use crate::ui::{Icon, Symbol};

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
    let model = statistics.model.clone().or_else(|| message.model.clone());
    let line = summary(&statistics, model.as_deref());
    let open = RwSignal::new(false);
    let toggle = NodeRef::<leptos::html::Details>::new();
    let details = move || {
        open.get().then(|| {
            let rows = rows(&statistics, message.reason.as_deref())
                .into_iter()
                .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
                .collect_view();
            view! { <dl>{rows}</dl> }
        })
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

/// The quiet line: model, time to first token, total, tokens, speed.
fn summary(statistics: &Statistics, model: Option<&str>) -> String {
    let mut parts = Vec::new();
    parts.extend(model.map(str::to_owned));
    if let Some(first) = statistics.first_token_ms {
        parts.push(format!("first token {}", seconds(first)));
    }
    if statistics.duration_ms > 0 {
        parts.push(format!("{} in all", seconds(statistics.duration_ms)));
    }
    let usage = &statistics.usage;
    if usage.input.is_some() || usage.output.is_some() {
        let about = if usage.estimated { "≈ " } else { "" };
        parts.push(format!(
            "{about}{} tokens in, {} out",
            number(usage.input),
            number(usage.output)
        ));
    }
    if let Some(speed) = statistics.tokens_per_second() {
        parts.push(format!("{} tokens/s", speed.round() as u64));
    }
    parts.push("cost unknown".to_owned());
    parts.join(" · ")
}

fn rows(statistics: &Statistics, reason: Option<&str>) -> Vec<(&'static str, String)> {
    let usage = &statistics.usage;
    let writing = statistics
        .duration_ms
        .saturating_sub(statistics.first_token_ms.unwrap_or(0));
    let mut rows = vec![
        ("Ended", reason.unwrap_or("unknown").to_owned()),
        ("Attempts", statistics.attempts.to_string()),
        ("Chunks", grouped(statistics.chunks)),
        ("Characters", grouped(statistics.characters)),
        ("Words", grouped(statistics.words)),
    ];
    if let Some(tenths) = (statistics.characters * 10).checked_div(statistics.chunks) {
        rows.push((
            "Average chunk",
            format!("{}.{} characters", tenths / 10, tenths % 10),
        ));
    }
    if writing >= 1_000 {
        let pace = statistics.words * 60_000 / writing;
        rows.push(("Words per minute", grouped(pace)));
    }
    if let Some(cached) = usage.cached {
        rows.push(("Tokens in, from cache", grouped(cached)));
    }
    if let Some(thinking) = usage.thinking {
        rows.push(("Tokens out, thinking", grouped(thinking)));
    }
    let source = if usage.estimated {
        "estimated by us"
    } else {
        "reported by the provider"
    };
    rows.push(("Token counts", source.to_owned()));
    rows
}

fn number(tokens: Option<u64>) -> String {
    tokens.map_or_else(|| "unknown".to_owned(), grouped)
}
