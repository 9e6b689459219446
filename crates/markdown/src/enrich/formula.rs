//! LaTeX to MathML.

use std::convert::Infallible;
use std::thread;

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Event, Parser, Storage, push_mathml};

use crate::SafeHtml;

/// A longer formula stays plain, in bytes.
const MAX_SOURCE: usize = 8 * 1024;

/// The parser and the renderer call themselves for what stands inside
/// something else, and a stack that overflows ends the process. So typesetting
/// has a large stack of its own, braces may nest only this deep, fractions,
/// roots, scripts and groups (which need no braces to nest) are limited in
/// number, and macros, which could write more of either, are not defined.
const STACK: usize = 32 * 1024 * 1024;
const MAX_NESTING: usize = 50;
const MAX_NESTED: usize = 500;
const MACROS: &[&str] = &["\\def", "\\let", "\\futurelet", "command"];

/// The elements and attributes a formula may consist of.
const ELEMENTS: &[&str] = &[
    "math",
    "menclose",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "ms",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
    "none",
];
const ATTRIBUTES: &[&str] = &[
    "accent",
    "accentunder",
    "class",
    "columnalign",
    "columnspan",
    "depth",
    "display",
    "displaystyle",
    "fence",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "notation",
    "rowspan",
    "rspace",
    "scriptlevel",
    "separator",
    "stretchy",
    "style",
    "symmetric",
    "voffset",
    "width",
];

/// Typesets a formula; `None` when anything in it is not understood.
pub(super) fn typeset(source: &str, display: bool) -> Option<SafeHtml> {
    if source.len() > MAX_SOURCE
        || MACROS.iter().any(|command| source.contains(command))
        || nesting(source) > MAX_NESTING
    {
        return None;
    }
    // A panic in the young parser costs the formula and not the answer.
    let mathml = thread::scope(|scope| {
        let typesetter = thread::Builder::new().stack_size(STACK);
        let typesetter = typesetter
            .spawn_scoped(scope, || mathml(source, display))
            .ok()?;
        typesetter.join().ok()?
    })?;
    is_plain_mathml(&mathml).then(|| SafeHtml::trusted(mathml))
}

fn mathml(source: &str, display: bool) -> Option<String> {
    let storage = Storage::new();
    let mut events = Vec::new();
    let mut nested = 0;
    for event in Parser::new(source, &storage) {
        let event = event.ok()?;
        if matches!(
            event,
            Event::Begin(_) | Event::Visual(_) | Event::Script { .. }
        ) {
            nested += 1;
        }
        if nested > MAX_NESTED {
            return None;
        }
        events.push(event);
    }
    let config = RenderConfig {
        display_mode: if display {
            DisplayMode::Block
        } else {
            DisplayMode::Inline
        },
        ..RenderConfig::default()
    };
    let mut mathml = String::new();
    let events = events.into_iter().map(Ok::<Event<'_>, Infallible>);
    push_mathml(&mut mathml, events, config).ok()?;
    Some(mathml)
}

/// How deep braces nest at most.
fn nesting(source: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in source.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether this is nothing but known elements with known attributes and text:
/// we do not rely on the renderer to escape what the model wrote.
fn is_plain_mathml(mathml: &str) -> bool {
    mathml.split('<').skip(1).all(|part| {
        part.split_once('>')
            .is_some_and(|(tag, _)| is_known_tag(tag))
    })
}

fn is_known_tag(tag: &str) -> bool {
    if let Some(name) = tag.strip_prefix('/') {
        return ELEMENTS.contains(&name);
    }
    let tag = tag.strip_suffix('/').unwrap_or(tag);
    let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    loop {
        attributes = attributes.trim_start();
        if attributes.is_empty() {
            return ELEMENTS.contains(&name);
        }
        let Some((attribute, rest)) = attributes.split_once("=\"") else {
            return false;
        };
        let Some((_, rest)) = rest.split_once('"') else {
            return false;
        };
        if !ATTRIBUTES.contains(&attribute) {
            return false;
        }
        attributes = rest;
    }
}
