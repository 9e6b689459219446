//! The providers' seals on thinking and tool calls, which they want back
//! unchanged with the tools' results. Callers have no place to keep them, and
//! none is of use to another provider, so they are remembered here by the ids
//! of the calls, which every caller sends back.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use providers::{ChatMessage, Part};

/// How many bytes are remembered, and for how long: a loop of tools takes
/// minutes.
const BYTES: u64 = 32 << 20;
const AGE: Duration = Duration::from_secs(3_600);

/// What is remembered of a tool call.
#[derive(Debug, Default)]
pub(crate) struct Seal {
    /// The thinking before it, and the seal on that.
    pub(crate) thinking: Option<Arc<(String, String)>>,
    /// The seal on the call itself.
    pub(crate) call: Option<String>,
}

impl Seal {
    fn bytes(&self) -> u32 {
        let thinking = self.thinking.as_ref();
        let thinking = thinking.map_or(0, |it| it.0.len() + it.1.len());
        let bytes = 128 + thinking + self.call.as_ref().map_or(0, String::len);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// What is remembered of all.
#[derive(Debug)]
pub(crate) struct Seals(Cache<(String, String), Arc<Seal>>);

impl Default for Seals {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(BYTES)
                .weigher(|_, seal: &Arc<Seal>| seal.bytes())
                .time_to_live(AGE)
                .build(),
        )
    }
}

impl Seals {
    /// Remembers the seal of a provider's tool call.
    pub(crate) fn keep(&self, provider: &str, call: &str, seal: Seal) {
        if seal.thinking.is_some() || seal.call.is_some() {
            self.0
                .insert((provider.to_owned(), call.to_owned()), Arc::new(seal));
        }
    }

    /// The message with the seals that this provider wants back; `None` where
    /// there are none.
    pub(crate) fn sealed(&self, provider: &str, message: &ChatMessage) -> Option<ChatMessage> {
        let mut thinking = None;
        let mut found = false;
        let mut parts: Vec<Part> = message
            .parts
            .iter()
            .map(|part| {
                let mut part = part.clone();
                if let Part::ToolCall { id, signature, .. } = &mut part
                    && let Some(seal) = self.0.get(&(provider.to_owned(), id.clone()))
                {
                    found = true;
                    signature.clone_from(&seal.call);
                    thinking = thinking.take().or_else(|| seal.thinking.clone());
                }
                part
            })
            .collect();
        if let Some(thinking) = thinking {
            let thought = Part::Thinking {
                text: thinking.0.clone(),
                signature: Some(thinking.1.clone()),
            };
            parts.insert(0, thought);
        }
        found.then_some(ChatMessage {
            role: message.role,
            parts,
        })
    }
}

#[cfg(test)]
mod tests {
    use protocol::Role;

    use super::*;

    #[test]
    fn a_seal_comes_back_to_who_gave_it_and_to_nobody_else() {
        let call = |signature: Option<&str>| Part::ToolCall {
            id: "call_1".into(),
            name: "look".into(),
            arguments: "{}".into(),
            signature: signature.map(str::to_owned),
        };
        let message = ChatMessage {
            role: Role::Assistant,
            parts: vec![Part::Text("Let me see.".into()), call(None)],
        };
        let seals = Seals::default();
        assert_eq!(seals.sealed("a", &message), None);
        let seal = Seal {
            thinking: Some(Arc::new(("Hm.".into(), "s1".into()))),
            call: Some("s2".into()),
        };
        seals.keep("a", "call_1", seal);
        let thought = Part::Thinking {
            text: "Hm.".into(),
            signature: Some("s1".into()),
        };
        let sealed = seals.sealed("a", &message).unwrap();
        assert_eq!(
            sealed.parts,
            [thought, message.parts[0].clone(), call(Some("s2"))]
        );
        assert_eq!(seals.sealed("b", &message), None);
    }
}
