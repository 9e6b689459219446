//! Icons as inline SVG, drawn with the text's colour.

use leptos::prelude::*;

/// The icons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// A new conversation.
    New,
    /// The list of conversations.
    Menu,
    /// Edit in place.
    Edit,
    /// Delete.
    Delete,
    /// Send.
    Send,
    /// Stop.
    Stop,
    /// Copy.
    Copy,
    /// Try again.
    Retry,
    /// To the latest message.
    Down,
    /// Close.
    Close,
}

impl Symbol {
    /// The path of a 24 by 24 drawing, stroked.
    fn path(self) -> &'static str {
        match self {
            Self::New => "M12 5v14M5 12h14",
            Self::Menu => "M4 7h16M4 12h16M4 17h10",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
            Self::Delete => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
            Self::Send => "M12 19V5M6 11l6-6 6 6",
            Self::Stop => "M7 7h10v10H7z",
            Self::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
            Self::Retry => "M4 12a8 8 0 1 0 3-6.2M4 4v5h5",
            Self::Down => "M12 5v14M6 13l6 6 6-6",
            Self::Close => "M6 6l12 12M18 6L6 18",
        }
    }
}

/// One icon; says nothing to a screen reader, so its control needs a label.
#[component]
pub(crate) fn Icon(
    /// Which.
    symbol: Symbol,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=symbol.path() />
        </svg>
    }
}

/// The mark of Rivulet: one flowing line.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 10c6-5 9-5 12 0s6 5 12 0M4 22c6-5 9-5 12 0s6 5 12 0" class="mark-far" />
            <path d="M4 16c6-5 9-5 12 0s6 5 12 0" class="mark-near" />
        </svg>
    }
}
