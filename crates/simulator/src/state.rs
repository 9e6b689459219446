//! What the simulator remembers between requests.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::demo;
use crate::script::{Fault, Script};
use crate::stats::Counters;

/// How many keys are counted, and how many models given scripts, before more
/// are refused.
const ENTRY_LIMIT: usize = 10_000;

/// Scripts set from outside, the counts behind `times`, and the statistics.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) counters: Arc<Counters>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    scripts: BTreeMap<String, Script>,
    faults_met: HashMap<String, u64>,
}

impl State {
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

    /// The models known only by their scripts.
    pub(crate) fn scripted_models(&self) -> Vec<String> {
        let memory = self.memory();
        let names = memory.scripts.keys();
        names
            .filter(|name| demo::model(name).is_none())
            .cloned()
            .collect()
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
