//! Files on their way into the next message: chosen, pasted or dropped, sent
//! to the server at once and shown with their size before the message goes.

use std::sync::atomic::{AtomicU64, Ordering};

use leptos::prelude::*;
use protocol::{Attachment, ConversationId, Problem, ProblemKind, api};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DataTransfer, File, FileList, HtmlInputElement};

use super::{composer, message_attachments::size, progress_line::grouped, state::ChatState};
use crate::{
    client::{dom, http::Request, storage},
    ui::{Icon, Symbol},
};

/// The most files of one message.
const MOST: usize = 10;
/// What the file chooser offers first; anything can be tried.
const OFFERED: &str = "image/png,image/jpeg,image/gif,image/webp,text/*,.md,.csv,.json,.toml,.yaml,\
     .yml,.xml,.html,.css,.js,.ts,.rs,.py,.go,.java,.c,.h,.cpp,.sh,.sql,.log";

/// A file beside the message being written.
#[derive(Clone, PartialEq)]
pub(crate) struct Upload {
    key: u64,
    name: String,
    bytes: u64,
    state: UploadState,
}

#[derive(Clone, PartialEq)]
enum UploadState {
    Sending,
    Done(Attachment),
    Failed(Problem),
}

impl Upload {
    fn of(attachment: Attachment) -> Self {
        Self {
            key: new_key(),
            name: attachment.name.clone(),
            bytes: attachment.bytes,
            state: UploadState::Done(attachment),
        }
    }
}

fn new_key() -> u64 {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    KEYS.fetch_add(1, Ordering::Relaxed)
}

/// Takes the files that are ready out of the composer; `None` while one is
/// still being sent, or could not be: the message waits for the person.
pub(crate) fn take(state: ChatState) -> Option<Vec<Attachment>> {
    let ready: Option<Vec<Attachment>> = state.attached.with_untracked(|all| {
        all.iter()
            .map(|upload| match &upload.state {
                UploadState::Done(attachment) => Some(attachment.clone()),
                _ => None,
            })
            .collect()
    });
    if ready.is_some() {
        state.attached.set(Vec::new());
    } else {
        state
            .announcement
            .set("A file is not attached yet".to_owned());
    }
    ready
}

/// Puts files back into the composer whose message was not sent.
pub(crate) fn put_back(state: ChatState, attachments: Vec<Attachment>) {
    if !attachments.is_empty() {
        state.attached.update(|all| {
            let back = attachments.into_iter().map(Upload::of);
            all.splice(0..0, back);
        });
    }
}

/// Sends files to the server, which says what they are.
fn attach(state: ChatState, files: &FileList) {
    for at in 0..files.length() {
        if let Some(file) = files.item(at) {
            attach_one(state, file);
        }
    }
}

fn attach_one(state: ChatState, file: File) {
    let key = new_key();
    let too_many = state.attached.with_untracked(|all| all.len() >= MOST);
    let upload = Upload {
        key,
        name: file.name(),
        bytes: file.size() as u64,
        state: match too_many {
            true => UploadState::Failed(Problem::new(
                ProblemKind::BadRequest,
                format!("A message takes at most {MOST} files."),
            )),
            false => UploadState::Sending,
        },
    };
    state.attached.update(|all| all.push(upload));
    if too_many {
        return;
    }
    spawn_local(async move {
        let name = String::from(js_sys::encode_uri_component(&file.name()));
        let path = format!("{}?name={name}", api::ATTACHMENTS);
        let sent = Request::new("POST", &path)
            .file(&file)
            .read::<Attachment>()
            .await;
        state.attached.update(|all| {
            if let Some(upload) = all.iter_mut().find(|upload| upload.key == key) {
                upload.state = match sent {
                    Ok(attachment) => UploadState::Done(attachment),
                    Err(problem) => UploadState::Failed(problem),
                };
            }
        });
    });
}

/// Attaches what was pasted or dropped, if it has files. Returns whether it
/// had.
fn attach_from(state: ChatState, data: Option<DataTransfer>) -> bool {
    let files = data.and_then(|data| data.files());
    match files.filter(|files| files.length() > 0) {
        Some(files) => {
            attach(state, &files);
            true
        }
        None => false,
    }
}

/// Sets up dropping and pasting anywhere on the page; called once.
pub(crate) fn install(state: ChatState) {
    // A dialog has drops of its own.
    let is_ours = |event: &web_sys::Event| {
        let in_dialog = dom::closest(event, "dialog").is_some();
        let data = event
            .dyn_ref::<web_sys::DragEvent>()
            .and_then(web_sys::DragEvent::data_transfer);
        let has_files = data.is_some_and(|data| {
            data.types()
                .includes(&wasm_bindgen::JsValue::from_str("Files"), 0)
        });
        !in_dialog && has_files
    };
    dom::on_document("dragover", move |event| {
        if is_ours(&event) {
            event.prevent_default();
            dom::set_document_data("dropping", Some(""));
        }
    });
    for over in ["dragend", "drop"] {
        dom::on_document(over, |_| dom::set_document_data("dropping", None));
    }
    dom::on_document("dragleave", |event| {
        // Left for another window, and not for another element.
        let outside = event
            .dyn_ref::<web_sys::DragEvent>()
            .is_some_and(|event| event.related_target().is_none());
        if outside {
            dom::set_document_data("dropping", None);
        }
    });
    dom::on_document("drop", move |event| {
        if !is_ours(&event) {
            return;
        }
        event.prevent_default();
        let data = event
            .dyn_ref::<web_sys::DragEvent>()
            .and_then(web_sys::DragEvent::data_transfer);
        if attach_from(state, data) {
            composer::focus();
        }
    });
    Effect::new(move |before: Option<Option<ConversationId>>| {
        let now = state.current.get();
        // A conversation that was just begun keeps what waits for its next
        // message.
        let is_begun = before == Some(None) && state.messages.with_untracked(|all| !all.is_empty());
        if before != Some(now) && !is_begun {
            let kept = storage::get(&files_key(now));
            let kept =
                kept.and_then(|json| protocol::json::from_str::<Vec<Attachment>>(&json).ok());
            let kept = kept.unwrap_or_default().into_iter().map(Upload::of);
            state.attached.set(kept.collect());
        }
        now
    });
    Effect::new(move || {
        let ready: Vec<Attachment> = state.attached.with(|all| {
            all.iter()
                .filter_map(|upload| match &upload.state {
                    UploadState::Done(attachment) => Some(attachment.clone()),
                    _ => None,
                })
                .collect()
        });
        let json = match ready.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&ready).unwrap_or_default(),
        };
        storage::set(&files_key(state.current.get_untracked()), &json);
    });
}

/// Where the files beside a draft are kept.
fn files_key(conversation: Option<ConversationId>) -> String {
    format!("{}.files", storage::draft_key(conversation))
}

/// What the box does with files that are pasted into it.
pub(crate) fn on_paste(state: ChatState, event: &web_sys::Event) {
    let data = event
        .dyn_ref::<web_sys::ClipboardEvent>()
        .and_then(web_sys::ClipboardEvent::clipboard_data);
    // Some programs put a picture of the text beside it.
    let has_text = data
        .as_ref()
        .and_then(|data| data.get_data("text/plain").ok())
        .is_some_and(|text| !text.is_empty());
    if !has_text && attach_from(state, data) {
        event.prevent_default();
    }
}

/// The button that chooses files.
#[component]
pub(crate) fn AttachButton() -> impl IntoView {
    let state = ChatState::use_here();
    let input = NodeRef::<leptos::html::Input>::new();
    let on_change = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let input: &HtmlInputElement = &input;
        if let Some(files) = input.files() {
            attach(state, &files);
        }
        // The same file can be chosen again.
        input.set_value("");
        composer::focus();
    };
    view! {
        <input
            type="file"
            id="attach"
            class="visually-hidden"
            tabindex="-1"
            aria-hidden="true"
            multiple
            accept=OFFERED
            node_ref=input
            on:change=on_change
        />
        <button
            type="button"
            class="button needs-script"
            aria-label="Attach files"
            title="Attach images or text files"
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >
            <Icon symbol=Symbol::Attach />
        </button>
    }
}

/// The files beside the message being written.
#[component]
pub(crate) fn Attached() -> impl IntoView {
    let state = ChatState::use_here();
    let is_empty = Memo::new(move |_| state.attached.with(Vec::is_empty));
    let blind = Memo::new(move |_| {
        let has_image = state.attached.with(|all| {
            all.iter().any(|upload| {
                matches!(&upload.state, UploadState::Done(attachment) if attachment.is_image())
            })
        });
        let model = state.model.get().filter(|_| has_image)?;
        state.models.with(|models| {
            let (_, model) = models.find(&model)?;
            (model.images == Some(false)).then(|| model.name.clone())
        })
    });
    view! {
        <div class="attached" class:absent=move || is_empty.get()>
            <ul aria-label="Attached files">
                <For each=move || state.attached.get() key=|upload| (upload.key, upload.is_settled()) let(upload)>
                    <Chip upload=upload />
                </For>
            </ul>
            <p class="attached-warning" role="status" class:absent=move || blind.with(Option::is_none)>
                {move || {
                    blind
                        .get()
                        .map(|model| {
                            format!("{model} does not see images. Choose a model that does, or remove the image.")
                        })
                }}
            </p>
        </div>
    }
}

impl Upload {
    /// Whether it is known what became of it.
    fn is_settled(&self) -> bool {
        !matches!(self.state, UploadState::Sending)
    }
}

#[component]
fn Chip(upload: Upload) -> impl IntoView {
    let state = ChatState::use_here();
    let Upload {
        key,
        name,
        bytes,
        state: upload,
    } = upload;
    let failed = matches!(upload, UploadState::Failed(_));
    let (picture, words) = match upload {
        UploadState::Sending => (None, format!("{}, attaching…", size(bytes))),
        UploadState::Failed(problem) => (None, problem.message),
        UploadState::Done(attachment) => {
            let words = format!(
                "{}, about {} tokens",
                size(attachment.bytes),
                grouped(attachment.tokens)
            );
            let picture = attachment
                .is_image()
                .then(|| api::attachment(&attachment.hash));
            (picture, words)
        }
    };
    let picture = match picture {
        Some(address) => {
            view! { <img src=address alt="" width="40" height="40" decoding="async" /> }.into_any()
        }
        None => view! { <Icon symbol=Symbol::File /> }.into_any(),
    };
    view! {
        <li class="attached-file" class:failed=failed>
            {picture}
            <span class="attached-words">
                <span class="attachment-name">{name.clone()}</span>
                <span class="attachment-size">{words}</span>
            </span>
            <button
                type="button"
                class="button"
                aria-label=format!("Remove {name}")
                on:click=move |_| {
                    state.attached.update(|all| all.retain(|upload| upload.key != key));
                    composer::focus();
                }
            >
                <Icon symbol=Symbol::Close />
            </button>
        </li>
    }
}
