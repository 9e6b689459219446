//! What a decision of the gateway costs, without any network: the model chosen
//! by name or by what the request needs, the breaker looked at, an answer found
//! in the cache.

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use futures::FutureExt;
use gateway::{
    AnswerRequest, CacheStore, CachedAnswer, ChatMessage, ChatRequest, Clocks, Format, Gateway,
    GatewayConfig, Options, Params, ProviderConfig, ProviderGateway, Step,
};
use protocol::{Role, TurnId, Usage};

use crate::report::{Report, Row};

/// How many times each is done.
const TIMES: u32 = 20_000;

/// Models that the built-in table knows, so that there is something to weigh.
const MODELS: [(&str, Format, &[&str]); 3] = [
    (
        "openai",
        Format::OpenAi,
        &["gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1", "gpt-4o"],
    ),
    (
        "anthropic",
        Format::Anthropic,
        &["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"],
    ),
    (
        "gemini",
        Format::Gemini,
        &[
            "gemini-2.5-pro",
            "gemini-2.5-flash",
            "gemini-2.5-flash-lite",
        ],
    ),
];

const QUESTION: &str = "A train leaves at 9:40 and takes 2 hours and 35 minutes; another leaves 25 \
    minutes later and is twice as fast. Which of them arrives first, and by how much? Explain \
    each step, and write a Python function that answers it for any two trains.";

pub(crate) async fn run() -> Result<Report> {
    let providers = MODELS.map(|(name, format, models)| ProviderConfig {
        name: name.to_owned(),
        label: name.to_owned(),
        format,
        base_url: address(format).parse().expect("an address of ours"),
        key: None,
        simulated: false,
        models: Some(models.iter().map(|&model| model.to_owned()).collect()),
        optional: false,
        clocks: Clocks::default(),
    });
    let config = GatewayConfig {
        providers: providers.into(),
        ..GatewayConfig::default()
    };
    let gateway = ProviderGateway::new(config, Some(Arc::new(Known)))?;

    let mut report = Report::new(format!(
        "Means of {TIMES} times, nothing sent: what the gateway does before it asks anybody, for a \
         question of {} bytes and 11 models of 3 providers.",
        QUESTION.len()
    ));
    let decide = |model: &'static str| {
        let gateway = Arc::clone(&gateway);
        move || drop(black_box(gateway.answer(request(model, None))))
    };
    let making = micros(|| drop(black_box(request("openai/gpt-5", None))));
    let row =
        |what: &str, value: f64| Row::new(what, "µs", value).against("the request itself", making);
    report.add(row(
        "a model by name, its fallbacks, breakers",
        micros(decide("openai/gpt-5")),
    ));
    let asking = micros(|| {
        let mut answer = gateway.answer(request("openai/gpt-5", None));
        // The first step says who is asked; nothing is sent before the second.
        black_box(answer.next().now_or_never());
    });
    report.add(row("the same, and its breaker and place looked at", asking));
    report.add(row("auto, weighed against all others", micros(decide("auto"))).at_most(50.0));
    let difficulty = || black_box(gateway::difficulty::difficulty(black_box(QUESTION)));
    let score = micros(|| {
        difficulty();
    });
    report.add(Row::new("of that: how hard it looks", "µs", score).at_most(50.0));

    // Once from the store, then from memory.
    hit(&gateway).await?;
    let begin = Instant::now();
    for _ in 0..TIMES {
        hit(&gateway).await?;
    }
    let each = begin.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES);
    report.add(row("an answer of 1 KB from the cache, all of it", each));
    Ok(report)
}

fn address(format: Format) -> &'static str {
    match format {
        Format::Anthropic => "https://api.anthropic.com",
        Format::Gemini => "https://generativelanguage.googleapis.com",
        _ => "https://api.openai.com/v1",
    }
}

fn request(model: &str, temperature: Option<f32>) -> AnswerRequest {
    AnswerRequest {
        turn: TurnId::from_random_bytes([7; 16]),
        ask: ChatRequest {
            model: model.to_owned(),
            messages: [ChatMessage::text(Role::User, QUESTION)].into(),
            params: Params {
                temperature,
                ..Params::default()
            },
            stream: true,
            ..ChatRequest::default()
        },
        options: Options::default(),
    }
}

/// Reads a cached answer to its end.
async fn hit(gateway: &ProviderGateway) -> Result<()> {
    let mut answer = gateway.answer(request("openai/gpt-5", Some(0.0)));
    let mut bytes = 0;
    while let Some(step) = answer.next().await {
        if let Step::Text(text) = step {
            bytes += text.len();
        }
    }
    let report = answer.close();
    (report.cached && bytes == 1_000)
        .then_some(())
        .context("the answer did not come from the cache")
}

/// Microseconds that each time takes.
fn micros(mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..TIMES {
        work();
    }
    begin.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}

/// A store that knows the answer to everything.
struct Known;

#[async_trait]
impl CacheStore for Known {
    async fn get(&self, _: &str, _: i64) -> Option<CachedAnswer> {
        Some(CachedAnswer {
            text: "water runs".repeat(100),
            thinking: String::new(),
            tools: Vec::new(),
            reason: "stop".to_owned(),
            usage: Usage::default(),
            model: "openai/gpt-5".to_owned(),
            // Younger than any answer that was ever kept.
            created_ms: i64::MAX,
        })
    }

    async fn put(&self, _: &str, _: &CachedAnswer, _: u64) {}
}
