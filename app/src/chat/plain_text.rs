//! An answer as plain text: what one reads of it, without Markdown's marks and
//! without the buttons.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTemplateElement, Node};

use crate::client::dom;

/// What one reads of a Markdown text. Formulas stay as they were written.
pub(crate) fn plain_text(text: &str) -> String {
    let template = dom::document()
        .and_then(|document| document.create_element("template").ok())
        .and_then(|element| element.dyn_into::<HtmlTemplateElement>().ok());
    let Some(template) = template else {
        return text.to_owned();
    };
    template.set_inner_html(markdown::render(text, None).as_str());
    blocks(&template.content(), "\n\n")
}

/// What is inside a node: pieces of a line, and blocks with this between them.
fn blocks(node: &Node, between: &str) -> String {
    let children = node.child_nodes();
    let mut out = String::new();
    let mut after_block = false;
    for child in (0..children.length()).filter_map(|at| children.item(at)) {
        let (text, is_block) = piece(&child);
        if text.trim().is_empty() && (is_block || after_block || out.is_empty()) {
            continue;
        }
        if (is_block || after_block) && !out.is_empty() {
            out.truncate(out.trim_end().len());
            out.push_str(between);
        }
        let is_line_start = out.is_empty() || out.ends_with('\n');
        out.push_str(if is_line_start && !is_block {
            text.trim_start()
        } else {
            &text
        });
        after_block = is_block;
    }
    out
}

/// The text of a node, and whether it stands on lines of its own.
fn piece(node: &Node) -> (String, bool) {
    let Some(element) = node.dyn_ref::<Element>() else {
        // A line end between words is a space.
        return (
            node.text_content().unwrap_or_default().replace('\n', " "),
            false,
        );
    };
    let text = || element.text_content().unwrap_or_default();
    match element.tag_name().to_ascii_lowercase().as_str() {
        "br" => ("\n".to_owned(), false),
        "input" if element.has_attribute("checked") => ("☑ ".to_owned(), false),
        "input" => ("☐ ".to_owned(), false),
        "hr" => ("———".to_owned(), true),
        "pre" => (text().trim_end_matches('\n').to_owned(), true),
        "div" if element.class_list().contains("code-head") => (String::new(), true),
        "ul" | "ol" => (list(element), true),
        "table" => (rows(element), true),
        "p" | "div" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            (blocks(element, "\n\n").trim_end().to_owned(), true)
        }
        _ if element.class_list().contains("math") => (text(), false),
        _ => (line(element), false),
    }
}

/// The text of a piece of a line, with the spaces at its ends.
fn line(element: &Element) -> String {
    let children = element.child_nodes();
    (0..children.length())
        .filter_map(|at| children.item(at))
        .map(|child| piece(&child).0)
        .collect()
}

fn list(list: &Element) -> String {
    let first: Option<u64> = match list.tag_name().as_str() {
        "OL" => Some(
            list.get_attribute("start")
                .and_then(|it| it.parse().ok())
                .unwrap_or(1),
        ),
        _ => None,
    };
    let items = list.children();
    let items = (0..items.length()).filter_map(|at| items.item(at)).zip(0..);
    let items = items.map(|(item, at)| {
        let is_task = item
            .query_selector(":scope > input")
            .is_ok_and(|it| it.is_some());
        let mark = match first {
            _ if is_task => String::new(),
            Some(first) => format!("{}. ", first + at),
            None => "• ".to_owned(),
        };
        let indent = " ".repeat(mark.chars().count());
        let text = blocks(&item, "\n");
        format!(
            "{mark}{}",
            text.trim_end().replace('\n', &format!("\n{indent}"))
        )
    });
    items.collect::<Vec<_>>().join("\n")
}

fn rows(table: &Element) -> String {
    let all = |of: &Element, selector| {
        let found = of.query_selector_all(selector).ok();
        let found = found.map(|found| (0..found.length()).filter_map(move |at| found.item(at)));
        found
            .into_iter()
            .flatten()
            .filter_map(|it| it.dyn_into::<Element>().ok())
            .collect::<Vec<_>>()
    };
    let rows = all(table, "tr");
    let rows = rows.iter().map(|row| {
        let cells = all(row, "th, td");
        let cells = cells.iter().map(|cell| line(cell).trim().to_owned());
        cells.collect::<Vec<_>>().join("\t")
    });
    rows.collect::<Vec<_>>().join("\n")
}
