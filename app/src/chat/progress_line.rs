//! What a live answer is doing and how far it is.

use leptos::prelude::*;

use super::{live::LiveView, state::ShownMessage, turn};

/// The line below an answer while it is being written.
#[component]
pub(crate) fn ProgressLine(shown: ShownMessage) -> impl IntoView {
    let (live, message) = (shown.live, shown.message);
    move || match live.get() {
        Some(view) => Some(view! { <LiveLine view=view /> }.into_any()),
        // Drawn by the server, before the page has come alive.
        None => message
            .with(|message| message.state == protocol::MessageState::Writing)
            .then(|| view! { <p class="progress">"Writing…"</p> }.into_any()),
    }
}

#[component]
fn LiveLine(view: LiveView) -> impl IntoView {
    let LiveView { status, progress, stopping, .. } = view;
    let words = {
        let (status, progress) = (status.clone(), progress.clone());
        Memo::new(move |_| {
            let (accepted, stalled) = progress.with(|it| (it.accepted, it.stalled));
            status.with(|status| turn::phase_words(status, accepted, stopping.get(), stalled))
        })
    };
    let reason = move || status.with(|status| status.reason.clone());
    let numbers = {
        let progress = progress.clone();
        move || {
            let it = progress.get();
            let mut parts = vec![seconds(it.elapsed_ms)];
            if it.tokens > 0 {
                parts.push(format!("≈ {} tokens", grouped(it.tokens)));
            }
            if let Some(speed) = it.tokens_per_second {
                parts.push(format!("{speed:.0} tokens/s"));
            }
            if let Some(share) = it.share {
                parts.push(format!("about {:.0} % done", share * 100.0));
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
                max="1"
                value=move || share.get().unwrap_or_default().to_string()
            ></progress>
        </div>
    }
}

/// A time in words: "0.3 s", "12 s", "3 min 5 s".
pub(crate) fn seconds(ms: f64) -> String {
    let seconds = ms / 1_000.0;
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 60.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{} min {} s", (seconds / 60.0) as u64, (seconds % 60.0) as u64)
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
        assert_eq!(seconds(340.0), "0.3 s");
        assert_eq!(seconds(59_400.0), "59 s");
        assert_eq!(seconds(185_000.0), "3 min 5 s");
    }
}
