//! Requests to our own API: JSON in, JSON or a problem out.

use js_sys::Uint8Array;
use protocol::{Problem, ProblemKind};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

/// A request to be sent.
pub(crate) struct Request<'a> {
    method: &'a str,
    path: &'a str,
    body: Option<String>,
    accept: &'a str,
    abort: Option<&'a AbortSignal>,
    file: Option<&'a web_sys::Blob>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            body: None,
            accept: "application/json",
            abort: None,
            file: None,
        }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        // The API's bodies are plain structs, which always serialise.
        self.body = serde_json::to_string(body).ok();
        self
    }

    /// With a JSON text as the body.
    pub(crate) fn text(mut self, json: String) -> Self {
        self.body = Some(json);
        self
    }

    /// With a file's bytes as the body, as they are.
    pub(crate) fn file(mut self, file: &'a web_sys::Blob) -> Self {
        self.file = Some(file);
        self
    }

    pub(crate) fn accept(mut self, accept: &'a str) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn abort(mut self, signal: &'a AbortSignal) -> Self {
        self.abort = Some(signal);
        self
    }

    /// Sends it and checks the status.
    ///
    /// # Errors
    /// The server's problem, or an `unreachable` one where no answer came.
    pub(crate) async fn send(self) -> Result<Response, Problem> {
        let response = self.fetch().await.map_err(|_| unreachable())?;
        if response.ok() {
            return Ok(response);
        }
        let status = response.status();
        let problem = text(&response)
            .await
            .and_then(|body| protocol::json::from_str(&body).ok());
        Err(problem.unwrap_or_else(|| {
            // A proxy in between answered, in its own words.
            if status == 413 {
                return Problem::new(ProblemKind::TooLarge, "The message is too large.")
                    .advice("Shorten it, or let the proxy take larger requests.");
            }
            let mut problem = Problem::new(
                ProblemKind::Unreachable,
                format!("The server could not be reached (status {status})."),
            )
            .advice("Try again in a moment.")
            .retryable();
            problem.status = Some(status);
            problem
        }))
    }

    /// Sends it and reads the JSON answer.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let response = self.send().await?;
        let body = text(&response).await.ok_or_else(unreachable)?;
        protocol::json::from_str(&body).map_err(|_| {
            Problem::new(
                ProblemKind::Malformed,
                "The server's answer could not be read.",
            )
            .advice("Reload the page: it may be older than the server.")
        })
    }

    async fn fetch(self) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        headers.set("accept", self.accept)?;
        let init = RequestInit::new();
        init.set_method(self.method);
        if let Some(body) = self.body {
            headers.set("content-type", "application/json")?;
            init.set_body(&JsValue::from_str(&body));
        }
        if let Some(file) = self.file {
            init.set_body(file);
        }
        init.set_headers(&headers);
        init.set_signal(self.abort);
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        JsFuture::from(window.fetch_with_str_and_init(self.path, &init))
            .await?
            .dyn_into()
    }
}

/// Reads a response's body, piece by piece.
pub(crate) struct Body(web_sys::ReadableStreamDefaultReader);

impl Body {
    pub(crate) fn of(response: &Response) -> Option<Self> {
        response.body()?.get_reader().dyn_into().ok().map(Self)
    }

    /// The next bytes; `None` at the end or when the connection broke.
    pub(crate) async fn next(&self) -> Option<Vec<u8>> {
        let piece = JsFuture::from(self.0.read()).await.ok()?;
        let value = js_sys::Reflect::get(&piece, &"value".into()).ok()?;
        value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
    }
}

async fn text(response: &Response) -> Option<String> {
    JsFuture::from(response.text().ok()?)
        .await
        .ok()?
        .as_string()
}

pub(crate) fn unreachable() -> Problem {
    Problem::new(ProblemKind::Unreachable, "The server could not be reached.")
        .advice("Check the connection and try again.")
        .retryable()
}
