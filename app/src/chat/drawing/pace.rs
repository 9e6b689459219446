//! The pace of the typewriter: even keystrokes, but never more than a second
//! behind what has arrived.

use std::collections::VecDeque;

use super::ceil_boundary;

/// When what has arrived is shown at the latest, in milliseconds: a second but
/// for the time until the screen shows it.
const LATEST_MS: f64 = 900.0;
/// What arrives within this time counts as arriving together, at its
/// beginning.
const TOGETHER_MS: f64 = 30.0;
/// How long a frame lasts, where none was measured.
const FRAME_MS: f64 = 16.0;

/// How far the typewriter is.
#[derive(Default)]
pub(super) struct Pace {
    /// How much of the text had arrived when, for what is not shown yet.
    arrived: VecDeque<(f64, usize)>,
    /// When it typed last, while it has something to type.
    before_ms: Option<f64>,
    /// Keystrokes that are due, in parts of one.
    owed: f64,
}

impl Pace {
    /// Takes note that the text has this many bytes now.
    pub(super) fn arrived(&mut self, now_ms: f64, bytes: usize) {
        // Where an end was taken back, what is gone need not be shown.
        for (_, earlier) in &mut self.arrived {
            *earlier = bytes.min(*earlier);
        }
        match self.arrived.back_mut() {
            Some((at, until)) if now_ms - *at < TOGETHER_MS => *until = bytes,
            _ => self.arrived.push_back((now_ms, bytes)),
        }
    }

    /// How many bytes of the text to show now, of which `shown` are already,
    /// at so many characters a second.
    pub(super) fn next(&mut self, text: &str, shown: usize, speed: u32, now_ms: f64) -> usize {
        let since = now_ms - self.before_ms.unwrap_or(now_ms - FRAME_MS);
        self.owed += f64::from(speed) * since / 1_000.0;
        let keystrokes = self.owed.floor();
        self.owed -= keystrokes;
        let rest = &text[shown..];
        let typed = rest.char_indices().nth(keystrokes as usize);
        let mut next = typed.map_or(text.len(), |(at, _)| shown + at);
        while self
            .arrived
            .front()
            .is_some_and(|(_, until)| *until <= shown)
        {
            self.arrived.pop_front();
        }
        for &(at, until) in &self.arrived {
            let left = at + LATEST_MS - now_ms;
            let missing = until - shown;
            let due = if left <= since {
                missing
            } else {
                // Rounded down: it grows as the time left becomes short.
                (missing as f64 * since / left) as usize
            };
            next = next.max(shown + due);
        }
        let next = ceil_boundary(text, next);
        let has_more = next < text.len();
        self.before_ms = has_more.then_some(now_ms);
        if !has_more {
            // A pause saves no keystrokes up.
            self.owed = 0.0;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types what arrives, in frames of so many milliseconds. Gives how much
    /// was shown after each frame, and the longest that anything waited.
    fn typed(speed: u32, frame_ms: f64, arrivals: &[(f64, usize)]) -> (Vec<usize>, f64) {
        let (mut pace, mut text, mut shown) = (Pace::default(), String::new(), 0);
        let (mut frames, mut waited, mut now) = (Vec::new(), 0.0_f64, 0.0);
        let mut coming = arrivals.iter().peekable();
        let mut waiting: VecDeque<(f64, usize)> = VecDeque::new();
        while coming.peek().is_some() || shown < text.len() {
            now += frame_ms;
            while let Some((at, count)) = coming.next_if(|(at, _)| *at <= now) {
                text.push_str(&"é".repeat(*count));
                pace.arrived(*at, text.len());
                waiting.push_back((*at, text.len()));
            }
            shown = pace.next(&text, shown, speed, now);
            while waiting.front().is_some_and(|(_, until)| *until <= shown) {
                let (at, _) = waiting.pop_front().unwrap();
                waited = waited.max(now - at);
            }
            frames.push(shown);
        }
        (frames, waited)
    }

    #[test]
    fn it_types_at_its_speed_where_the_text_keeps_up() {
        // Twenty characters at fifty a second take 400 ms: 25 frames of 16 ms.
        let (frames, _) = typed(50, 16.0, &[(0.0, 20)]);
        assert!((24..=26).contains(&frames.len()), "{}", frames.len());
        let steps: Vec<_> = frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| *step <= 2), "{steps:?}");
    }

    #[test]
    fn it_is_never_more_than_a_second_behind() {
        let flood: Vec<_> = (0..100).map(|at| (f64::from(at) * 50.0, 200)).collect();
        for (frame_ms, arrivals) in [
            (16.0, vec![(0.0, 100_000)]),
            (16.0, flood.clone()),
            (200.0, flood),
            (16.0, vec![(0.0, 10), (950.0, 5_000), (1_900.0, 1)]),
        ] {
            let (_, waited) = typed(1, frame_ms, &arrivals);
            assert!(
                waited <= 1_000.0,
                "{waited} ms with frames of {frame_ms} ms"
            );
        }
    }

    #[test]
    fn a_flood_is_typed_evenly_and_not_all_at_the_last_moment() {
        let (frames, _) = typed(1, 16.0, &[(0.0, 10_000)]);
        let half = frames.iter().filter(|shown| **shown < 10_000).count();
        assert!(
            (20..=36).contains(&half),
            "half after {half} of {}",
            frames.len()
        );
    }

    #[test]
    fn a_pause_saves_no_keystrokes_up() {
        let (frames, _) = typed(50, 16.0, &[(0.0, 2), (10_000.0, 100)]);
        let jump = frames.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(jump <= Some(6), "{jump:?} bytes in one frame");
    }
}
