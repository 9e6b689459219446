//! What is asked, whatever the format: the request checked, with the script it
//! is answered by.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use crate::conversation::{Role, Turn};
use crate::format::Format;
use crate::problem::{Objection, Problem};
use crate::script::{FaultKind, Script};
use crate::state::State;

/// The header that carries a script.
const SCRIPT_HEADER: &str = "x-simulate";

/// The header that carries a script's key.
const KEY_HEADER: &str = "x-simulate-key";

/// The longest key, in bytes.
const KEY_LIMIT: usize = 200;

/// The context a prompt is too long for when a script does not say which.
const USUAL_CONTEXT: u64 = 8_192;

/// What is no parameter of a request: who is asked what, and how it is told.
const ESSENTIALS: [&str; 6] = [
    "model", "messages", "input", "contents", "stream", "simulate",
];

/// The object a request's body is.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

/// A request as its format reads it.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) model: String,
    pub(crate) turns: Vec<Turn>,
    pub(crate) stream: bool,
    /// The stream is one JSON array.
    pub(crate) array: bool,
    pub(crate) include_usage: bool,
    /// The most tokens to answer with.
    pub(crate) limit: Option<u64>,
    pub(crate) has_tools: bool,
    /// The names of its parameters.
    pub(crate) parameters: Vec<String>,
    /// The script it brings.
    pub(crate) simulate: Option<Script>,
}

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON object.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = serde_json::from_slice(body);
        fields.map(Self).map_err(unreadable)
    }

    /// A field; null when it is missing.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    /// A list that is not empty.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn list(&self, name: &str) -> Result<Option<&[Value]>, Problem> {
        match self.get(name) {
            Value::Null => Ok(None),
            Value::Array(list) => Ok((!list.is_empty()).then_some(list)),
            _ => Err(unreadable(format!("`{name}` must be a list"))),
        }
    }

    /// Whether there are tools.
    pub(crate) fn has_tools(&self) -> bool {
        let tools = self.get("tools").as_array();
        tools.is_some_and(|tools| !tools.is_empty())
    }

    /// The names of the parameters; those within `group` without it.
    pub(crate) fn parameters(&self, group: &str) -> Vec<String> {
        let within = self.get(group).as_object();
        let others = self.0.keys().filter(|name| {
            !ESSENTIALS.contains(&name.as_str()) && (within.is_none() || *name != group)
        });
        let within = within.into_iter().flat_map(Map::keys);
        others.chain(within).cloned().collect()
    }

    /// The script in the body.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn script(&self) -> Result<Option<Script>, Problem> {
        match self.get("simulate") {
            Value::Null => Ok(None),
            script => serde_json::from_value(script.clone())
                .map(Some)
                .map_err(unreadable),
        }
    }
}

/// A body that cannot be understood.
pub(crate) fn unreadable(why: impl std::fmt::Display) -> Problem {
    Problem::bad_request(format!("The request body could not be read: {why}."))
}

impl Draft {
    /// An estimate.
    pub(crate) fn prompt_tokens(&self) -> u64 {
        self.turns.iter().map(Turn::tokens).sum()
    }

    /// The script that applies.
    ///
    /// # Errors
    /// There is no such model, or the script makes no sense.
    pub(crate) fn choose_script(
        &mut self,
        state: &State,
        headers: &HeaderMap,
        format: Format,
    ) -> Result<Script, Problem> {
        if !state.knows(&self.model) {
            return Err(format.words(&Objection::UnknownModel(self.model.clone())));
        }
        let brought = match text_of(headers, SCRIPT_HEADER) {
            Some(json) => Some(Script::from_json(json).map_err(Problem::bad_request)?),
            None => self.simulate.take(),
        };
        let script = brought
            .or_else(|| state.script_of(&self.model))
            .unwrap_or_default();
        script
            .check()
            .map_err(|sentence| Problem::bad_request(sentence).with_param("simulate"))?;
        Ok(script)
    }

    /// What a script objects to in this request.
    pub(crate) fn objection(&self, script: &Script, key: Option<String>) -> Option<Objection> {
        if script.require_key.is_some() && script.require_key != key {
            return Some(Objection::WrongKey(key));
        }
        if script.refuse_streaming && self.stream {
            return Some(Objection::Streaming);
        }
        let last = self.turns.last().map(|turn| turn.role);
        if script.refuse_prefill && last == Some(Role::Assistant) {
            return Some(Objection::Prefill);
        }
        let refused = script.refuse_parameters.iter();
        let mut carried = refused.filter(|name| self.parameters.contains(name));
        if let Some(name) = carried.next() {
            return Some(Objection::Parameter(name.clone()));
        }
        let tokens = self.prompt_tokens();
        let limit = script.context_tokens.filter(|limit| tokens > *limit)?;
        Some(Objection::TooLong { tokens, limit })
    }

    /// The prompt is too long, whatever its length.
    pub(crate) fn too_long(&self, script: &Script) -> Objection {
        let limit = script.context_tokens.unwrap_or(USUAL_CONTEXT);
        let tokens = self.prompt_tokens().max(limit + 1);
        Objection::TooLong { tokens, limit }
    }
}

/// Takes a script's fault away when this request does not meet it.
///
/// # Errors
/// The key cannot be counted.
pub(crate) fn meet_fault(
    script: &mut Script,
    state: &State,
    headers: &HeaderMap,
    model: &str,
    format: Format,
) -> Result<(), Problem> {
    let Some(fault) = &script.fault else {
        return Ok(());
    };
    let key = text_of(headers, KEY_HEADER)
        .or(script.key.as_deref())
        .unwrap_or(model);
    if key.len() > KEY_LIMIT {
        let sentence = format!("A key must be at most {KEY_LIMIT} bytes long.");
        return Err(Problem::bad_request(sentence));
    }
    if !state.meets(fault, key).map_err(Problem::bad_request)? {
        script.fault = None;
    } else if fault.kind == FaultKind::RefusedContent && format.refuses_in_its_answer() {
        let mut fault = fault.clone();
        fault.after_tokens.get_or_insert(0);
        script.fault = Some(fault);
    }
    Ok(())
}

/// A header's value.
pub(crate) fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
