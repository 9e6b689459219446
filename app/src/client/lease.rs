//! What only so many tabs of a browser may have at once. All of them share the
//! few connections that a browser opens to a server over HTTP/1.1.
//!
//! A lease is an entry of the browser's storage, which all tabs see, with its
//! holder and the time it runs out: a tab that dies keeps it no longer. Two
//! tabs that take one in the same instant may both have it for a while; the
//! next renewal tells one of them otherwise.

use super::{dom, storage};

/// How long a lease holds without being renewed, in milliseconds. A tab's
/// timers run at least once a second while it is in view.
const HOLDS_MS: u64 = 5_000;

thread_local! {
    /// This tab, told from the others.
    static TAB: String = dom::random_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
}

/// Takes a lease, or renews it; false where somebody else has it. `purpose`
/// tells two holders in one tab apart. Always given where the browser stores
/// nothing.
pub(crate) fn take(key: &str, purpose: &str) -> bool {
    // Whole numbers: reading and writing others would add 20 KB to the page.
    let now = dom::now_ms() as u64;
    let holder = TAB.with(|tab| format!("{tab}/{purpose}"));
    let held = storage::get(key);
    let known = held.as_deref().and_then(|it| it.split_once(' '));
    if let Some((other, until)) = known {
        let until: u64 = until.parse().unwrap_or(0);
        // A clock that was set back must not keep a lease for ever.
        let holds = until > now && until <= now + HOLDS_MS;
        if holds && other != holder {
            return false;
        }
        // Renewing it each time would write four times a second.
        if holds && until > now + HOLDS_MS / 2 {
            return true;
        }
    }
    storage::set(key, &format!("{holder} {}", now + HOLDS_MS));
    true
}

/// Gives a lease back, if this holder has it.
pub(crate) fn give_back(key: &str, purpose: &str) {
    let holder = TAB.with(|tab| format!("{tab}/{purpose} "));
    if storage::get(key).is_some_and(|held| held.starts_with(&holder)) {
        storage::set(key, "");
    }
}
