//! The images of a message, as far as a simulation can tell.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::Value;

/// What can be told of an image without seeing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Image {
    /// Its media type, or the empty string where nothing says it.
    pub(crate) media_type: String,
    /// Its size in bytes; 0 of one that is somewhere else.
    pub(crate) bytes: usize,
    /// Its width and height in pixels, where it can be read.
    pub(crate) pixels: Option<(usize, usize)>,
}

/// The images of a message, in the words of any format: parts of its content,
/// or a list beside it.
pub(crate) fn images(message: &Value) -> Vec<Image> {
    let list = |name: &str| message[name].as_array().into_iter().flatten();
    let in_content = list("content").filter_map(in_part);
    let in_parts = list("parts").filter_map(in_part);
    let beside = list("images").filter_map(|it| Some(of_data("", it.as_str()?)));
    in_content.chain(in_parts).chain(beside).collect()
}

fn in_part(part: &Value) -> Option<Image> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match part["type"].as_str() {
        Some("image_url") => Some(of_address(part["image_url"]["url"].as_str()?)),
        Some("input_image") => Some(of_address(part["image_url"].as_str()?)),
        Some("image") => {
            let source = &part["source"];
            let media_type = text(&source["media_type"]).unwrap_or_default();
            Some(match source["data"].as_str() {
                Some(data) => of_data(&media_type, data),
                None => of_address(source["url"].as_str()?),
            })
        }
        _ => {
            let inline = [&part["inlineData"], &part["inline_data"]];
            let inline = inline.into_iter().find(|it| it.is_object())?;
            let media_type = text(&inline["mimeType"]).or_else(|| text(&inline["mime_type"]));
            Some(of_data(
                &media_type.unwrap_or_default(),
                inline["data"].as_str()?,
            ))
        }
    }
}

/// An image at an address, or within it.
fn of_address(url: &str) -> Image {
    let data = url.strip_prefix("data:");
    match data.and_then(|rest| rest.split_once(";base64,")) {
        Some((media_type, data)) => of_data(media_type, data),
        None => Image {
            media_type: String::new(),
            bytes: 0,
            pixels: None,
        },
    }
}

fn of_data(media_type: &str, base64: &str) -> Image {
    let bytes = BASE64_STANDARD.decode(base64).unwrap_or_default();
    let size = imagesize::blob_size(&bytes).ok();
    Image {
        media_type: media_type.to_owned(),
        bytes: bytes.len(),
        pixels: size.map(|size| (size.width, size.height)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// The head of a PNG of 640×480 pixels, in Base64.
    pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA=";

    #[test]
    fn images_are_found_in_the_words_of_every_format() {
        let address = format!("data:image/png;base64,{PNG}");
        let content = |part: Value| json!({"content": [{"type": "text", "text": "a"}, part]});
        for message in [
            content(json!({"type": "image_url", "image_url": {"url": address}})),
            content(json!({"type": "input_image", "image_url": address})),
            content(json!({"type": "image", "source":
                {"type": "base64", "media_type": "image/png", "data": PNG}})),
            json!({"parts": [{"text": "a"},
                {"inlineData": {"mimeType": "image/png", "data": PNG}}]}),
        ] {
            let image = Image {
                media_type: "image/png".to_owned(),
                bytes: 29,
                pixels: Some((640, 480)),
            };
            assert_eq!(images(&message), [image], "{message}");
        }
        let beside = images(&json!({"content": "a", "images": [PNG]}));
        assert_eq!(beside[0].pixels, Some((640, 480)));
        let elsewhere = json!({"type": "image_url", "image_url": {"url": "https://a.test/b"}});
        assert_eq!(images(&content(elsewhere))[0].pixels, None);
        assert!(images(&json!({"content": "a"})).is_empty());
    }
}
