//! Shortcuts as keys: which event is one, and how it is written.
//!
//! None is one of a browser's own, but for Ctrl+K, which everybody expects to
//! open the palette. What is pressed with Alt and Shift types nothing on
//! Windows and Linux, and what is pressed with Control and Shift nothing on a
//! Mac; the letters that browsers or Mac's text fields use with these (A, B, C,
//! E, F, I, N, P, T, V, W, X, Z) are left out.

use web_sys::KeyboardEvent;

use crate::client::dom;

/// A shortcut. Keys are named as `KeyboardEvent.key` names them, letters in
/// capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Ctrl, on a Mac Command, and this key.
    Primary(&'static str),
    /// Ctrl and this key, on a Mac as well.
    Control(&'static str),
    /// Alt and Shift, on a Mac Control and Shift, and this key.
    Layer(&'static str),
    /// This key after [`LEADER`].
    Second(&'static str),
    /// This key by itself, except where it would be typed.
    Alone(&'static str),
    /// This key by itself, wherever the focus is.
    Anywhere(&'static str),
}

/// After it the next key is a command's.
pub(crate) const LEADER: Keys = Keys::Layer("M");

impl Keys {
    /// Whether an event is this shortcut. What comes second is not told from
    /// the key alone: see [`is_key`].
    pub(crate) fn matches(self, event: &KeyboardEvent, is_typing: bool) -> bool {
        let held = Held {
            control: event.ctrl_key(),
            meta: event.meta_key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
        };
        match self {
            Self::Second(_) => false,
            Self::Alone(_) if is_typing => false,
            Self::Primary(key)
            | Self::Control(key)
            | Self::Layer(key)
            | Self::Alone(key)
            | Self::Anywhere(key) => {
                self.is_held(held, is_mac())
                    && !event.get_modifier_state("AltGraph")
                    && is_key(key, &event.key(), &event.code())
            }
        }
    }

    fn is_held(self, held: Held, mac: bool) -> bool {
        let only = |control: bool, meta: bool, alt: bool, shift: bool| {
            held == Held {
                control,
                meta,
                alt,
                shift,
            }
        };
        match self {
            Self::Primary(_) => only(!mac, mac, false, false),
            Self::Control(_) => only(true, false, false, false),
            Self::Layer(_) => only(mac, false, !mac, true),
            // Some keyboards have "?" with Shift, and some have "/".
            Self::Second(_) | Self::Alone(_) => !held.control && !held.meta && !held.alt,
            Self::Anywhere(_) => only(false, false, false, false),
        }
    }

    /// The keys to press, one after the other, as they are written on this
    /// computer's keyboard.
    pub(crate) fn written(self, mac: bool) -> Vec<&'static str> {
        let (mut keys, last) = match self {
            Self::Primary(key) => (vec![if mac { "⌘" } else { "Ctrl" }], key),
            Self::Control(key) => (vec![if mac { "⌃" } else { "Ctrl" }], key),
            Self::Layer(key) if mac => (vec!["⌃", "⇧"], key),
            Self::Layer(key) => (vec!["Alt", "Shift"], key),
            Self::Second(key) => (LEADER.written(mac), key),
            Self::Alone(key) | Self::Anywhere(key) => (Vec::new(), key),
        };
        keys.push(match last {
            "ArrowLeft" => "←",
            "ArrowRight" => "→",
            "ArrowUp" => "↑",
            "ArrowDown" => "↓",
            "Escape" => "Esc",
            "Enter" if mac => "↩",
            other => other,
        });
        keys
    }

    /// The shortcut in one line: "Alt+Shift+M R", on a Mac "⌃⇧M R".
    pub(crate) fn line(self) -> String {
        self.line_for(is_mac())
    }

    fn line_for(self, mac: bool) -> String {
        let mut keys = self.written(mac);
        let second = match self {
            Self::Second(_) => keys.pop(),
            _ => None,
        };
        let mut line = keys.join(if mac { "" } else { "+" });
        if let Some(second) = second {
            line.push(' ');
            line.push_str(second);
        }
        line
    }
}

/// The modifiers that are held.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Held {
    control: bool,
    meta: bool,
    alt: bool,
    shift: bool,
}

/// Whether a key, as it types and by its place, is the one of this name: what
/// it types counts where that is a Latin letter, else its place.
pub(crate) fn is_key(name: &str, typed: &str, place: &str) -> bool {
    if typed.eq_ignore_ascii_case(name) {
        return true;
    }
    let is_latin = typed.len() == 1 && typed.as_bytes()[0].is_ascii_alphabetic();
    let letter = place.strip_prefix("Key").filter(|_| !is_latin);
    // Where the digits need Shift they type something else.
    letter.or(place.strip_prefix("Digit")) == Some(name)
}

/// Whether this is a computer of Apple's, whose keyboard has other modifiers.
pub(crate) fn is_mac() -> bool {
    let platform = dom::window().and_then(|window| window.navigator().platform().ok());
    platform.is_some_and(|it| it.starts_with("Mac") || it.starts_with("iP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts_are_written_as_on_the_keyboard() {
        let lines = |keys: Keys| [keys.line_for(false), keys.line_for(true)];
        assert_eq!(lines(Keys::Primary("K")), ["Ctrl+K", "⌘K"]);
        assert_eq!(lines(Keys::Control(",")), ["Ctrl+,", "⌃,"]);
        assert_eq!(lines(Keys::Layer("Enter")), ["Alt+Shift+Enter", "⌃⇧↩"]);
        assert_eq!(lines(Keys::Second("R")), ["Alt+Shift+M R", "⌃⇧M R"]);
        assert_eq!(lines(Keys::Anywhere("Escape")), ["Esc", "Esc"]);
    }

    #[test]
    fn a_key_is_what_it_types_or_where_it_is() {
        assert!(is_key("R", "r", "KeyR"));
        // A French keyboard has A where others have Q.
        assert!(is_key("A", "a", "KeyQ"));
        assert!(!is_key("Q", "a", "KeyQ"));
        // A Russian one has no Latin letters.
        assert!(is_key("R", "К", "KeyR"));
        assert!(is_key("1", "&", "Digit1"));
        // A German one has "/" on the 7.
        assert!(is_key("/", "/", "Digit7"));
        assert!(is_key("ArrowDown", "ArrowDown", "ArrowDown"));
        assert!(!is_key("R", "Dead", "KeyE"));
    }

    #[test]
    fn other_modifiers_are_other_shortcuts() {
        let held = |held: &str| Held {
            control: held.contains('c'),
            meta: held.contains('m'),
            alt: held.contains('a'),
            shift: held.contains('s'),
        };
        assert!(Keys::Primary("K").is_held(held("c"), false));
        assert!(!Keys::Primary("K").is_held(held("c"), true));
        assert!(Keys::Primary("K").is_held(held("m"), true));
        assert!(!Keys::Primary("K").is_held(held("cs"), false));
        assert!(Keys::Layer("R").is_held(held("as"), false));
        assert!(!Keys::Layer("R").is_held(held("as"), true));
        assert!(Keys::Layer("R").is_held(held("cs"), true));
        assert!(!Keys::Layer("R").is_held(held("cas"), false));
        assert!(Keys::Alone("?").is_held(held("s"), false));
        assert!(!Keys::Anywhere("Escape").is_held(held("s"), false));
    }
}
