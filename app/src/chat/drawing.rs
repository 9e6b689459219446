//! What of a live answer has arrived, what of it is shown, and how the rest is
//! revealed.

mod pace;

use markdown::LiveDocument;
use protocol::{Transcript, Typing};
use web_sys::Element;

use super::{
    enrich,
    live_markdown::{GrowingText, LiveMarkdown},
};
use crate::client::dom;
use pace::Pace;

/// A backlog is revealed over about this many frames: it looks even, and lags
/// a tenth of a second.
const REVEAL_FRAMES: usize = 6;

/// What of an answer has arrived and what of it is drawn.
#[derive(Default)]
pub(super) struct Drawing {
    /// What has arrived.
    pub(super) transcript: Transcript,
    document: LiveDocument,
    /// Bytes of the transcript's text that were given to the document.
    pub(super) shown: usize,
    /// Bytes of text that the message had when this began: whoever put it into
    /// the page drew as much.
    began_with: usize,
    /// Where Stop was pressed: nothing beyond is shown.
    pub(super) limit: Option<usize>,
    body: Option<LiveMarkdown>,
    thinking: Option<GrowingText>,
    /// Text shows as it comes: the person wants no motion, or has asked to see
    /// all of this answer at once.
    pub(super) hurried: bool,
    pace: Pace,
    /// A frame is on its way.
    pub(super) frame_wanted: bool,
    /// Drawing waits until then, so that it leaves time for the rest.
    pub(super) not_before_ms: f64,
}

impl Drawing {
    /// A drawing of what was there when the page was drawn; it is shown at
    /// once.
    pub(super) fn of(transcript: Transcript) -> Self {
        let mut document = LiveDocument::new();
        document.push(&transcript.text);
        Self {
            shown: transcript.text.len(),
            began_with: transcript.text.len(),
            transcript,
            document,
            hurried: dom::matches_media("(prefers-reduced-motion: reduce)"),
            ..Self::default()
        }
    }

    /// Draws into these nodes from now on.
    pub(super) fn draw_into(&mut self, body: Element, thinking: Element) {
        let mut body = LiveMarkdown::new(body);
        if self.shown == self.began_with {
            body.adopt(&self.document, enrich::improve);
        }
        self.body = Some(body);
        self.thinking = Some(GrowingText::new(thinking));
    }

    /// The end of the text was replaced. What stands before it stays as it is
    /// drawn; behind it, equal nodes stay.
    pub(super) fn take_back(&mut self) {
        let text = &self.transcript.text;
        let keep = floor_boundary(text, self.shown.min(text.len()));
        let mut document = LiveDocument::new();
        document.push(&text[..keep]);
        if let Some(body) = &mut self.body {
            body.take_back(&self.document, &document);
        }
        self.document = document;
        self.shown = keep;
        // Nobody else has drawn this.
        self.began_with = usize::MAX;
    }

    /// Draws the end as the end: nothing is unfinished any more.
    pub(super) fn finish(&mut self) {
        self.document.finish();
        self.draw();
    }

    fn target(&self) -> usize {
        self.limit.map_or(self.transcript.text.len(), |limit| {
            limit.min(self.transcript.text.len())
        })
    }

    /// Whether something has arrived that is not shown.
    pub(super) fn has_more(&self) -> bool {
        self.shown < self.target()
            || self
                .thinking
                .as_ref()
                .is_some_and(|it| it.len() < self.transcript.thinking.len())
    }

    /// Takes note that text has arrived.
    pub(super) fn arrived(&mut self) {
        let bytes = self.transcript.text.len();
        self.pace.arrived(dom::monotonic_ms(), bytes);
    }

    /// Shows the next piece of what has arrived.
    pub(super) fn reveal(&mut self, typing: Typing) {
        let target = self.target();
        if self.shown < target {
            let (text, shown) = (&self.transcript.text[..target], self.shown);
            let next = match typing {
                _ if self.hurried => target,
                Typing::Typewriter(speed) => {
                    self.pace.next(text, shown, speed, dom::monotonic_ms())
                }
                Typing::Smooth if self.transcript.ending.is_none() => {
                    shown + (target - shown).div_ceil(REVEAL_FRAMES)
                }
                Typing::Smooth | Typing::Off => target,
            };
            let next = ceil_boundary(text, next);
            self.document.push(&self.transcript.text[self.shown..next]);
            self.shown = next;
        }
        self.draw();
    }

    /// Draws what is shown.
    pub(super) fn draw(&mut self) {
        if let Some(thinking) = &mut self.thinking {
            thinking.grow_to(&self.transcript.thinking);
        }
        if let Some(body) = &mut self.body {
            body.draw(&self.document, enrich::improve);
        }
    }
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
