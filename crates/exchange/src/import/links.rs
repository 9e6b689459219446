//! The links between nodes that programs write down twice: each node names its
//! parent, and each parent lists its children.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The links of a map of nodes.
#[derive(Debug)]
pub(super) struct Links<'a> {
    nodes: &'a Map<String, Value>,
    parent: &'static str,
    /// Of each node, the one that lists it first, and as which child.
    listed: HashMap<&'a str, (&'a str, usize)>,
}

impl<'a> Links<'a> {
    /// The links of these nodes, in fields of these names.
    pub(super) fn of(nodes: &'a Map<String, Value>, parent: &'static str, children: &str) -> Self {
        let mut listed = HashMap::new();
        for (key, node) in nodes {
            let list = node.get(children).and_then(Value::as_array);
            for (rank, child) in list.into_iter().flatten().enumerate() {
                if let Some(child) = child.as_str() {
                    listed.entry(child).or_insert((key.as_str(), rank));
                }
            }
        }
        Self {
            nodes,
            parent,
            listed,
        }
    }

    /// A node's parent and which of its children it is. One that names no
    /// parent, or none that there is, has the one that lists it.
    pub(super) fn of_node(&self, key: &str) -> (Option<&'a str>, usize) {
        let listed = self.listed.get(key);
        let named = self.nodes.get(key).and_then(|node| node.get(self.parent));
        let named = named.and_then(Value::as_str);
        let parent = match named.filter(|it| self.nodes.contains_key(*it)) {
            Some(parent) => Some(parent),
            None => listed.map(|(parent, _)| *parent).or(named),
        };
        (parent, listed.map_or(0, |(_, rank)| *rank))
    }
}
