//! Asking in any format.

use serde_json::{Value, json};

use crate::lab::{Lab, Received};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
}

pub(crate) use Format::{Anthropic, Gemini, Ollama, OpenAi, Responses};

/// All of them.
pub(crate) const FORMATS: [Format; 5] = [OpenAi, Responses, Anthropic, Gemini, Ollama];

/// A message: who says it, in OpenAI's word, and what.
pub(crate) type Turn = (&'static str, &'static str);

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            OpenAi => "openai",
            Responses => "responses",
            Anthropic => "anthropic",
            Gemini => "gemini",
            Ollama => "ollama",
        }
    }

    pub(crate) fn path(self, model: &str, stream: bool) -> String {
        match self {
            OpenAi => "/v1/chat/completions".to_owned(),
            Responses => "/v1/responses".to_owned(),
            Anthropic => "/v1/messages".to_owned(),
            Gemini if stream => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            Gemini => format!("/v1beta/models/{model}:generateContent"),
            Ollama => "/api/chat".to_owned(),
        }
    }

    /// The body of a request with these messages.
    pub(crate) fn body(self, model: &str, stream: bool, turns: &[Turn]) -> Value {
        let is_system = |turn: &&Turn| turn.0 == "system";
        let system: Vec<&str> = turns.iter().filter(is_system).map(|turn| turn.1).collect();
        let system = system.join("\n");
        let messages = |turns: &mut dyn Iterator<Item = &Turn>| -> Value {
            turns
                .map(|(role, text)| json!({"role": role, "content": text}))
                .collect()
        };
        let others = &mut turns.iter().filter(|turn| !is_system(turn));
        match self {
            OpenAi | Ollama => json!({
                "model": model, "stream": stream, "messages": messages(&mut turns.iter()),
            }),
            Responses => json!({
                "model": model, "stream": stream, "input": messages(others),
                "instructions": system,
            }),
            Anthropic => json!({
                "model": model, "stream": stream, "messages": messages(others),
                "system": system, "max_tokens": 1_000_000,
            }),
            Gemini => {
                let contents: Vec<Value> = others
                    .map(|(role, text)| {
                        let role = if *role == "assistant" { "model" } else { role };
                        json!({"role": role, "parts": [{"text": text}]})
                    })
                    .collect();
                json!({
                    "contents": contents,
                    "systemInstruction": {"parts": [{"text": system}]},
                })
            }
        }
    }

    /// A request with this body.
    pub(crate) fn request(
        self,
        lab: &Lab,
        model: &str,
        stream: bool,
        body: &Value,
    ) -> reqwest::RequestBuilder {
        let request = lab.client.post(lab.url(&self.path(model, stream)));
        let request = match self {
            Anthropic => request.header("anthropic-version", "2023-06-01"),
            _ => request,
        };
        request.json(body)
    }

    /// A request to the guide, which says hello, with a script.
    pub(crate) fn scripted(
        self,
        lab: &Lab,
        stream: bool,
        script: &Value,
    ) -> reqwest::RequestBuilder {
        let mut body = self.body("guide", stream, &[("user", "hello")]);
        body["simulate"] = script.clone();
        self.request(lab, "guide", stream, &body)
    }

    /// What comes back from it.
    pub(crate) async fn ask(self, lab: &Lab, stream: bool, script: &Value) -> Received {
        let request = self.scripted(lab, stream, script);
        Received::read(request.send().await.unwrap()).await
    }

    /// What the guide says to these messages under a script, streamed.
    pub(crate) async fn say(self, lab: &Lab, turns: &[Turn], script: &Value) -> Received {
        let mut body = self.body("guide", true, turns);
        body["simulate"] = script.clone();
        let request = self.request(lab, "guide", true, &body);
        Received::read(request.send().await.unwrap()).await
    }
}
