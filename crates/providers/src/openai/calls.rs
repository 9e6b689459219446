//! Which tool call a fragment belongs to.

use super::wire::{Function, ToolCall};
use crate::{Delta, text::Text};

/// The tool calls of one answer so far.
///
/// By the rule the index tells the calls apart, and only the first fragment
/// has an id and a name. Imitators leave the index out, number every call 0,
/// repeat id and name in each fragment, or make up a new id for each.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    /// Its number in the provider's count, which ours may differ from.
    index: Option<u32>,
    /// The provider's id for it.
    id: Option<String>,
    name: Option<String>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a fragment adds: id and name where they are news, an id of ours
    /// where a new call comes without one.
    pub(super) fn fragment(&mut self, fragment: ToolCall) -> Delta {
        let Function { name, arguments } = fragment.function.unwrap_or_default();
        let (id, name) = (Text::said(fragment.id), Text::said(name));
        let known = self.find(fragment.index, id.as_deref(), name.as_deref());
        let at = known.unwrap_or(self.0.len());
        let (new_id, new_name) = match known.map(|known| &mut self.0[known]) {
            Some(call) if call.name.is_none() => {
                call.name.clone_from(&name);
                (None, name)
            }
            Some(_) => (None, None),
            None => {
                self.0.push(Call {
                    index: fragment.index,
                    id: id.clone(),
                    name: name.clone(),
                });
                (Some(id.unwrap_or_else(|| format!("call_{at}"))), name)
            }
        };
        Delta::Tool {
            index: at as u32,
            id: new_id,
            name: new_name,
            arguments: Text::said(arguments).unwrap_or_default(),
            signature: None,
        }
    }

    /// The call that a fragment goes on with; none where it begins one.
    fn find(&self, index: Option<u32>, id: Option<&str>, name: Option<&str>) -> Option<usize> {
        let mut calls = self.0.iter();
        match (index, id, name) {
            (Some(_), ..) => {
                let at = calls.rposition(|call| call.index == index)?;
                let call = &self.0[at];
                let is_same = match (call.id.as_deref(), id) {
                    (Some(its), Some(id)) => its == id,
                    _ => call.name.as_deref() == name,
                };
                // What has a new id and no name is no call: vLLM used to make
                // one up for each fragment.
                (name.is_none() || call.name.is_none() || is_same).then_some(at)
            }
            (None, Some(id), _) => calls.rposition(|call| call.id.as_deref() == Some(id)),
            // Such calls come whole, one after another.
            (None, None, Some(_)) => None,
            (None, None, None) => self.0.len().checked_sub(1),
        }
    }
}
