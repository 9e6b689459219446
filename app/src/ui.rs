//! Controls that know nothing about chat.

mod icon;

pub(crate) use icon::{Icon, Mark, Symbol};
