//! What comes of a call: it is joined to what the reader has, and shown.

use super::*;

/// After how many more bytes of an answer its cost so far is told.
const TELL_EVERY: usize = 256;

impl Failover {
    /// Takes in what came of the call.
    pub(super) fn take(&mut self, item: Option<Result<Delta, Error>>) {
        match item {
            Some(Ok(delta)) => self.delta(delta),
            Some(Err(error)) => self.failed(error),
            // A stream ends with a word; one that does not was cut off.
            None => {
                let message = format!("{} broke off.", self.deployment.source.config.name);
                self.failed(own_error(ProblemKind::CutOff, &self.deployment, message));
            }
        }
    }

    fn delta(&mut self, delta: Delta) {
        let State::Calling(call) = &mut self.state else {
            return;
        };
        let bytes = match &delta {
            Delta::Text(text) | Delta::Thinking(text) => text.len(),
            Delta::Tool {
                name, arguments, ..
            } => arguments.len() + name.as_ref().map_or(0, String::len),
            _ => 0,
        };
        if bytes > 0 && call.running.wrote(bytes) {
            call.deadline = None;
            self.deployment.began();
        }
        if matches!(delta, Delta::Text(_))
            && let Some(stall) = call.stall.take()
        {
            // Whoever writes has thought.
            call.stream.expect_within(stall);
        }
        match delta {
            Delta::Started { model } => {
                call.running.answered_by = model;
                let limits = call.stream.limits();
                self.deployment.limiter.told(limits, Instant::now());
            }
            Delta::Text(text) => self.text(text),
            Delta::Thinking(text) => {
                call.thought.push_str(&text);
                // What a failed attempt thought cannot be taken back, and two
                // trains of thought in a row would read as one.
                let shown = *self.thinker.get_or_insert(self.done.len());
                if shown == self.done.len() {
                    self.ready.push_back(Step::Thinking(text));
                }
            }
            Delta::Signature(seal) => {
                let thought = std::mem::take(&mut call.thought);
                call.sealed = Some(Arc::new((thought, seal)));
            }
            Delta::Tool {
                index,
                id,
                name,
                arguments,
                signature,
            } => {
                let id = id.map(|id| self.request.unique(id));
                if let Some(id) = &id {
                    let seal = Seal {
                        thinking: call.sealed.clone(),
                        call: signature,
                    };
                    let provider = &self.deployment.source.config.name;
                    self.seals.keep(provider, id, seal);
                }
                let step = Step::Tool {
                    index,
                    id,
                    name,
                    arguments,
                };
                match self.request.options.unseen {
                    true => self.held.push(step),
                    false => {
                        self.called = true;
                        self.ready.push_back(step);
                    }
                }
            }
            Delta::Usage(usage) => {
                call.running.reported(usage);
                self.tell_usage();
            }
            Delta::Finished(reason) => self.finished(reason),
        }
        if bytes > 0 {
            self.tell_cost();
        }
    }

    fn text(&mut self, text: String) {
        let fit = match &mut self.seam {
            Some(seam) => seam.push(&text),
            None => Some(Fit::Text(text)),
        };
        if self.seam.as_ref().is_some_and(Seam::is_joined) {
            self.seam = None;
        }
        self.fit(fit);
    }

    /// Shows text, or ends the answer where it comes to a stop sequence.
    pub(super) fn fit(&mut self, fit: Option<Fit>) {
        let (keep, text) = match fit {
            None => return,
            Some(Fit::Text(text)) => (None, text),
            Some(Fit::Replace { .. }) if !self.request.options.may_replace => {
                return self.does_not_fit();
            }
            Some(Fit::Replace { keep, text }) => (Some(keep), text),
        };
        if !self
            .author
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(it, &self.deployment))
        {
            self.author = Some(Arc::clone(&self.deployment));
        }
        let Shown { keep, text, met } = match (&mut self.stop, keep) {
            (Some(stop), Some(keep)) => stop.replace(keep, &text),
            (Some(stop), None) => stop.push(&text),
            (None, keep) => Shown {
                keep,
                text,
                met: None,
            },
        };
        // A sequence may have begun in what another model wrote, where it was
        // not looked for.
        if let Some(keep) = keep.filter(|_| self.request.options.may_replace) {
            self.written.truncate(keep);
            self.written.push_str(&text);
            let keep = self.written[..keep].chars().count();
            self.ready.push_back(Step::Replace { keep, text });
        } else if !text.is_empty() {
            self.written.push_str(&text);
            self.ready.push_back(Step::Text(text));
        }
        if met.is_some() {
            if let State::Calling(call) = &mut self.state {
                call.running.cut_short = true;
            }
            self.finished(FinishReason::Stop);
        }
    }

    /// The answer is whole.
    fn finished(&mut self, reason: FinishReason) {
        if let Some(mut seam) = self.seam.take() {
            // What was there before the request does not become less.
            let may_shorten = self.request.options.begun.is_empty();
            let fit = seam.finish(may_shorten && reason == FinishReason::Stop);
            self.fit(fit);
        }
        if let Some(mut stop) = self.stop.take() {
            let rest = stop.finish();
            self.fit((!rest.is_empty()).then_some(Fit::Text(rest)));
        }
        // The seam may have found that it does not fit.
        let State::Calling(call) = std::mem::replace(&mut self.state, State::Over) else {
            return;
        };
        let running = &call.running;
        let record = running.record(Outcome::Finished, None, call.stream.status());
        self.deployment
            .answered(running.first_token, running.elapsed(), record.usage.output);
        // All of an answer, as long as the model wanted it.
        if call.from == 0
            && reason == FinishReason::Stop
            && !record.usage.estimated
            && let Some(tokens) = record.usage.output
        {
            self.deployment.wrote(tokens);
        }
        self.done.push(record);
        self.ready.extend(self.held.drain(..));
        self.tell_usage();
        self.ready.push_back(Step::Finished(reason));
    }

    /// Tells the cost now and then while the provider has not counted.
    fn tell_cost(&mut self) {
        let State::Calling(call) = &self.state else {
            return;
        };
        let wrote = call.running.output_bytes();
        if call.running.is_counted()
            || self.deployment.facts.price.is_none()
            || wrote < self.told_at + TELL_EVERY
        {
            return;
        }
        self.told_at = wrote;
        self.tell_usage();
    }

    pub(super) fn tell_usage(&mut self) {
        let usage = self.usage();
        if usage != self.told {
            self.told = usage;
            self.ready.push_back(Step::Usage(usage));
        }
    }
}

impl AnswerRequest {
    /// A tool call's id that is no other answer's: those that an adapter makes
    /// where the provider gives none are counted anew in each.
    fn unique(&self, id: String) -> String {
        let counted = id.strip_prefix("call_");
        match counted.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit())) {
            // The random end of an id of version 7.
            true => format!("{id}_{}", &self.turn.0.simple().to_string()[24..]),
            false => id,
        }
    }
}
