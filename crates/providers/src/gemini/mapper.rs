//! How its responses become our deltas.

use std::{collections::VecDeque, sync::Arc};

use protocol::{Usage, sse::Frame};

use super::wire::{Candidate, FunctionCall, Part, PromptFeedback, Response};
use crate::{Delta, Error, FinishReason, failure, http::Upstream, mapper::Progress, text::Text};

/// Turns the responses of one answer into deltas.
///
/// There is no end mark: after a finish reason the end of the stream is the
/// end, and until then token counts may still come.
#[derive(Debug)]
pub(crate) struct Mapper {
    progress: Progress,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// Tokens were reported with the finish reason or behind it. Earlier
    /// reports are not final: there is one in every response.
    counted: bool,
    /// Text came. What was held back behind it is a filtered answer; without
    /// any it is a refused one.
    said: bool,
    tools: u32,
}

impl Mapper {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            progress: Progress::new(upstream),
            finish: None,
            usage: None,
            counted: false,
            said: false,
            tools: 0,
        }
    }

    fn response(&mut self, response: Response, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(error) = response.error.filter(failure::is_meant) {
            return Err(self.progress.failed(&error));
        }
        let candidates = response.candidates.unwrap_or_default();
        let feedback = response.prompt_feedback;
        let refused = feedback
            .filter(|_| candidates.is_empty())
            .and_then(|feedback| self.refused(feedback));
        if candidates.is_empty() && response.usage_metadata.is_none() {
            return refused.map_or(Ok(()), Err);
        }
        self.progress.start(Text::said(response.model_version), out);
        let mut ended = None;
        for candidate in candidates {
            // Only one is asked for; another's text is not ours.
            if candidate.index.unwrap_or(0) == 0 {
                ended = self.candidate(candidate, out).or(ended);
            }
        }
        if let Some(usage) = response.usage_metadata.map(Usage::from) {
            self.counted |= ended.is_some() || self.finish.is_some();
            if self.usage != Some(usage) {
                self.usage = Some(usage);
                out.push_back(Delta::Usage(usage));
            }
        }
        // After the tokens, which a refused question or answer costs as well.
        match (refused, ended) {
            (Some(refused), _) => Err(refused),
            (None, Some((word, message))) => self.ended(word, message),
            (None, None) => Ok(()),
        }
    }

    /// The error that the verdict on the question is, if it is one.
    fn refused(&mut self, feedback: PromptFeedback) -> Option<Error> {
        let reason = Text::said(feedback.block_reason)?;
        let name = &self.progress.upstream.name;
        let because = because(&reason, Text::said(feedback.block_reason_message));
        let sentence = format!("{name} refused the question: {because}.");
        Some(self.progress.blocked(&sentence, &reason))
    }

    /// Gives the finish reason, and what is said about it.
    fn candidate(
        &mut self,
        candidate: Candidate,
        out: &mut VecDeque<Delta>,
    ) -> Option<(String, Option<String>)> {
        let parts = candidate.content.and_then(|content| content.parts);
        for part in parts.into_iter().flatten() {
            self.part(part, out);
        }
        let word = Text::said(candidate.finish_reason)?;
        // What Google's libraries call the absence of a reason.
        (word != "FINISH_REASON_UNSPECIFIED").then(|| (word, Text::said(candidate.finish_message)))
    }

    fn part(&mut self, part: Part, out: &mut VecDeque<Delta>) {
        let signature = Text::said(part.thought_signature);
        if let Some(text) = Text::said(part.text) {
            out.push_back(match part.thought {
                Some(true) => Delta::Thinking(text),
                _ => {
                    self.said = true;
                    Delta::Text(text)
                }
            });
        }
        match part.function_call {
            Some(call) => self.tool(call, signature, out),
            None => out.extend(signature.map(Delta::Signature)),
        }
    }

    fn tool(&mut self, call: FunctionCall, signature: Option<String>, out: &mut VecDeque<Delta>) {
        let index = self.tools;
        self.tools += 1;
        let id = Text::said(call.id).unwrap_or_else(|| format!("call_{index}"));
        let arguments = match call.args {
            Some(arguments) if !arguments.is_null() => arguments.to_string(),
            _ => "{}".to_owned(),
        };
        out.push_back(Delta::Tool {
            index,
            id: Some(id),
            name: Text::said(call.name),
            arguments,
            signature,
        });
    }

    /// Takes note of the finish reason.
    fn ended(&mut self, word: String, message: Option<String>) -> Result<(), Error> {
        let name = &self.progress.upstream.name;
        let because = because(&word, message);
        self.finish = Some(match word.as_str() {
            "STOP" => FinishReason::Stop,
            "MAX_TOKENS" => FinishReason::Length,
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => {
                let what = format!("a tool call that makes no sense: {because}");
                return Err(self.progress.malformed(&what));
            }
            word if !is_filter(word) => self.progress.unknown(word.to_ascii_lowercase()),
            _ if self.said || self.tools > 0 => FinishReason::ContentFilter,
            word => {
                let sentence = format!("{name} held its answer back: {because}.");
                return Err(self.progress.blocked(&sentence, word));
            }
        });
        Ok(())
    }

    /// Google says `STOP` to an answer that calls tools as well.
    fn finished(&mut self, reason: FinishReason, out: &mut VecDeque<Delta>) {
        self.progress.ended = true;
        out.push_back(Delta::Finished(match reason {
            FinishReason::Stop if self.tools > 0 => FinishReason::ToolCalls,
            reason => reason,
        }));
    }
}

impl crate::mapper::Mapper for Mapper {
    fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let data = frame.data.trim();
        if self.progress.ended || data.is_empty() {
            return Ok(());
        }
        match responses(data) {
            Ok(responses) => responses
                .into_iter()
                .try_for_each(|response| self.response(response, out)),
            Err(cause) => self.progress.skip(&cause),
        }
    }

    /// A proxy that drops `alt=sse` gets all the responses in an array.
    fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match responses(body.trim()) {
            Ok(responses) => responses
                .into_iter()
                .try_for_each(|response| self.response(response, out))?,
            Err(cause) => return Err(self.progress.unreadable(&cause)),
        }
        if !self.progress.started {
            return Err(self
                .progress
                .malformed("a JSON document without an answer in it"));
        }
        let reason = self.finish.take().unwrap_or(FinishReason::Stop);
        self.finished(reason, out);
        Ok(())
    }

    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.finish.take() {
            _ if self.progress.ended => Ok(()),
            Some(reason) => {
                self.finished(reason, out);
                Ok(())
            }
            None => Err(self.progress.cut_off()),
        }
    }

    fn is_finishing(&self) -> bool {
        self.finish.is_some()
    }

    fn has_usage(&self) -> bool {
        self.counted
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}

/// One, or an array of them.
fn responses(text: &str) -> Result<Vec<Response<'_>>, serde_json::Error> {
    match text.starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::from_str(text).map(|response| vec![response]),
    }
}

/// Google's word for a reason and its sentence about it, without the full stop.
fn because(word: &str, message: Option<String>) -> String {
    match message {
        Some(message) => format!("{word}: {}", message.trim_end_matches('.')),
        None => word.to_owned(),
    }
}

/// Whether a finish reason means that something held the answer back.
fn is_filter(word: &str) -> bool {
    const WORDS: [&str; 5] = [
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
    ];
    WORDS.contains(&word) || word.starts_with("IMAGE_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapper::Mapper as _;

    #[test]
    fn tokens_are_final_with_the_finish_reason_and_not_before() {
        let url = "http://127.0.0.1:9".parse().unwrap();
        let mut mapper = Mapper::new(Arc::new(Upstream::new("acme", &url, None)));
        for (data, is_finishing, has_usage) in [
            (r#"{"usageMetadata":{"promptTokenCount":1}}"#, false, false),
            (r#"{"candidates":[{"finishReason":"STOP"}]}"#, true, false),
            (r#"{"usageMetadata":{"promptTokenCount":1}}"#, true, true),
        ] {
            let frame = Frame {
                data: data.to_owned(),
                ..Frame::default()
            };
            mapper.map(&frame, &mut VecDeque::new()).unwrap();
            let state = (mapper.is_finishing(), mapper.has_usage());
            assert_eq!(state, (is_finishing, has_usage), "{data}");
        }
    }
}
