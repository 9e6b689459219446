//! Files that the page gives to the person and takes from them.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlInputElement, Url};

use super::dom;

/// Gives the person a text as a file to keep.
pub(crate) fn save(name: &str, media_type: &str, text: &str) {
    // Where it cannot be done the browser has said so.
    let _ = offer(name, media_type, text);
}

fn offer(name: &str, media_type: &str, text: &str) -> Result<(), JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &kind)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let document = dom::document().ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // The browser has taken it by the next turn of its loop.
    wasm_bindgen_futures::spawn_local(async move {
        dom::sleep(1_000).await;
        let _ = Url::revoke_object_url(&address);
    });
    Ok(())
}

/// The text of the file that was chosen, if one was and it can be read.
pub(crate) async fn chosen_text(chooser: &HtmlInputElement) -> Option<String> {
    let file = chooser.files()?.get(0)?;
    wasm_bindgen_futures::JsFuture::from(file.text())
        .await
        .ok()?
        .as_string()
}
