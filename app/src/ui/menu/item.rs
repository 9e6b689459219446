//! What a menu offers.

use std::sync::Arc;

use crate::ui::Symbol;

/// One thing that a menu offers.
#[derive(Clone)]
pub(crate) struct MenuItem {
    pub(super) label: String,
    pub(super) icon: Option<Symbol>,
    pub(super) hint: Option<String>,
    pub(super) note: Option<String>,
    pub(super) group: Option<String>,
    pub(super) chosen: Option<bool>,
    pub(super) dangerous: bool,
    pub(super) action: Action,
}

/// What choosing an item does.
#[derive(Clone)]
pub(super) enum Action {
    Run(Arc<dyn Fn() + Send + Sync>),
    /// Shows these in the menu's place.
    Open(Items),
    /// Nothing: the note says why.
    Refuse,
}

pub(super) type Items = Arc<dyn Fn() -> Vec<MenuItem> + Send + Sync>;

impl MenuItem {
    /// An item that does this.
    pub(crate) fn new(label: impl Into<String>, action: impl Fn() + Send + Sync + 'static) -> Self {
        Self::of(label.into(), Action::Run(Arc::new(action)))
    }

    /// An item that shows further ones in the menu's place, with a way back.
    pub(crate) fn opening(
        label: impl Into<String>,
        items: impl Fn() -> Vec<MenuItem> + Send + Sync + 'static,
    ) -> Self {
        Self::of(label.into(), Action::Open(Arc::new(items)))
    }

    fn of(label: String, action: Action) -> Self {
        Self {
            label,
            icon: None,
            hint: None,
            note: None,
            group: None,
            chosen: None,
            dangerous: false,
            action,
        }
    }

    /// With this icon before it.
    pub(crate) fn icon(mut self, symbol: Symbol) -> Self {
        self.icon = Some(symbol);
        self
    }

    /// With the shortcut that does the same, such as `Ctrl+Shift+C`.
    pub(crate) fn hint(mut self, shortcut: impl Into<String>) -> Self {
        self.hint = Some(shortcut.into());
        self
    }

    /// With a quieter line below the label.
    pub(crate) fn note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }

    /// Under this heading, with its neighbours that have the same one.
    pub(crate) fn group(mut self, heading: impl Into<String>) -> Self {
        self.group = Some(heading.into());
        self
    }

    /// As one of several of which one is chosen.
    pub(crate) fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = Some(chosen);
        self
    }

    /// As one that takes something away.
    pub(crate) fn dangerous(mut self) -> Self {
        self.dangerous = true;
        self
    }

    /// Not to be had where there is a reason, which is told.
    pub(crate) fn disabled(mut self, reason: Option<String>) -> Self {
        if reason.is_some() {
            self.note = reason;
            self.action = Action::Refuse;
        }
        self
    }
}
