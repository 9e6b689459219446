//! What was sent with a message: images small, other files by name and size.
//! A press opens them in a tab of their own.

use leptos::prelude::*;
use protocol::{Attachment, api};

use crate::ui::{Icon, Symbol};

/// The attachments of a message, if it has any.
#[component]
pub(crate) fn MessageAttachments(
    /// The attachments, in the order to show them.
    attachments: Vec<Attachment>,
) -> impl IntoView {
    (!attachments.is_empty()).then(|| {
        let items = attachments.into_iter().map(drawn).collect_view();
        view! {
            <ul class="attachments" aria-label="Attached files">
                {items}
            </ul>
        }
    })
}

fn drawn(attachment: Attachment) -> AnyView {
    let address = api::attachment(&attachment.hash);
    let title = format!("{} ({})", attachment.name, size(attachment.bytes));
    let content = if attachment.is_image() {
        view! {
            <img
                src=address.clone()
                alt=attachment.name
                width="112"
                height="112"
                loading="lazy"
                decoding="async"
            />
        }
        .into_any()
    } else {
        view! {
            <Icon symbol=Symbol::File />
            <span class="attachment-name">{attachment.name}</span>
            <span class="attachment-size">{size(attachment.bytes)}</span>
        }
        .into_any()
    };
    view! {
        <li>
            <a class="attachment" href=address target="_blank" rel="noopener" title=title>
                {content}
            </a>
        </li>
    }
    .into_any()
}

/// A size in words: "340 B", "12 KB", "3.4 MB".
pub(crate) fn size(bytes: u64) -> String {
    const KILO: u64 = 1_000;
    const MEGA: u64 = KILO * KILO;
    if bytes < KILO {
        return format!("{bytes} B");
    }
    if bytes < MEGA {
        return format!("{} KB", (bytes + KILO / 2) / KILO);
    }
    let tenths = (bytes + MEGA / 20) / (MEGA / 10);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(340), "340 B");
        assert_eq!(size(12_499), "12 KB");
        assert_eq!(size(3_449_000), "3.4 MB");
        assert_eq!(size(3_460_000), "3.5 MB");
    }
}
