//! A gateway that follows a script and counts its open connections.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gateway::{Answer, AnswerRequest, FinishReason, Gateway, Report, Step};
use protocol::{
    Attempt, AttemptId, AttemptReason, ModelList, Outcome, Problem, ProblemKind, Usage,
};
use tokio::time::Instant;

/// What the upstream does next.
#[derive(Debug, Clone)]
pub(crate) enum Beat {
    Say(Step),
    Wait(u64),
    /// Silence for ever.
    Hang,
    /// The stream ends as if nothing more were to be said.
    Vanish,
    Panic,
}

pub(crate) fn text(delta: &str) -> Beat {
    Beat::Say(Step::Text(delta.to_owned()))
}

pub(crate) fn thinking(delta: &str) -> Beat {
    Beat::Say(Step::Thinking(delta.to_owned()))
}

pub(crate) fn tool(index: u32, name: Option<&str>, arguments: &str) -> Beat {
    Beat::Say(Step::Tool {
        index,
        id: name.map(|name| format!("call_{name}")),
        name: name.map(str::to_owned),
        arguments: arguments.to_owned(),
    })
}

pub(crate) fn finished() -> Beat {
    Beat::Say(Step::Finished(FinishReason::Stop))
}

/// The gateway; every answer follows the same script.
pub(crate) struct Scripted {
    script: Vec<Beat>,
    pub(crate) requests: Mutex<Vec<AnswerRequest>>,
    open: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn new(script: Vec<Beat>) -> Self {
        Self {
            script,
            requests: Mutex::default(),
            open: Arc::default(),
        }
    }

    /// How many upstream connections are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Gateway for Scripted {
    async fn models(&self) -> ModelList {
        ModelList::default()
    }

    fn resolve(&self, model: Option<&str>) -> Result<String, Problem> {
        match model {
            Some("none/such") => Err(Problem::new(
                ProblemKind::NotFound,
                "There is no such model.",
            )),
            Some(model) => Ok(model.to_owned()),
            None => Ok("demo/default".to_owned()),
        }
    }

    fn sees_images(&self, model: &str) -> Option<bool> {
        (model == "demo/blind").then_some(false)
    }

    fn answer(&self, request: AnswerRequest) -> Box<dyn Answer> {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.requests.lock().unwrap().push(request.clone());
        Box::new(ScriptedAnswer {
            request,
            script: self.script.clone().into(),
            until: None,
            open: Arc::clone(&self.open),
        })
    }
}

struct ScriptedAnswer {
    request: AnswerRequest,
    script: VecDeque<Beat>,
    until: Option<Instant>,
    open: Arc<AtomicUsize>,
}

#[async_trait]
impl Answer for ScriptedAnswer {
    async fn next(&mut self) -> Option<Step> {
        loop {
            match self.script.front()? {
                Beat::Wait(ms) => {
                    let until = *self
                        .until
                        .get_or_insert_with(|| Instant::now() + Duration::from_millis(*ms));
                    tokio::time::sleep_until(until).await;
                    self.until = None;
                    self.script.pop_front();
                }
                Beat::Hang => std::future::pending().await,
                Beat::Vanish => return None,
                Beat::Panic => panic!("the script says so"),
                Beat::Say(step) => {
                    let step = step.clone();
                    self.script.pop_front();
                    return Some(step);
                }
            }
        }
    }

    fn report(&self) -> Report {
        let (provider, model) = self.request.ask.model.split_once('/').unwrap();
        let attempt = Attempt {
            id: AttemptId(uuid::Uuid::now_v7()),
            turn: self.request.turn,
            number: 1,
            provider: provider.to_owned(),
            model: model.to_owned(),
            answered_by: None,
            started_ms: 0,
            first_token_ms: None,
            duration_ms: 0,
            outcome: Outcome::Finished,
            problem: None,
            status: None,
            code: None,
            usage: Usage::default(),
            price: None,
            reason: AttemptReason::First,
            waited_ms: 0,
            streamed: true,
            route: None,
        };
        Report {
            attempts: vec![attempt],
            model: Some(self.request.ask.model.clone()),
            ..Report::default()
        }
    }

    fn close(self: Box<Self>) -> Report {
        self.report()
    }
}

impl Drop for ScriptedAnswer {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
