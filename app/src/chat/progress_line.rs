//! What a live answer is doing and how far it is.

use leptos::{either::Either, prelude::*};
use protocol::{Phase, Status, Typing};

use super::{
    commands::Name,
    composer,
    live::{self, LiveView, Progress},
    state::{ChatState, ShownMessage},
    statistics_words::{Row, cost, live_rows},
};

/// A value of more bytes has a line of its own in the fold.
const LONG: usize = 28;

/// The line below an answer while it is being written.
#[component]
pub(crate) fn ProgressLine(shown: ShownMessage) -> impl IntoView {
    let (live, message) = (shown.live, shown.message);
    move || match live.get() {
        Some(view) => {
            let asked = message.with_untracked(|message| message.model.clone());
            Some(Either::Left(view! { <LiveLine view=view asked=asked /> }))
        }
        // Drawn by the server, before the page has come alive.
        None => message
            .with(|message| message.state == protocol::MessageState::Writing)
            .then(|| Either::Right(view! { <p class="progress">"Writing…"</p> })),
    }
}

#[component]
fn LiveLine(
    /// The live answer.
    view: LiveView,
    /// The model asked by whoever sent the message.
    asked: Option<String>,
) -> impl IntoView {
    let LiveView {
        status,
        progress,
        stopping,
        hurried,
        key,
        ..
    } = view;
    let words = {
        let (status, progress, asked) = (status.clone(), progress.clone(), asked.clone());
        Memo::new(move |_| {
            let progress = progress.get();
            status.with(|status| phase_words(status, progress, stopping.get(), asked.as_deref()))
        })
    };
    let reason = Memo::new(move |_| status.with(|status| reason_words(status, asked.as_deref())));
    let numbers = {
        let progress = progress.clone();
        move || {
            let it = progress.get();
            let mut parts = vec![seconds(it.elapsed_ms as u64)];
            if it.tokens > 0 {
                parts.push(format!("≈ {} tokens", grouped(it.tokens)));
            }
            if let Some(speed) = it.tokens_per_second {
                parts.push(format!("{} tokens/s", speed.round() as u64));
            }
            if let Some(cost) = cost(&it.usage) {
                parts.push(format!("{cost} so far"));
            }
            if let Some(share) = it.share {
                parts.push(format!("about {share} % done"));
            }
            parts.join(" · ")
        }
    };
    let share = {
        let progress = progress.clone();
        Memo::new(move |_| progress.with(|it| it.share))
    };
    let open = RwSignal::new(false);
    let toggle = NodeRef::<leptos::html::Details>::new();
    let fold = move || {
        let rows = || live_rows(words.get(), &progress.get());
        open.get().then(|| list(rows()))
    };
    let state = ChatState::use_here();
    let is_slow = move || {
        let typing = state.settings.with(|settings| settings.typing);
        matches!(typing, Typing::Typewriter(_)) && !hurried.get()
    };
    view! {
        <div class="progress-row">
            <details
                class="live-statistics"
                node_ref=toggle
                on:toggle=move |_| open.set(toggle.get_untracked().is_some_and(|it| it.open()))
            >
                <summary class="progress">
                    <span class="pulse"></span>
                    <span class="phase">{move || words.get()}</span>
                    <span class="numbers">{numbers}</span>
                    <progress
                        class="share"
                        class:absent=move || share.get().is_none()
                        aria-label="Estimated progress"
                        max="100"
                        value=move || share.get().unwrap_or_default().to_string()
                    ></progress>
                    <span class="reason" title=move || reason.get()>
                        {move || reason.get()}
                    </span>
                </summary>
                {fold}
            </details>
            <button
                type="button"
                class="button quiet show-all"
                class:absent=move || !is_slow()
                title=Name::ShowAll.keys()
                on:click=move |_| {
                    // The button is about to go: the focus must not go with it.
                    composer::focus();
                    show_all(key);
                }
            >
                "Show all"
            </button>
        </div>
    }
}

/// Rows of a fold.
pub(super) fn list(rows: Vec<Row>) -> AnyView {
    let row = |(name, value): Row| {
        let is_long = value.len() > LONG;
        view! {
            <div class:wide=is_long>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <dl>{rows}</dl> }.into_any()
}

/// Shows at once what has arrived of a live answer, and what will.
fn show_all(key: u64) -> bool {
    let live = live::of_message(key);
    if let Some(live) = &live {
        live.show_all();
    }
    live.is_some()
}

/// As "Show all" does, for the answer being written in the conversation shown.
/// Returns whether there was one.
pub(crate) fn show_all_shown(state: ChatState) -> bool {
    untrack(|| state.running()).is_some_and(|shown| show_all(shown.key))
}

/// What a turn is doing, in words.
fn phase_words(status: &Status, progress: Progress, stopping: bool, asked: Option<&str>) -> String {
    if stopping {
        return "Stopping…".to_owned();
    }
    if !progress.accepted {
        return "Sending…".to_owned();
    }
    let model = status.model.as_deref().unwrap_or("the model");
    match (status.phase, progress.wait_s) {
        (Phase::Thinking | Phase::Writing, _) if progress.stalled => {
            "Nothing new for a while; still connected…".to_owned()
        }
        (Phase::Thinking, _) => "Thinking…".to_owned(),
        (Phase::Writing, _) if is_other(status, asked) => format!("{model} is writing…"),
        (Phase::Writing, _) => "Writing…".to_owned(),
        (Phase::Retrying, Some(wait)) => format!("Trying again in {wait} s…"),
        (Phase::Retrying, None) => "Trying again…".to_owned(),
        (Phase::Switching, _) => format!("Switching to {model}…"),
        (Phase::Queued, Some(wait)) => format!("Waiting {wait} s for a place…"),
        (Phase::Queued, None) if status.model.is_some() => "Waiting for a place…".to_owned(),
        (Phase::Queued, None) => "Accepted, about to begin…".to_owned(),
        (Phase::Routing, _) => "Choosing a model…".to_owned(),
        (Phase::Waiting, _) => format!("Waiting for {model}…"),
    }
}

/// Why it is doing that. Once the model that was asked writes after all, what
/// held it up is past.
fn reason_words(status: &Status, asked: Option<&str>) -> String {
    let is_past = matches!(status.phase, Phase::Thinking | Phase::Writing)
        && status.attempt.is_some()
        && !is_other(status, asked);
    match &status.reason {
        Some(reason) if !is_past => reason.clone(),
        _ => String::new(),
    }
}

/// Whether another model is at work than the one asked.
fn is_other(status: &Status, asked: Option<&str>) -> bool {
    status.model.is_some() && status.model.as_deref() != asked
}

/// A time in words: "0.3 s", "12 s", "3 min 5 s". In integers: formatting
/// floats would weigh on the page's download.
pub(crate) fn seconds(ms: u64) -> String {
    let tenths = (ms + 50) / 100;
    let whole = (ms + 500) / 1_000;
    if tenths < 100 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if whole < 60 {
        format!("{whole} s")
    } else {
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

/// A number with its thousands apart: "12 345" with a narrow space.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_says_who_is_at_work_and_for_how_long_nobody_is() {
        let words = |phase, model: &str, wait_s| {
            let status = Status {
                phase,
                model: Some(model.to_owned()),
                attempt: Some(2),
                reason: Some("a/x: Slow down.".to_owned()),
                ..Status::default()
            };
            let progress = Progress {
                accepted: true,
                wait_s,
                ..Progress::default()
            };
            let reason = reason_words(&status, Some("a/x"));
            let phase = phase_words(&status, progress, false, Some("a/x"));
            (phase, !reason.is_empty())
        };
        for (phase, model, wait, expected, reason) in [
            (
                Phase::Retrying,
                "a/x",
                Some(2),
                "Trying again in 2 s…",
                true,
            ),
            (Phase::Retrying, "a/x", None, "Trying again…", true),
            (Phase::Switching, "b/y", None, "Switching to b/y…", true),
            (Phase::Writing, "b/y", None, "b/y is writing…", true),
            (Phase::Writing, "a/x", None, "Writing…", false),
            (
                Phase::Queued,
                "a/x",
                Some(3),
                "Waiting 3 s for a place…",
                true,
            ),
        ] {
            assert_eq!(words(phase, model, wait), (expected.to_owned(), reason));
        }
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(seconds(340), "0.3 s");
        assert_eq!(seconds(9_960), "10 s");
        assert_eq!(seconds(59_400), "59 s");
        assert_eq!(seconds(185_000), "3 min 5 s");
    }
}
