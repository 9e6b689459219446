//! A simulator, gateways to it, and what came of an answer.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use gateway::{
    Answer, AnswerRequest, ChatMessage, ChatRequest, Clocks, Facts, FinishReason, Format, Gateway,
    GatewayConfig, ModelConfig, Options, Policy, ProviderConfig, ProviderGateway, Report, Step,
};
use protocol::{Attempt, Outcome, Price, Problem, Role, TurnId, Usd};
use serde_json::{Value, json};
use simulator::{Counts, Simulator, Stats};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// What the models say: long words, so that tokens end within them.
pub(crate) const TEXT: &str = "The water runs over stone and under the bridge. Then it turns, \
    slowly, towards the southernmost sea, past abandoned watermills and unremarkable meadows, and \
    nobody hurries it.\n\nIn springtime it is loud and brown; in August it is a thread of silver \
    between the boulders, and schoolchildren cross it dry. Nobody remembers who built the bridge.";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    client: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self {
            simulator: Simulator::spawn((Ipv4Addr::LOCALHOST, 0).into())
                .await
                .unwrap(),
            // Keeps no connection, so that those that are open are the gateway's.
            client: reqwest::Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    /// Sets what a model does.
    pub(crate) async fn script(&self, model: &str, script: Value) {
        let url = format!("http://{}/control/script", self.simulator.addr());
        let body = json!({"model": model, "script": script});
        let response = self.client.post(url).json(&body).send().await.unwrap();
        let status = response.status();
        assert!(status.is_success(), "{}", response.text().await.unwrap());
    }

    /// The provider of this name, which offers these models.
    pub(crate) fn provider(&self, name: &str, format: Format, models: &[&str]) -> ProviderConfig {
        let path = match format {
            Format::OpenAi | Format::Responses => "/v1",
            Format::Anthropic | Format::Gemini | Format::Ollama => "",
        };
        let address = format!("http://{}{path}", self.simulator.addr());
        ProviderConfig {
            name: name.into(),
            label: name.into(),
            format,
            base_url: address.parse().unwrap(),
            key: Some("sk-right".into()),
            simulated: false,
            models: Some(models.iter().map(|&model| model.to_owned()).collect()),
            optional: false,
            clocks: Clocks {
                connect: Duration::from_secs(5),
                first_byte: Duration::from_millis(1_200),
                silence: Duration::from_millis(1_000),
            },
        }
    }

    /// How often a model was asked, and how that ended.
    pub(crate) fn counts(&self, model: &str) -> Counts {
        let stats = self.simulator.stats();
        stats.by_model.get(model).copied().unwrap_or_default()
    }

    /// Waits until the simulator's counts are so.
    pub(crate) async fn until(&self, wish: impl Fn(&Stats) -> bool) {
        let waiting = async {
            while !wish(&self.simulator.stats()) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let came = timeout(Duration::from_secs(20), waiting).await;
        assert!(came.is_ok(), "never came: {:?}", self.simulator.stats());
    }
}

/// A policy that waits for nothing long.
pub(crate) fn quick() -> Policy {
    Policy {
        first_token: Duration::from_millis(1_000),
        stall: Duration::from_millis(1_000),
        backoff: Duration::from_millis(5),
        backoff_limit: Duration::from_millis(20),
        automatic_fallback: false,
        ..Policy::default()
    }
}

pub(crate) fn gateway(config: GatewayConfig) -> Arc<ProviderGateway> {
    ProviderGateway::new(config, None).unwrap()
}

/// A gateway to these providers, with fallbacks from the first's first model to
/// all others.
pub(crate) fn chain(providers: Vec<ProviderConfig>, models: Vec<ModelConfig>) -> GatewayConfig {
    let mut ids = providers.iter().flat_map(|it| {
        let models = it.models.iter().flatten();
        models
            .map(|model| format!("{}/{model}", it.name))
            .collect::<Vec<_>>()
    });
    let first = ids.next().unwrap();
    GatewayConfig {
        fallbacks: [(first, ids.collect())].into(),
        providers,
        models,
        policy: quick(),
        ..GatewayConfig::default()
    }
}

/// What is said of a model: its price in dollars per million tokens, and more.
pub(crate) fn said(id: &str, input: &str, output: &str, facts: Facts) -> ModelConfig {
    ModelConfig {
        id: id.into(),
        facts: Facts {
            price: Some(price(input, output)),
            ..facts
        },
        first_token: Some(Duration::from_millis(1_000)),
    }
}

pub(crate) fn price(input: &str, output: &str) -> Price {
    Price {
        input: usd(input),
        output: usd(output),
        ..Price::default()
    }
}

pub(crate) fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

pub(crate) fn request(model: &str) -> AnswerRequest {
    AnswerRequest {
        turn: TurnId(Uuid::now_v7()),
        ask: ChatRequest {
            model: model.into(),
            messages: [ChatMessage::text(Role::User, "Tell me about the river.")].into(),
            stream: true,
            ..ChatRequest::default()
        },
        options: Options {
            may_replace: true,
            ..Options::default()
        },
    }
}

/// What came of an answer.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) replaced: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: Result<FinishReason, Problem>,
    pub(crate) report: Report,
}

/// Asks, and hears everything.
pub(crate) async fn ask(gateway: &ProviderGateway, request: AnswerRequest) -> Heard {
    hear(gateway.answer(request)).await
}

/// Hears an answer to its end, checking that there is one.
pub(crate) async fn hear(mut answer: Box<dyn Answer>) -> Heard {
    let (mut text, mut replaced, mut end) = (String::new(), false, None);
    let mut steps = Vec::new();
    let patience = Duration::from_secs(20);
    while let Some(step) = timeout(patience, answer.next()).await.expect("it hangs") {
        assert!(end.is_none(), "{step:?} behind the end");
        match &step {
            Step::Text(more) => text.push_str(more),
            Step::Replace { keep, text: more } => {
                replaced = true;
                text = text.chars().take(*keep).chain(more.chars()).collect();
            }
            Step::Finished(reason) => end = Some(Ok(reason.clone())),
            Step::Failed(problem) => end = Some(Err(problem.clone())),
            _ => {}
        }
        steps.push(step);
    }
    assert_eq!(answer.next().await, None);
    Heard {
        text,
        replaced,
        steps,
        end: end.expect("an end"),
        report: answer.close(),
    }
}

impl Heard {
    /// The attempts in words.
    pub(crate) fn attempts(&self) -> String {
        let words: Vec<String> = self.report.attempts.iter().map(attempt).collect();
        words.join(" ")
    }

    /// The end in words.
    pub(crate) fn result(&self) -> String {
        match &self.end {
            Ok(FinishReason::Stop) if self.replaced => "replaced".into(),
            Ok(FinishReason::Stop) if self.text == TEXT => "whole".into(),
            Ok(FinishReason::Stop) if self.text.replace('\u{FFFD}', "") == TEXT => {
                let marks = self.text.chars().filter(|&c| c == '\u{FFFD}').count();
                format!("whole, with {marks} marks")
            }
            Ok(reason) => format!("finished: {}", reason.as_str()),
            Err(problem) => format!("failed: {}", word(problem.kind)),
        }
    }
}

/// An attempt as `provider:reason:outcome`.
fn attempt(attempt: &Attempt) -> String {
    let outcome = match (attempt.outcome, attempt.problem) {
        (Outcome::Finished, None) => "ok".into(),
        (Outcome::Stopped, None) => "stopped".into(),
        (_, Some(kind)) => word(kind),
        other => panic!("{other:?}"),
    };
    format!("{}:{}:{outcome}", attempt.provider, word(attempt.reason))
}

/// A value's word on the wire.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}
