//! What the simulator remembers between requests.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::conversation::{Role, Turn};
use crate::demo;
use crate::format::Format;
use crate::request::Draft;
use crate::script::{Fault, Script};
use crate::stats::Counters;

/// How many keys are counted, and how many models given scripts, before more
/// are refused.
const ENTRY_LIMIT: usize = 10_000;

/// How many requests are remembered.
const LOG_LIMIT: usize = 100;

/// How much of a message is remembered, in bytes.
const LOGGED_TEXT_LIMIT: usize = 64 * 1024;

/// A request, as it can be looked at afterwards.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Asked {
    format: &'static str,
    model: String,
    stream: bool,
    messages: Vec<Turn>,
    last_role: Option<Role>,
    had_tools: bool,
    parameters: Vec<String>,
}

/// A model that can be asked, for listings.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: &'static str,
    /// The longest prompt a script lets it take.
    pub(crate) context: Option<u64>,
}

/// Scripts set from outside, the counts behind `times`, and the statistics.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) counters: Arc<Counters>,
    memory: Mutex<Memory>,
    /// Whether nothing of what is asked is kept.
    forgets: bool,
}

#[derive(Debug, Default)]
struct Memory {
    scripts: BTreeMap<String, Script>,
    faults_met: HashMap<String, u64>,
    asked: VecDeque<Asked>,
}

impl State {
    /// A state that keeps nothing of what is asked.
    pub(crate) fn forgetful() -> Self {
        Self {
            forgets: true,
            ..Self::default()
        }
    }

    /// The script of a model for requests that bring none; `None` when there
    /// is no such model.
    pub(crate) fn script_of(&self, model: &str) -> Option<Script> {
        let set = self.memory().scripts.get(model).cloned();
        set.or_else(|| demo::model(model).map(demo::Model::script))
    }

    /// Whether there is such a model.
    pub(crate) fn knows(&self, model: &str) -> bool {
        demo::model(model).is_some() || self.memory().scripts.contains_key(model)
    }

    /// Sets the script of a model, which becomes known by it.
    ///
    /// # Errors
    /// A sentence when there are too many.
    pub(crate) fn set_script(&self, model: String, script: Script) -> Result<(), String> {
        let mut memory = self.memory();
        ensure_room(memory.scripts.len())?;
        memory.scripts.insert(model, script);
        Ok(())
    }

    /// The models there are: the demo's, then those known only by their scripts.
    pub(crate) fn models(&self) -> Vec<Listed> {
        let memory = self.memory();
        let context_of = |id: &str| memory.scripts.get(id)?.context_tokens;
        let demo = demo::MODELS.iter().map(|model| Listed {
            id: model.id.to_owned(),
            name: model.name.to_owned(),
            description: model.description,
            context: context_of(model.id),
        });
        let names = memory.scripts.keys();
        let scripted = names.filter(|name| demo::model(name).is_none());
        let scripted = scripted.map(|id| Listed {
            id: id.clone(),
            name: id.clone(),
            description: "Simulation: follows the script that was set for it.",
            context: context_of(id),
        });
        demo.chain(scripted).collect()
    }

    /// Remembers a request.
    pub(crate) fn log(&self, format: Format, draft: &Draft) {
        if self.forgets {
            return;
        }
        let messages = draft.turns.iter().map(|turn| {
            let end = turn.text.floor_char_boundary(LOGGED_TEXT_LIMIT);
            Turn {
                role: turn.role,
                text: turn.text[..end].to_owned(),
                images: turn.images.clone(),
            }
        });
        let asked = Asked {
            format: format.name(),
            model: draft.model.clone(),
            stream: draft.stream,
            messages: messages.collect(),
            last_role: draft.turns.last().map(|turn| turn.role),
            had_tools: draft.has_tools,
            parameters: draft.parameters.clone(),
        };
        let mut memory = self.memory();
        if memory.asked.len() == LOG_LIMIT {
            memory.asked.pop_front();
        }
        memory.asked.push_back(asked);
    }

    /// The last requests, the oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.memory().asked.iter().cloned().collect()
    }

    /// Whether this request meets the fault; each call counts as a request.
    ///
    /// # Errors
    /// A sentence when too many keys are counted.
    pub(crate) fn meets(&self, fault: &Fault, key: &str) -> Result<bool, String> {
        let Some(times) = fault.times else {
            return Ok(true);
        };
        let mut memory = self.memory();
        if !memory.faults_met.contains_key(key) {
            ensure_room(memory.faults_met.len())?;
        }
        let met = memory.faults_met.entry(key.to_owned()).or_insert(0);
        *met += 1;
        Ok(*met <= times)
    }

    /// Forgets everything but what is open.
    pub(crate) fn reset(&self) {
        *self.memory() = Memory::default();
        self.counters.reset();
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ensure_room(entries: usize) -> Result<(), String> {
    if entries < ENTRY_LIMIT {
        Ok(())
    } else {
        Err("Too many scripts or keys are remembered; POST /control/reset first.".to_owned())
    }
}
