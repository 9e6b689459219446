//! What every provider's HTTP call has in common: naming the peer, turning
//! broken connections into sentences, reading bodies with a bound.

use std::{
    error::Error as _,
    pin::{Pin, pin},
    time::Duration,
};

use protocol::ProblemKind;
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::Error;

/// The most characters of a provider's message that are passed on.
const MESSAGE_LIMIT: usize = 500;

/// How much of a failed response's body is read for its reason, and for how
/// long.
const REASON_LIMIT: usize = 64 << 10;
const REASON_CLOCK: Duration = Duration::from_secs(3);

/// The peer of a call, as errors name it.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    /// The provider's name.
    pub(crate) name: String,
    /// Its host and port.
    pub(crate) address: String,
    /// Our key, which no message may repeat.
    pub(crate) key: Option<SecretString>,
}

impl Upstream {
    pub(crate) fn new(name: &str, base_url: &Url, key: Option<SecretString>) -> Self {
        let host = base_url.host_str().unwrap_or("?");
        let address = match base_url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self {
            name: name.to_owned(),
            address,
            key,
        }
    }

    /// An error of this provider with a message that is safe to show.
    pub(crate) fn error(&self, kind: ProblemKind, message: &str) -> Error {
        Error {
            kind,
            provider: self.name.clone(),
            message: self.presentable(message),
            status: None,
            code: None,
            retry_after: None,
            should_retry: None,
            refuses: None,
            limits: None,
        }
    }

    /// The request holds what this provider's format has no word for.
    pub(crate) fn cannot_ask(&self, what: &str) -> Error {
        let message = format!("{} cannot be asked this: {what}.", self.name);
        self.error(ProblemKind::BadRequest, &message)
    }

    /// The text without our key, on one line, with an end.
    pub(crate) fn presentable(&self, text: &str) -> String {
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.retain(|c| !c.is_control());
        if let Some(key) = &self.key
            && !key.expose_secret().is_empty()
        {
            text = text.replace(key.expose_secret(), "[key]");
        }
        if let Some((end, _)) = text.char_indices().nth(MESSAGE_LIMIT) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// A request that got no answer.
    pub(crate) fn unanswered(&self, error: &reqwest::Error, connect: Duration) -> Error {
        let (name, address) = (&self.name, &self.address);
        if error.is_builder() {
            let message = format!("The request to {name} cannot be built: {}.", cause(error));
            return self.error(ProblemKind::BadRequest, &message);
        }
        if error.is_connect() && error.is_timeout() {
            let message = format!(
                "Connecting to {name} at {address} took longer than {}.",
                spoken(connect)
            );
            return self.error(ProblemKind::Timeout, &message);
        }
        let message = if error.is_connect() {
            format!(
                "Cannot reach {name} at {address}: {}. Is it running?",
                cause(error)
            )
        } else {
            format!(
                "{name} at {address} closed the connection before it answered: {}.",
                cause(error)
            )
        };
        self.error(ProblemKind::Unreachable, &message)
    }

    /// A connection that broke, or an answer that ended, before it was whole.
    pub(crate) fn cut_off(&self, error: Option<&reqwest::Error>) -> Error {
        if let Some(error) = error {
            // The cause speaks of chunk sizes and tells a reader nothing.
            tracing::debug!(provider.name = %self.name, cause = %cause(error), "cut off");
        }
        let message = format!(
            "The connection to {} ended before the answer was complete.",
            self.name
        );
        self.error(ProblemKind::CutOff, &message)
    }

    /// A clock ran out before the first byte.
    pub(crate) fn no_first_byte(&self, clock: Duration) -> Error {
        let message = format!(
            "{} at {} did not begin to answer within {}.",
            self.name,
            self.address,
            spoken(clock)
        );
        self.error(ProblemKind::Timeout, &message)
    }

    /// A clock ran out between two bytes.
    pub(crate) fn silent(&self, clock: Duration) -> Error {
        let message = format!(
            "{} sent nothing for {} in the middle of its answer.",
            self.name,
            spoken(clock)
        );
        self.error(ProblemKind::Timeout, &message)
    }
}

/// A deadline that is put off again and again: a timer is set anew only when it
/// fires too early, and not for each piece of an answer.
pub(crate) struct Deadline {
    at: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Deadline {
    pub(crate) fn at(at: Instant) -> Self {
        Self {
            at,
            alarm: Box::pin(sleep_until(at)),
        }
    }

    pub(crate) fn instant(&self) -> Instant {
        self.at
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.at = at;
        if at < self.alarm.deadline() {
            self.alarm.as_mut().reset(at);
        }
    }

    /// What the future gives, if it does so in time. Cancel-safe where the
    /// future is.
    pub(crate) async fn limit<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = &mut self.alarm => {
                    if self.alarm.deadline() >= self.at {
                        return None;
                    }
                    self.alarm.as_mut().reset(self.at);
                }
            }
        }
    }
}

/// Reads a body, but not more than `limit` bytes of it.
///
/// # Errors
/// Where the connection breaks.
pub(crate) async fn read_bounded(
    response: &mut Response,
    limit: usize,
) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if body.len() == limit {
            break;
        }
    }
    Ok(body)
}

/// Reads what a failed response says, as far as it comes: that it cannot be
/// read, or takes too long, is no reason to lose the status.
pub(crate) async fn read_reason(response: &mut Response) -> Vec<u8> {
    let read = timeout(REASON_CLOCK, read_bounded(response, REASON_LIMIT)).await;
    read.ok().and_then(Result::ok).unwrap_or_default()
}

/// The innermost cause: the outer ones say "error sending request" and the
/// address, which the sentence around it says better.
fn cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    match cause {
        Some(cause) => cause.to_string().trim_end_matches('.').to_owned(),
        None => without_url(error),
    }
}

/// The error itself, without the address that it names in full.
fn without_url(error: &reqwest::Error) -> String {
    let text = error.to_string();
    match error.url() {
        Some(url) => text.replace(&format!(" for url ({url})"), ""),
        None => text,
    }
}

/// An address without what may be secret in it: a password, a key in its
/// query.
pub(crate) fn shown(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        let path = address.split(['?', '#']).next();
        return path.unwrap_or_default().to_owned();
    };
    url.set_query(None);
    url.set_fragment(None);
    // These fail for addresses that cannot have one.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn spoken(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_server::{Act, Server};

    #[tokio::test]
    async fn an_error_without_a_cause_keeps_the_address_to_itself() {
        let head = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let server = Server::start(&[&[Act::Send(head)]]).await;
        let url = format!("http://{}/v1?key=k-1", server.address);
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let response = client.build().unwrap().get(url).send().await.unwrap();
        let error = response.error_for_status().unwrap_err();
        assert!(error.to_string().contains("k-1"));
        let cause = cause(&error);
        assert!(cause.contains("401") && !cause.contains("k-1"), "{cause}");
    }
}
