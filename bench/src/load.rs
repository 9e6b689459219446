//! A steady load: many answers at one speed, and now and then a short one
//! whose first token is timed.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    answer::{Answer, Place},
    process::Process,
    samples::Samples,
};

/// The speed of each answer, in tokens per second.
pub(crate) const RATE: u32 = 50;

/// The model that answers at that speed.
const STEADY: &str = "steady";
/// The model that says a few tokens at once.
pub(crate) const QUICK: &str = "quick";

/// Over how long the answers begin, and how long after that is not measured.
const RAMP: Duration = Duration::from_secs(2);
const SETTLING: Duration = Duration::from_secs(1);

/// How long before the next short answer.
const PAUSE: Duration = Duration::from_millis(10);

/// Many answers at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// How many.
    pub(crate) streams: usize,
    /// How long they are measured.
    pub(crate) window: Duration,
}

/// What was measured.
#[derive(Clone)]
pub(crate) struct Measured {
    /// Of the short answers: from the request to the first token.
    pub(crate) first_token: Samples,
    /// Of every token: how much later it came than if it had taken no time
    /// from the request to the first token, and none after.
    pub(crate) delay: Samples,
    /// Processor seconds of the process for a million tokens.
    pub(crate) cpu_per_million: f64,
}

impl Load {
    /// The models that the simulator must know for it.
    pub(crate) fn scripts(self) -> [(&'static str, Value); 2] {
        let time = RAMP + SETTLING + self.window + SETTLING;
        let tokens = time.as_secs() * u64::from(RATE);
        [(STEADY, steady(tokens)), (QUICK, json!({"tokens": 3}))]
    }

    /// Puts the load on a place, and looks at the process there.
    ///
    /// # Errors
    /// When an answer is not whole.
    pub(crate) async fn put_on(
        self,
        client: &Client,
        place: &Place,
        process: &Process,
    ) -> Result<Measured> {
        let begin = Instant::now();
        let from = begin + RAMP + SETTLING;
        let window = from..from + self.window;
        let tokens = Arc::new(AtomicU64::new(0));
        let mut streams = JoinSet::new();
        for number in 0..self.streams {
            let start = begin + RAMP.mul_f64(number as f64 / self.streams as f64);
            let (client, place) = (client.clone(), place.clone());
            let (window, tokens) = (window.clone(), Arc::clone(&tokens));
            streams.spawn(async move {
                tokio::time::sleep_until(start.into()).await;
                let sent = Instant::now();
                let answer = place.ask(&client, STEADY).await?;
                delays(answer, sent, &window, &tokens).await
            });
        }

        tokio::time::sleep_until(from.into()).await;
        let (cpu, said) = (process.cpu_seconds()?, tokens.load(Ordering::Relaxed));
        let mut first_token = Samples::default();
        while Instant::now() < window.end {
            first_token.add(time_first_token(client, place).await?);
            tokio::time::sleep(PAUSE).await;
        }
        let cpu = process.cpu_seconds()? - cpu;
        let said = tokens.load(Ordering::Relaxed) - said;

        let mut delay = Samples::default();
        while let Some(stream) = streams.join_next().await {
            delay.append(stream??);
        }
        Ok(Measured {
            first_token,
            delay,
            cpu_per_million: cpu * 1e6 / said as f64,
        })
    }
}

/// The script of so many tokens at [`RATE`].
pub(crate) fn steady(tokens: u64) -> Value {
    json!({"tokens": tokens, "tokens_per_second": RATE})
}

/// The time from the request for a short answer to its first token; returns
/// when the answer is whole.
///
/// # Errors
/// When it never is.
pub(crate) async fn time_first_token(client: &Client, place: &Place) -> Result<Duration> {
    let sent = Instant::now();
    let mut answer = place.ask(client, QUICK).await?;
    answer.first_token().await?;
    let time = sent.elapsed();
    answer.finish().await?;
    Ok(time)
}

/// How late each token came within the window, of an answer at [`RATE`] whose
/// first token was due at `begin`. All its tokens are added to `tokens`.
///
/// # Errors
/// When the answer is not whole.
pub(crate) async fn delays(
    mut answer: Answer,
    begin: Instant,
    window: &Range<Instant>,
    tokens: &AtomicU64,
) -> Result<Samples> {
    let mut delays = Samples::default();
    let mut said = 0;
    while let Some(more) = answer.more().await? {
        let now = Instant::now();
        tokens.fetch_add(more, Ordering::Relaxed);
        for token in said..said + more {
            if window.contains(&now) {
                let elapsed = now.duration_since(begin).as_secs_f64();
                let due = token as f64 / f64::from(RATE);
                delays.add_ms(((elapsed - due) * 1e3) as f32);
            }
        }
        said += more;
    }
    Ok(delays)
}
