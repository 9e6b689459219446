//! Draws a growing Markdown document into the page: finished blocks are put
//! there once and never touched again; of the unfinished tail only what
//! differs changes, and text is appended to the text nodes that are there, so
//! that a selection survives.

use std::ops::Range;

use markdown::{LiveDocument, PART_BLOCKS, SafeHtml, Tail, open_code_html};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTemplateElement, Node, Text};

use crate::client::dom;

/// Takes note that these children of a part are final.
type IsFinal = fn(&Element, Range<u32>);

/// The element that an answer is drawn into. Its children are parts, as
/// [`markdown::render_parts`] makes them.
pub(crate) struct LiveMarkdown {
    root: Element,
    template: Option<HtmlTemplateElement>,
    /// Blocks of the document whose nodes are final.
    blocks: usize,
    /// The part that the next block goes into, once there is one.
    part: Option<Element>,
    /// Child nodes of that part that are final.
    nodes: u32,
    rebuilt: u64,
    open_code: Option<GrowingText>,
}

impl LiveMarkdown {
    pub(crate) fn new(root: Element) -> Self {
        let template = dom::document()
            .and_then(|document| document.create_element("template").ok())
            .and_then(|element| element.dyn_into().ok());
        // What holds a place in an element that is empty is no part.
        for child in children_of(&root) {
            if !child.is_instance_of::<Element>() {
                let _ = root.remove_child(&child);
            }
        }
        Self {
            root,
            template,
            blocks: 0,
            part: None,
            nodes: 0,
            rebuilt: 0,
            open_code: None,
        }
    }

    /// Takes the nodes that are there for the document's finished blocks: they
    /// were drawn from the same text, and may have more in them than can be
    /// drawn here.
    pub(crate) fn adopt(&mut self, document: &LiveDocument, is_final: IsFinal) {
        let all = document.frozen().len();
        self.adopt_blocks(document, all, is_final);
    }

    /// Another document takes the place of the one that was drawn: blocks that
    /// both begin with keep their nodes, with what was drawn into them since.
    pub(crate) fn take_back(&mut self, drawn: &LiveDocument, document: &LiveDocument) {
        let is_drawn = drawn.rebuilt() == self.rebuilt;
        let drawn = drawn.frozen().get(..self.blocks).filter(|_| is_drawn);
        let pairs = drawn.into_iter().flatten().zip(document.frozen());
        let same = pairs.take_while(|(old, new)| old == new).count();
        self.forget();
        self.adopt_blocks(document, same, |_, _| {});
    }

    fn adopt_blocks(&mut self, document: &LiveDocument, blocks: usize, is_final: IsFinal) {
        self.rebuilt = document.rebuilt();
        self.freeze(
            &document.frozen()[..blocks],
            |live, _, block| live.nodes_of(block).len(),
            is_final,
        );
    }

    /// Begins again from the first block; nodes that are equal stay.
    pub(crate) fn forget(&mut self) {
        self.blocks = 0;
        self.part = None;
        self.nodes = 0;
        self.open_code = None;
    }

    /// Draws what is new, and tells what of it became final.
    pub(crate) fn draw(&mut self, document: &LiveDocument, is_final: IsFinal) {
        if document.rebuilt() != self.rebuilt || document.frozen().len() < self.blocks {
            self.rebuilt = document.rebuilt();
            self.forget();
        }
        self.freeze(document.frozen(), Self::place, is_final);
        self.draw_tail(&document.tail());
    }

    /// Goes on to the end of these finished blocks; `nodes` says, and sees to it,
    /// how many nodes one is.
    fn freeze(
        &mut self,
        blocks: &[SafeHtml],
        nodes: impl Fn(&Self, &Element, &SafeHtml) -> usize,
        is_final: IsFinal,
    ) {
        for block in &blocks[self.blocks..] {
            self.open_code = None;
            let Some(part) = self.enter_part() else {
                return;
            };
            let first = self.nodes;
            self.nodes += nodes(self, &part, block) as u32;
            self.blocks += 1;
            is_final(&part, first..self.nodes);
        }
    }

    fn draw_tail(&mut self, tail: &Tail<'_>) {
        if let (Tail::OpenCode { text, .. }, Some(code)) = (tail, &mut self.open_code) {
            code.grow_to(text);
            return;
        }
        self.open_code = None;
        let html = match tail {
            Tail::Empty => {
                if let Some(part) = &self.part {
                    remove_from(part, self.nodes);
                }
                remove_from(&self.root, self.blocks.div_ceil(PART_BLOCKS) as u32);
                return;
            }
            Tail::Html(html) => html,
            Tail::OpenCode { language, .. } => &open_code_html(language),
        };
        let Some(part) = self.enter_part() else {
            return;
        };
        let placed = self.place(&part, html) as u32;
        remove_from(&part, self.nodes + placed);
        remove_from(&self.root, (self.blocks / PART_BLOCKS + 1) as u32);
        if let Tail::OpenCode { text, .. } = tail {
            let code = part
                .query_selector(":scope > .code-block:last-child code")
                .ok()
                .flatten();
            self.open_code = code.map(GrowingText::new);
            if let Some(code) = &mut self.open_code {
                code.grow_to(text);
            }
        }
    }

    /// The part of the next block: the one before it is complete when it is
    /// full.
    fn enter_part(&mut self) -> Option<Element> {
        let at = (self.blocks / PART_BLOCKS) as u32;
        let is_new = self.blocks.is_multiple_of(PART_BLOCKS) && self.nodes > 0;
        if is_new && let Some(full) = self.part.take() {
            remove_from(&full, self.nodes);
            self.nodes = 0;
        }
        if self.part.is_none() {
            let there = self.root.child_nodes().item(at);
            self.part = there.and_then(|part| part.dyn_into().ok());
        }
        if self.part.is_none() {
            let part = dom::document()?.create_element("div").ok()?;
            part.set_class_name("part");
            self.root.append_child(&part).ok()?;
            self.part = Some(part);
        }
        self.part.clone()
    }

    /// Makes the nodes after the final ones look like this HTML; returns how
    /// many nodes it is.
    fn place(&self, part: &Element, html: &SafeHtml) -> usize {
        let nodes = self.nodes_of(html);
        for (at, node) in (self.nodes..).zip(&nodes) {
            morph_child(part, at, node);
        }
        nodes.len()
    }

    fn nodes_of(&self, html: &SafeHtml) -> Vec<Node> {
        let Some(template) = &self.template else {
            return Vec::new();
        };
        template.set_inner_html(html.as_str());
        children_of(&template.content())
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
    let children = children_of(wanted);
    for (at, child) in (0..).zip(&children) {
        morph_child(&present, at, child);
    }
    remove_from(&present, children.len() as u32);
}

fn children_of(node: &Node) -> Vec<Node> {
    let children = node.child_nodes();
    (0..children.length())
        .filter_map(|at| children.item(at))
        .collect()
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
