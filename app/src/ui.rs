//! Controls that know nothing about chat.

pub(crate) mod dialog;
mod icon;
pub(crate) mod lazy;
pub(crate) mod menu;

pub(crate) use dialog::Dialog;
pub(crate) use icon::{Icon, Mark, Symbol};
pub(crate) use lazy::{LazyPanel, LazyView};
pub(crate) use menu::{MenuButton, MenuItem};
