//! Marking places in the page without touching it: the browser's custom
//! highlights, where it has them. Otherwise nothing is marked.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Text;

/// A place in the document: from an offset of one text to one of another.
#[derive(Clone)]
pub(in crate::chat) struct Place {
    pub(in crate::chat) start: (Text, u32),
    pub(in crate::chat) end: (Text, u32),
}

/// One kind of marks, painted as the style sheet says of its name.
pub(in crate::chat) struct Painter {
    name: &'static str,
    highlight: JsValue,
    add: Function,
    delete: Function,
    clear: Function,
    range: Function,
}

impl Painter {
    /// Marks of this name; those of a higher priority are painted above.
    pub(in crate::chat) fn new(name: &'static str, priority: u32) -> Option<Self> {
        let all = js_sys::global();
        let constructor: Function = get(&all, "Highlight")?;
        let range: Function = get(&all, "StaticRange")?;
        let highlight = Reflect::construct(&constructor, &Array::new()).ok()?;
        Reflect::set(&highlight, &"priority".into(), &priority.into()).ok()?;
        let registry = registry()?;
        let set: Function = get(&registry, "set")?;
        set.call2(&registry, &name.into(), &highlight).ok()?;
        Some(Self {
            name,
            add: get(&highlight, "add")?,
            delete: get(&highlight, "delete")?,
            clear: get(&highlight, "clear")?,
            highlight,
            range,
        })
    }

    /// Marks a place; what is returned unmarks it.
    pub(in crate::chat) fn mark(&self, place: &Place) -> Option<JsValue> {
        let wanted = Object::new();
        for (name, value) in [
            ("startContainer", place.start.0.as_ref()),
            ("startOffset", &place.start.1.into()),
            ("endContainer", place.end.0.as_ref()),
            ("endOffset", &place.end.1.into()),
        ] {
            Reflect::set(&wanted, &name.into(), value).ok()?;
        }
        let range = Reflect::construct(&self.range, &Array::of1(&wanted)).ok()?;
        self.add.call1(&self.highlight, &range).ok()?;
        Some(range)
    }

    pub(in crate::chat) fn unmark(&self, mark: &JsValue) {
        let _ = self.delete.call1(&self.highlight, mark);
    }

    pub(in crate::chat) fn clear(&self) {
        let _ = self.clear.call0(&self.highlight);
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        let registry = registry();
        let delete = registry
            .as_ref()
            .and_then(|it| get::<Function>(it, "delete"));
        if let (Some(registry), Some(delete)) = (registry, delete) {
            let _ = delete.call1(&registry, &self.name.into());
        }
    }
}

/// The browser's list of highlights.
fn registry() -> Option<JsValue> {
    let css = Reflect::get(&js_sys::global(), &"CSS".into()).ok()?;
    let registry = Reflect::get(&css, &"highlights".into()).ok()?;
    registry.is_object().then_some(registry)
}

fn get<T: JsCast>(of: &JsValue, name: &str) -> Option<T> {
    Reflect::get(of, &name.into()).ok()?.dyn_into().ok()
}
