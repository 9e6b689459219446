//! Asking: whose turn it is, what exactly is asked, and when.

use protocol::Role;
use providers::{ChatMessage, ChatRequest, Clocks, Effort, Format, Part};

use super::*;
use crate::{cost::affordable, seam::cut};

/// How a model is asked to go on that does not take its own last words.
const GO_ON: &str = "Continue exactly where your last message stopped. Do not repeat any of it, \
    do not begin anew, and add no remark about the interruption: write only what follows.";

/// More tokens of output than this are not asked for unasked, where nobody knows
/// how many the model can write.
const UNKNOWN_OUTPUT: u64 = 16_384;

impl Failover {
    /// Begins with the first deployment that may be asked.
    pub(super) fn begin(&mut self) {
        let now = Instant::now();
        if let Admission::Open(_) = self.deployment.admission(now)
            && self.has_elsewhere(now)
        {
            let skipped = Arc::clone(&self.deployment);
            let reason = format!(
                "{} has failed repeatedly and is left alone for now",
                skipped.id
            );
            self.plan.push_back(skipped);
            self.go_elsewhere(AttemptReason::First, reason);
            return;
        }
        let mut status = self.status(Phase::Waiting);
        status.reason.clone_from(&self.route);
        self.ready.push_back(Step::Status(status));
        self.enter();
    }

    /// Makes another deployment the present one, and begins with it.
    pub(super) fn go_elsewhere(&mut self, reason: AttemptReason, why: String) {
        let Some(next) = self.next_in_plan() else {
            return self.give_up();
        };
        self.deployment = next;
        self.stands_in = true;
        self.reason = reason;
        self.unstreamed = false;
        self.retries = 0;
        let mut status = self.status(Phase::Switching);
        status.reason = Some(why);
        self.ready.push_back(Step::Status(status));
        self.enter();
    }

    /// The next deployment that may be asked; where none may, the one that
    /// will be soonest: trying is better than giving up.
    fn next_in_plan(&mut self) -> Option<Arc<Deployment>> {
        let now = Instant::now();
        let open_until = |it: &Deployment| match it.admission(now) {
            Admission::Open(until) => until,
            _ => now + it.limiter.held_for(now).unwrap_or_default(),
        };
        let (at, _) = self
            .plan
            .iter()
            .enumerate()
            .min_by_key(|(at, it)| (open_until(it), *at))?;
        self.plan.remove(at)
    }

    /// Keeps the present deployment for when all others have failed too; once,
    /// so that two that fail in turns come to an end.
    pub(super) fn return_later(&mut self) {
        let known = |it: &Arc<Deployment>| Arc::ptr_eq(it, &self.deployment);
        if !self.plan.is_empty() && !self.returned.iter().any(known) {
            self.returned.push(Arc::clone(&self.deployment));
            self.plan.push_back(Arc::clone(&self.deployment));
        }
    }

    /// Whether there is another deployment that is not left alone.
    pub(super) fn has_elsewhere(&self, now: Instant) -> bool {
        let free = |it: &Arc<Deployment>| !matches!(it.admission(now), Admission::Open(_));
        self.plan.iter().any(free)
    }

    /// Waits for a place among the deployment's calls.
    pub(super) fn enter(&mut self) {
        let now = Instant::now();
        if let Some(permit) = self.deployment.limiter.try_enter(now) {
            return self.call(permit);
        }
        let held = self.deployment.limiter.held_for(now);
        if held.is_some_and(|wait| wait > longest_queue(&self.policy, &self.plan)) {
            return self.crowded(held);
        }
        let mut status = self.status(Phase::Queued);
        let name = &self.deployment.source.config.name;
        status.reason = Some(format!("{name} takes no more at the moment"));
        status.retry_in_ms = held.map(|wait| wait.as_millis() as u64);
        self.ready.push_back(Step::Status(status));
        self.state = State::Queueing {
            place: Arc::clone(&self.deployment.limiter).enter().boxed(),
            since: now,
        };
    }

    /// No place came free in time, or will not for so long.
    pub(super) fn crowded(&mut self, held: Option<Duration>) {
        let name = &self.deployment.source.config.name;
        let message = format!("{name} is asked as much as it takes.");
        let error = Error {
            retry_after: held,
            ..own_error(ProblemKind::RateLimited, &self.deployment, message)
        };
        let why = format!("{}: {}", self.deployment.id, error.message);
        self.failure.get_or_insert(error);
        self.return_later();
        self.go_elsewhere(self.elsewhere(), why);
    }

    /// Why another deployment is asked.
    pub(super) fn elsewhere(&self) -> AttemptReason {
        match self.has_grown() {
            false => AttemptReason::Fallback,
            true => AttemptReason::Continuation,
        }
    }

    /// Makes the call.
    pub(super) fn call(&mut self, permit: Permit) {
        let now = Instant::now();
        let elsewhere = self.has_elsewhere(now);
        let deployment = Arc::clone(&self.deployment);
        let streamed = !self.unstreamed && deployment.streams(now);
        let ask = self.ask(streamed);
        let input_bytes = ask.system.as_ref().map_or(0, String::len)
            + ask.messages.iter().map(ChatMessage::bytes).sum::<usize>();
        self.seam = match self.written.is_empty() {
            true => None,
            false => Some(Seam::new(&self.written, self.way == Way::Prefill)),
        };
        let probe = deployment.admit(now);
        let running = Running::new(
            Arc::clone(&deployment),
            Why {
                turn: self.request.turn,
                number: self.done.len() as u32 + 1,
                reason: self.reason,
                streamed,
                waited: std::mem::take(&mut self.waited),
                route: self.route.clone(),
                input_bytes,
            },
        );
        self.told_at = 0;
        let stream = deployment
            .source
            .provider
            .chat_within(ask, self.clocks(elsewhere));
        self.state = State::Calling(Box::new(Call {
            stream,
            probe,
            stall: elsewhere.then_some(self.policy.stall),
            thought: String::new(),
            sealed: None,
            from: self.written.len(),
            sent: false,
            running,
            deadline: (elsewhere && streamed).then(|| now + self.first_token()),
            _permit: permit,
        }));
    }

    /// Silence is shorter where somebody else could go on.
    fn clocks(&self, elsewhere: bool) -> Clocks {
        let clocks = self.deployment.source.config.clocks;
        match elsewhere && self.patience().is_none() {
            true => Clocks {
                silence: clocks.silence.min(self.policy.stall),
                ..clocks
            },
            false => clocks,
        }
    }

    /// How long the present deployment has for its first token.
    fn first_token(&self) -> Duration {
        let usual = self.policy.first_token;
        let patience = self.patience().map_or(usual, |it| it.max(usual));
        self.deployment.first_token.unwrap_or(patience)
    }

    /// How long the present deployment may be silent for a good reason.
    fn patience(&self) -> Option<Duration> {
        let effort = self.request.ask.params.effort;
        let thinks = match effort {
            Some(effort) => effort != Effort::None,
            // Claude thinks only when it is asked to.
            None => {
                self.deployment.facts.thinking == Some(true)
                    && self.deployment.source.config.format != Format::Anthropic
            }
        };
        if self.deployment.source.config.is_local() {
            return Some(LOCAL_FIRST_TOKEN);
        }
        thinks.then_some(THOUGHTFUL_FIRST_TOKEN)
    }

    /// What is asked of the present deployment.
    fn ask(&mut self, stream: bool) -> ChatRequest {
        let mut ask = self.request.ask.clone();
        ask.model.clone_from(&self.deployment.model);
        ask.stream = stream;
        self.leave_out(&mut ask);
        self.seal(&mut ask);
        let shown = cut(&self.written).to_owned();
        let thinks = ask.params.effort.is_some_and(|it| it != Effort::None);
        self.way = match (self.way, shown.is_empty()) {
            (_, true) => Way::Afresh,
            (Way::InWords, false) => Way::InWords,
            // Thinking begins an answer, so it cannot come behind a prefill.
            (_, false) if self.deployment.takes_prefill() && !thinks => Way::Prefill,
            (_, false) => Way::InWords,
        };
        let mut more = Vec::new();
        if self.way != Way::Afresh {
            more.push(ChatMessage::text(Role::Assistant, shown));
            let begun = self.request.options.begun.len();
            let left = |most: u32| {
                let written = Usage::estimate_tokens(self.written.len().saturating_sub(begun));
                most.saturating_sub(written as u32).max(1)
            };
            ask.params.max_tokens = ask.params.max_tokens.map(left);
        }
        self.bound(&mut ask);
        if self.way == Way::InWords || self.is_refused_prefill(&ask) {
            more.push(ChatMessage::text(Role::User, GO_ON));
        }
        if !more.is_empty() {
            ask.messages = ask.messages.iter().cloned().chain(more).collect();
        }
        ask
    }

    /// Whether whoever asks wants words of the model's to be gone on from, and
    /// the present model is known not to do that.
    fn is_refused_prefill(&self, ask: &ChatRequest) -> bool {
        let prefilled = (ask.messages.last()).is_some_and(|it| it.role == Role::Assistant);
        prefilled
            && self.way == Way::Afresh
            && self.deployment.source.config.format == Format::Anthropic
            && !self.deployment.takes_prefill()
    }

    /// Adds the seals that the present provider gave on tool calls.
    fn seal(&self, ask: &mut ChatRequest) {
        let provider = &self.deployment.source.config.name;
        let is_call = |part: &Part| matches!(part, Part::ToolCall { .. });
        let calls = |message: &ChatMessage| message.parts.iter().any(is_call);
        if ask.messages.iter().any(calls) {
            let sealed = |message: &ChatMessage| self.seals.sealed(provider, message);
            let messages = ask.messages.iter();
            ask.messages = messages
                .map(|message| sealed(message).unwrap_or_else(|| message.clone()))
                .collect();
        }
    }

    /// Keeps the length of the answer within what the model can write, and
    /// within what may be spent on it.
    fn bound(&self, ask: &mut ChatRequest) {
        let facts = &self.deployment.facts;
        let asked = ask.params.max_tokens.map(u64::from);
        let longest = asked
            .zip(facts.max_output)
            .map(|(asked, most)| asked.min(most));
        let paid = self
            .request
            .options
            .max_cost
            .zip(facts.price.as_ref())
            .map(|(most, price)| {
                let spent = self.usage().cost.unwrap_or_default();
                let bytes = ask.messages.iter().map(ChatMessage::bytes).sum::<usize>()
                    + ask.system.as_ref().map_or(0, String::len);
                let left = crate::cost::difference(most, spent);
                affordable(left, Usage::estimate_tokens(bytes), price).max(1)
            })
            // So much that it bounds nothing: the model's own default stays.
            .filter(|&paid| paid < facts.max_output.unwrap_or(UNKNOWN_OUTPUT));
        let bounds = [asked, longest, paid].into_iter().flatten();
        ask.params.max_tokens = bounds
            .min()
            .map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    }

    /// Leaves out what the present model is known not to take: stop sequences
    /// are then looked for here. Whoever chose the model itself is told of the
    /// rest by the adapter; a model that we chose must not fail for it.
    fn leave_out(&mut self, ask: &mut ChatRequest) {
        let thinks = ask.params.effort.is_some_and(|it| it != Effort::None);
        let facts = &self.deployment.facts;
        let mut beside = Vec::new();
        beside.extend(thinks.then_some("reasoning_effort"));
        let takes_temperature = facts.takes("temperature", &beside);
        let has_temperature = ask.params.temperature.is_some() && takes_temperature;
        beside.extend(has_temperature.then_some("temperature"));
        let refuses = |name: &str| !facts.takes(name, &beside);
        let source = &self.deployment.source;
        let format = source.config.format;
        let params = &mut ask.params;
        if self.stop.is_none() && (refuses("stop") || format == Format::Responses) {
            let stop = StopPhrases::new(&params.stop, false);
            self.stop = stop.map(|stop| stop.after(&self.written));
        }
        if self.stop.is_some() {
            params.stop.clear();
        }
        let chosen = !self.stands_in && self.route.is_none();
        let unknown = |formats: &[Format]| !chosen && formats.contains(&format);
        let sampling = [Format::Anthropic, Format::Responses];
        // OpenAI itself has no such parameter; its imitators do.
        let no_top_k = format == Format::Responses || source.family == Some("openai");
        params.temperature = params.temperature.filter(|_| takes_temperature);
        params.top_p = params.top_p.filter(|_| !refuses("top_p"));
        params.top_k = params
            .top_k
            .filter(|_| !refuses("top_k") && (chosen || !no_top_k));
        params.seed = (params.seed).filter(|_| !refuses("seed") && !unknown(&sampling));
        params.frequency_penalty = params
            .frequency_penalty
            .filter(|_| !refuses("frequency_penalty") && !unknown(&sampling));
        params.presence_penalty = params
            .presence_penalty
            .filter(|_| !refuses("presence_penalty") && !unknown(&sampling));
        params.effort = (params.effort).filter(|_| !refuses("reasoning_effort"));
    }

    /// The clock for the first token ran out.
    pub(super) fn no_first_token(&self) -> Error {
        let message = format!(
            "{} wrote nothing within {} s.",
            self.deployment.source.config.name,
            self.first_token().as_secs_f32()
        );
        own_error(ProblemKind::Timeout, &self.deployment, message)
    }
}
