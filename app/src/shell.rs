//! The HTML document around the page, and the data both halves draw it from.

#[cfg(not(feature = "hydrate"))]
use leptos::prelude::*;
use protocol::{Conversation, ConversationSummary, ModelList, Problem};
use serde::{Deserialize, Serialize};

#[cfg(not(feature = "hydrate"))]
use crate::chat::ChatPage;

/// Everything the page needs to be drawn. The server loads it, draws with it
/// and puts it into the document; the browser draws the same again from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PageData {
    /// The sidebar's conversations. The document holds [`PageData::LISTED`] of
    /// very many; the browser then asks for all.
    pub conversations: Vec<ConversationSummary>,
    /// The models to choose from.
    pub models: ModelList,
    /// The conversation shown; `None` on the empty page.
    pub conversation: Option<Conversation>,
    /// What is wrong with the address asked for, or with a form just sent.
    pub problem: Option<Problem>,
    /// The text of a form that could not be sent, so that it is not lost.
    pub draft: String,
    /// The server's clock, milliseconds since the Unix epoch, so that both
    /// halves group the sidebar by the same days.
    pub now_ms: i64,
}

impl PageData {
    /// How many conversations are too many for each document to bring all.
    pub const LISTED: usize = 300;

    /// With [`Self::LISTED`] of very many conversations: what stands at the top
    /// of the sidebar, and the one shown.
    #[cfg(not(feature = "hydrate"))]
    fn with_fewer_conversations(mut self) -> Self {
        if self.conversations.len() <= Self::LISTED {
            return self;
        }
        let shown = self.conversation.as_ref().map(|it| it.id);
        let place = |it: &ConversationSummary| {
            (
                Some(it.id) != shown,
                it.archived,
                !it.pinned && it.folder.is_none(),
            )
        };
        // The order within each, newest first, stays.
        self.conversations.sort_by_key(place);
        self.conversations.truncate(Self::LISTED);
        self.conversations
            .sort_by_key(|it| std::cmp::Reverse(it.updated_ms));
        self
    }
}

/// The addresses of the page's own files, with their content hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAssets {
    /// The JavaScript module that loads the WebAssembly.
    pub script: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The style sheet.
    pub style: String,
}

/// The whole document, drawn on the server alone.
#[cfg(not(feature = "hydrate"))]
#[component]
pub fn Shell(
    /// What to draw.
    data: PageData,
    /// Which files to load; without them the page works as plain HTML.
    assets: Option<PageAssets>,
    /// Whether an answer is being written: without JavaScript the document
    /// then asks for itself again.
    refresh: bool,
) -> impl IntoView {
    let data = data.with_fewer_conversations();
    let nonce = leptos::nonce::use_nonce();
    let title = data.conversation.as_ref().map_or_else(
        || "Rivulet".to_owned(),
        |c| format!("{} · Rivulet", c.title),
    );
    // Inside a script element only `<` could end it or begin a comment.
    let json = serde_json::to_string(&data)
        .unwrap_or_default()
        .replace('<', "\\u003c");
    let boot_nonce = nonce.clone();
    let head = assets.map(|files| {
        let PageAssets {
            script,
            wasm,
            style,
        } = files;
        // The WebAssembly is asked for at once, beside the module that loads
        // it. A preload link would make those without JavaScript load it too.
        let boot = format!(
            "const module_or_path = fetch('{wasm}'); \
             const page = await import('{script}'); \
             await page.default({{ module_or_path }}); page.hydrate(); \
             navigator.serviceWorker?.register('/service-worker.js').catch(() => {{}});"
        );
        view! {
            <link rel="stylesheet" href=style />
            <link rel="modulepreload" href=script />
            <script type="module" nonce=boot_nonce>
                {boot}
            </script>
        }
    });
    // What this browser remembers must hold before the first paint.
    let restore = "for (const it of ['theme', 'sidebar']) { try { \
                   const value = localStorage.getItem('rivulet.' + it); \
                   if (value) document.documentElement.dataset[it] = value } catch {} }";
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
                />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="A chat page of your own for language models." />
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <meta name="theme-color" content="#fcfdfd" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#12181a" media="(prefers-color-scheme: dark)" />
                <script nonce=nonce>{restore}</script>
                {head}
                {refresh.then(|| view! { <noscript><meta http-equiv="refresh" content="10" /></noscript> })}
                <script type="application/json" id="page-data" inner_html=json></script>
            </head>
            <body>
                <ChatPage data=data />
            </body>
        </html>
    }
}

#[cfg(all(test, not(feature = "hydrate")))]
mod tests {
    use protocol::ConversationId;

    use super::*;

    #[test]
    fn a_document_brings_what_stands_at_the_top_of_very_many_conversations() {
        let summary = |number: usize| ConversationSummary {
            id: ConversationId::from_random_bytes((number as u128).to_be_bytes()),
            title: String::new(),
            updated_ms: 10_000 - number as i64,
            pinned: number == 900,
            archived: number.is_multiple_of(2),
            folder: (number == 801).then(|| "folder".to_owned()),
            temporary: false,
        };
        let mut all: Vec<_> = (0..1_000).map(summary).collect();
        all[900].archived = false;
        let mut data = PageData {
            conversations: all.clone(),
            ..PageData::default()
        };
        data.conversation = Some(Conversation::new(all[998].id, String::new(), 0));
        let few = data.clone().with_fewer_conversations().conversations;
        assert_eq!(few.len(), PageData::LISTED);
        assert!(few.is_sorted_by_key(|it| std::cmp::Reverse(it.updated_ms)));
        for number in [1, 3, 801, 900, 998] {
            assert!(few.contains(&all[number]), "{number}");
        }
        for number in [0, 2, 799, 999] {
            assert!(!few.contains(&all[number]), "{number}");
        }
        data.conversations.truncate(PageData::LISTED);
        let before = data.conversations.clone();
        assert_eq!(data.with_fewer_conversations().conversations, before);
    }
}
