//! Asking the server what it finds, a moment after the last key; what was
//! asked before is forgotten.

use js_sys::{Date, Object, Reflect, encode_uri_component};
use leptos::prelude::*;
use protocol::{
    Problem,
    api::{self, Hit},
};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use crate::client::{dom, http::Request};

/// How long after the last key a search begins, in milliseconds.
const GATHER_MS: u32 = 120;

/// A search, as far as it is.
#[derive(Clone, Copy)]
pub(super) struct Finding {
    /// What was found last.
    pub(super) hits: RwSignal<Vec<Hit>>,
    /// Whether the server is being asked.
    pub(super) is_searching: RwSignal<bool>,
    /// Why it could not be asked.
    pub(super) problem: RwSignal<Option<Problem>>,
    /// What is being asked, which is forgotten with the palette.
    asked: StoredValue<Option<Asked>, LocalStorage>,
}

/// A question on its way; it ends with this.
struct Asked(AbortController);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Finding {
    pub(super) fn new() -> Self {
        Self {
            hits: RwSignal::new(Vec::new()),
            is_searching: RwSignal::new(false),
            problem: RwSignal::new(None),
            asked: StoredValue::new_local(None),
        }
    }

    /// Searches for something else; for nothing where that is empty.
    pub(super) fn search(self, typed: &str) {
        self.asked.set_value(None);
        self.problem.set(None);
        let abort = AbortController::new().ok().filter(|_| !typed.is_empty());
        self.is_searching.set(abort.is_some());
        let Some(abort) = abort else {
            self.hits.set(Vec::new());
            return;
        };
        let signal = abort.signal();
        self.asked.set_value(Some(Asked(abort)));
        let path = format!(
            "{}?q={}",
            api::SEARCH,
            String::from(encode_uri_component(typed))
        );
        spawn_local(async move {
            dom::sleep(GATHER_MS).await;
            if signal.aborted() {
                return;
            }
            let request = Request::new("GET", &path).abort(&signal);
            let answer = request.read::<Vec<Hit>>().await;
            if signal.aborted() {
                return;
            }
            match answer {
                Ok(hits) => self.hits.set(hits),
                Err(problem) => {
                    self.hits.set(Vec::new());
                    self.problem.set(Some(problem));
                }
            }
            self.is_searching.set(false);
        });
    }
}

/// A day as the page's language writes it.
pub(super) fn day(at_ms: i64) -> String {
    let style = Object::new();
    let _ = Reflect::set(&style, &"dateStyle".into(), &"medium".into());
    let date = Date::new(&(at_ms as f64).into());
    date.to_locale_date_string("en", &style).into()
}
