//! Draws a growing Markdown document into the page: finished blocks are put
//! there once and never touched again; of the unfinished tail only what
//! differs changes, and text is appended to the text nodes that are there, so
//! that a selection survives.

use std::ops::Range;

use markdown::{LiveDocument, SafeHtml, Tail, open_code_html};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTemplateElement, Node, Text};

use crate::client::dom;

/// The element that an answer is drawn into.
pub(crate) struct LiveMarkdown {
    root: Element,
    template: Option<HtmlTemplateElement>,
    /// Blocks of the document whose nodes are final.
    blocks: usize,
    /// Child nodes of `root` that are final.
    nodes: u32,
    rebuilt: u64,
    open_code: Option<GrowingText>,
}

impl LiveMarkdown {
    pub(crate) fn new(root: Element) -> Self {
        let template = dom::document()
            .and_then(|document| document.create_element("template").ok())
            .and_then(|element| element.dyn_into().ok());
        Self {
            root,
            template,
            blocks: 0,
            nodes: 0,
            rebuilt: 0,
            open_code: None,
        }
    }

    pub(crate) fn root(&self) -> &Element {
        &self.root
    }

    /// Begins again from the first block; nodes that are equal stay.
    pub(crate) fn forget(&mut self) {
        self.blocks = 0;
        self.nodes = 0;
        self.open_code = None;
    }

    /// Draws what is new. Returns which children of the root became final.
    pub(crate) fn draw(&mut self, document: &LiveDocument) -> Range<u32> {
        if document.rebuilt() != self.rebuilt || document.frozen().len() < self.blocks {
            self.rebuilt = document.rebuilt();
            self.forget();
        }
        let first = self.nodes;
        for block in &document.frozen()[self.blocks..] {
            self.open_code = None;
            self.nodes += self.place(block);
        }
        self.blocks = document.frozen().len();
        self.draw_tail(&document.tail());
        first..self.nodes
    }

    fn draw_tail(&mut self, tail: &Tail<'_>) {
        let placed = match tail {
            Tail::Empty => 0,
            Tail::Html(html) => self.place(html),
            Tail::OpenCode { language, text } => {
                if let Some(code) = &mut self.open_code {
                    code.grow_to(text);
                    return;
                }
                let placed = self.place(&open_code_html(language));
                self.open_code = self
                    .root
                    .query_selector_all(":scope > .code-block code")
                    .ok()
                    .and_then(|codes| codes.item(codes.length().checked_sub(1)?))
                    .and_then(|code| code.dyn_into().ok())
                    .map(GrowingText::new);
                if let Some(code) = &mut self.open_code {
                    code.grow_to(text);
                }
                placed
            }
        };
        if !matches!(tail, Tail::OpenCode { .. }) {
            self.open_code = None;
        }
        remove_from(&self.root, self.nodes + placed);
    }

    /// Makes the nodes after the final ones look like this HTML; returns how
    /// many nodes it is.
    fn place(&self, html: &SafeHtml) -> u32 {
        let Some(template) = &self.template else {
            return 0;
        };
        template.set_inner_html(html.as_str());
        let wanted = template.content().child_nodes();
        let count = wanted.length();
        let nodes: Vec<Node> = (0..count).filter_map(|at| wanted.item(at)).collect();
        for (at, node) in (self.nodes..).zip(&nodes) {
            morph_child(&self.root, at, node);
        }
        count
    }
}

/// A text that only grows: appended to one text node.
pub(crate) struct GrowingText {
    element: Element,
    text: Option<Text>,
    len: usize,
}

impl GrowingText {
    pub(crate) fn new(element: Element) -> Self {
        Self {
            element,
            text: None,
            len: 0,
        }
    }

    /// How many bytes are shown.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Shows this text, of which the beginning is there already.
    pub(crate) fn grow_to(&mut self, text: &str) {
        if let (Some(node), Some(rest)) = (&self.text, text.get(self.len..)) {
            if !rest.is_empty() {
                let _ = node.append_data(rest);
            }
        } else {
            self.element.set_text_content(Some(text));
            self.text = self
                .element
                .first_child()
                .and_then(|node| node.dyn_into().ok());
        }
        self.len = text.len();
    }
}

/// Makes the child at that place look like `wanted`, changing what differs.
fn morph_child(parent: &Node, at: u32, wanted: &Node) {
    let Some(present) = parent.child_nodes().item(at) else {
        let _ = parent.append_child(wanted);
        return;
    };
    if present.node_name() != wanted.node_name() {
        let _ = parent.replace_child(wanted, &present);
        return;
    }
    if let (Some(text), Some(new)) = (present.dyn_ref::<Text>(), wanted.dyn_ref::<Text>()) {
        let (old, new) = (text.data(), new.data());
        match new.strip_prefix(old.as_str()) {
            Some("") => {}
            Some(rest) => {
                let _ = text.append_data(rest);
            }
            None => text.set_data(&new),
        }
        return;
    }
    if let (Some(element), Some(new)) = (present.dyn_ref::<Element>(), wanted.dyn_ref::<Element>())
    {
        copy_attributes(element, new);
    }
    let children = wanted.child_nodes();
    let children: Vec<Node> = (0..children.length())
        .filter_map(|at| children.item(at))
        .collect();
    for (at, child) in (0..).zip(&children) {
        morph_child(&present, at, child);
    }
    remove_from(&present, children.len() as u32);
}

fn copy_attributes(element: &Element, wanted: &Element) {
    for name in element
        .get_attribute_names()
        .iter()
        .filter_map(|name| name.as_string())
    {
        if !wanted.has_attribute(&name) {
            let _ = element.remove_attribute(&name);
        }
    }
    for name in wanted
        .get_attribute_names()
        .iter()
        .filter_map(|name| name.as_string())
    {
        let value = wanted.get_attribute(&name);
        if element.get_attribute(&name) != value {
            let _ = element.set_attribute(&name, &value.unwrap_or_default());
        }
    }
}

fn remove_from(parent: &Node, at: u32) {
    while let Some(extra) = parent.child_nodes().item(at) {
        let _ = parent.remove_child(&extra);
    }
}
