//! Icons as inline SVG, drawn with the text's colour.

use leptos::prelude::*;

/// The icons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// A new conversation.
    New,
    /// The list of conversations.
    Menu,
    /// Attach a file.
    Attach,
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
    /// What else can be done.
    More,
    /// To the one before.
    Back,
    /// To the one after.
    Forward,
    /// Chosen, or done.
    Check,
    /// Go on from here.
    Continue,
    /// Quote.
    Quote,
    /// A file.
    File,
    /// Settings.
    Settings,
    /// Above the others.
    Pin,
    /// A folder.
    Folder,
    /// The archive.
    Archive,
    /// Out to a file, or in from one.
    Export,
    /// Nothing left.
    Clear,
    /// What is not kept.
    Temporary,
    /// Search.
    Search,
    /// A conversation.
    Chat,
    /// A model.
    Model,
    /// What the page can be told to do.
    Command,
    /// Up, or to the one before.
    Up,
    /// How the page looks.
    Appearance,
}

impl Symbol {
    /// The path of a 24 by 24 drawing, stroked.
    fn path(self) -> &'static str {
        match self {
            Self::New => "M12 5v14M5 12h14",
            Self::Menu => "M4 7h16M4 12h16M4 17h10",
            Self::Attach => "M8 12.5 14.5 6a3 3 0 0 1 4.2 4.2l-8.2 8.2a5 5 0 0 1-7-7L11 4",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
            Self::Delete => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
            Self::Send => "M12 19V5M6 11l6-6 6 6",
            Self::Stop => "M7 7h10v10H7z",
            Self::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
            Self::Retry => "M4 12a8 8 0 1 0 3-6.2M4 4v5h5",
            Self::Down => "M12 5v14M6 13l6 6 6-6",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Pin => "M9 4h6l-1 7 3 3H7l3-3zM12 14v6",
            Self::Folder => "M4 6h6l2 2h8v11H4z",
            Self::Archive => "M4 5h16v4H4zM6 9v10h12V9M10 13h4",
            Self::Export => "M12 15V4M8 8l4-4 4 4M5 14v6h14v-6",
            Self::Clear => "M4 20h16M7 16l8-11 4 3-8 11H9z",
            Self::Temporary => "M12 4a8 8 0 1 0 8 8M12 8v4l3 2M15.5 4.8l1 .4M18.8 8l.5 1",
            Self::Search => "M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.8 15.8 20 20",
            Self::Chat => "M4 5h16v11H10l-4 4v-4H4z",
            Self::Model => {
                "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4"
            }
            Self::Command => "M5 7l5 5-5 5M12 17h7",
            Self::Up => "M12 19V5M6 11l6-6 6 6",
            Self::Appearance => "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
            Self::More => {
                "M4.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M18.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0"
            }
            Self::Back => "M14.5 6l-6 6 6 6",
            Self::Forward => "M9.5 6l6 6-6 6",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Continue => "M5 6v12M10 6l9 6-9 6z",
            Self::Quote => "M10 7H5v6h5v-3c0 4-1 6-4 7M19 7h-5v6h5v-3c0 4-1 6-4 7",
            Self::Settings => "M4 8h9M18 8h2M15.5 5.5v5M4 16h3M12 16h8M9.5 13.5v5",
            Self::File => "M6 3h8l4 4v14H6zM14 3v4h4M9 13h6M9 17h4",
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
