//! What a live answer is doing and how far it is.

use leptos::{either::Either, prelude::*};
use protocol::{Phase, Status};

use super::{live::LiveView, state::ShownMessage};

/// The line below an answer while it is being written.
#[component]
pub(crate) fn ProgressLine(shown: ShownMessage) -> impl IntoView {
    let (live, message) = (shown.live, shown.message);
    move || match live.get() {
        Some(view) => Some(Either::Left(view! { <LiveLine view=view /> })),
        // Drawn by the server, before the page has come alive.
        None => message
            .with(|message| message.state == protocol::MessageState::Writing)
            .then(|| Either::Right(view! { <p class="progress">"Writing…"</p> })),
    }
}

#[component]
fn LiveLine(view: LiveView) -> impl IntoView {
    let LiveView {
        status,
        progress,
        stopping,
        ..
    } = view;
    let words = {
        let (status, progress) = (status.clone(), progress.clone());
        Memo::new(move |_| {
            let (accepted, stalled) = progress.with(|it| (it.accepted, it.stalled));
            status.with(|status| phase_words(status, accepted, stopping.get(), stalled))
        })
    };
    let reason = move || status.with(|status| status.reason.clone());
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
            if let Some(share) = it.share {
                parts.push(format!("about {share} % done"));
            }
            parts.join(" · ")
        }
    };
    let share = Memo::new(move |_| progress.with(|it| it.share));
    view! {
        <div class="progress">
            <span class="pulse"></span>
            <span class="phase">{move || words.get()}</span>
            <span class="reason">{reason}</span>
            <span class="numbers">{numbers}</span>
            <progress
                class="share"
                class:absent=move || share.get().is_none()
                aria-label="Estimated progress"
                max="100"
                value=move || share.get().unwrap_or_default().to_string()
            ></progress>
        </div>
    }
}

/// What a turn is doing, in words.
fn phase_words(status: &Status, accepted: bool, stopping: bool, stalled: bool) -> String {
    if stopping {
        return "Stopping…".to_owned();
    }
    if !accepted {
        return "Sending…".to_owned();
    }
    let model = status.model.as_deref().unwrap_or("the model");
    match status.phase {
        Phase::Queued => "Accepted, about to begin…".to_owned(),
        Phase::Routing => "Choosing a model…".to_owned(),
        Phase::Waiting => format!("Waiting for {model}…"),
        Phase::Thinking | Phase::Writing if stalled => {
            "Nothing new for a while; still connected…".to_owned()
        }
        Phase::Thinking => "Thinking…".to_owned(),
        Phase::Writing => "Writing…".to_owned(),
        Phase::Retrying => match status.retry_in_ms {
            Some(ms) => format!("Trying again in {} s…", ms.div_ceil(1_000)),
            None => "Trying again…".to_owned(),
        },
        Phase::Switching => format!("Switching to {model}…"),
    }
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
    fn numbers_and_times_read_well() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(seconds(340), "0.3 s");
        assert_eq!(seconds(9_960), "10 s");
        assert_eq!(seconds(59_400), "59 s");
        assert_eq!(seconds(185_000), "3 min 5 s");
    }
}
