//! Asks the server to highlight finished code and to set finished math, in
//! batches, and puts the result in place.

use std::{cell::RefCell, ops::Range};

use markdown::SafeHtml;
use protocol::api::{self, Enrich};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::client::{dom, http::Request};

/// What the `markdown` crate marks such pieces with.
const MARK: &str = "data-enrich";
/// How many pieces one request asks for.
const BATCH: usize = 50;

/// Improves every code block and formula in these children of an element.
/// They must be final: what is drawn over them later would be lost.
pub(crate) fn improve(root: &Element, children: Range<u32>) {
    let nodes = root.child_nodes();
    let mut work = Vec::new();
    for child in children.filter_map(|at| nodes.item(at)?.dyn_into::<Element>().ok()) {
        if child.has_attribute(MARK) {
            work.push(child.clone());
        }
        if let Ok(inside) = child.query_selector_all("[data-enrich]") {
            work.extend((0..inside.length()).filter_map(|at| inside.item(at)?.dyn_into().ok()));
        }
    }
    let work: Vec<(Element, Enrich)> = work
        .into_iter()
        .map(|element| {
            let request = request_for(&element);
            let _ = element.remove_attribute(MARK);
            (element, request)
        })
        .collect();
    if work.is_empty() {
        return;
    }
    // All messages of a page ask in the same tick: they share their requests.
    let is_first = PENDING.with_borrow_mut(|pending| {
        let is_first = pending.is_empty();
        pending.extend(work);
        is_first
    });
    if is_first {
        wasm_bindgen_futures::spawn_local(async {
            dom::sleep(0).await;
            let work = PENDING.with_borrow_mut(std::mem::take);
            for batch in work.chunks(BATCH) {
                send(batch).await;
            }
        });
    }
}

async fn send(batch: &[(Element, Enrich)]) {
    let requests: Vec<&Enrich> = batch.iter().map(|(_, request)| request).collect();
    // What cannot be improved stays readable as it is.
    let replies: Result<Vec<Option<String>>, _> = Request::new("POST", api::ENRICH)
        .json(&requests)
        .read()
        .await;
    let replies = replies.unwrap_or_default().into_iter();
    let replies = replies.chain(std::iter::repeat(None));
    for ((element, request), reply) in batch.iter().zip(replies) {
        // Meanwhile something else may have been drawn in its place.
        let source = match request {
            Enrich::Code { source, .. } | Enrich::Math { source, .. } => source,
        };
        match reply.map(SafeHtml::from_server) {
            Some(html) if element.text_content().as_ref() == Some(source) => {
                element.set_inner_html(html.as_str());
            }
            Some(_) => {}
            // It keeps the looks of what is as it was written.
            None => {
                let kind = match request {
                    Enrich::Code { .. } => "code",
                    Enrich::Math { .. } => "math",
                };
                let _ = element.set_attribute(MARK, kind);
            }
        }
    }
}

thread_local! {
    static PENDING: RefCell<Vec<(Element, Enrich)>> = const { RefCell::new(Vec::new()) };
}

fn request_for(element: &Element) -> Enrich {
    let source = element.text_content().unwrap_or_default();
    if element.get_attribute(MARK).as_deref() == Some("math") {
        let display = element.class_list().contains("math-display");
        Enrich::Math { source, display }
    } else {
        Enrich::Code {
            language: element.get_attribute("data-language").unwrap_or_default(),
            source,
        }
    }
}
