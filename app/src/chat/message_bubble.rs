//! One message: a person's in a bubble, a model's as the page's own text.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use markdown::Enricher;
use protocol::{MessageState, Role, ToolCall};

use super::{
    enrich,
    fold::SelfClosingFold,
    live,
    message_actions::QuestionActions,
    message_attachments::MessageAttachments,
    problem_notice::AnswerProblem,
    progress_line::ProgressLine,
    question_editor::QuestionEditor,
    state::{ChatState, ShownMessage},
    statistics_line::AnswerFoot,
    versions::VersionArrows,
};

/// How the server draws code and math at once, provided by context; the
/// browser asks for them afterwards.
pub type ServerEnricher = Arc<dyn Enricher + Send + Sync>;

/// One message.
#[component]
pub(crate) fn MessageBubble(shown: ShownMessage) -> impl IntoView {
    match shown.message.with_untracked(|message| message.role) {
        Role::User => Either::Left(view! { <Question shown=shown /> }),
        Role::Assistant => Either::Right(view! { <Answer shown=shown /> }),
    }
}

#[component]
fn Question(shown: ShownMessage) -> impl IntoView {
    let state = ChatState::use_here();
    let key = shown.key;
    let edited = Memo::new(move |_| state.edited(key));
    // Known to the server as well, which draws it first.
    let edit_id = format!("edit-{}", shown.id());
    view! {
        <article class="message question" class:edited=move || edited.with(Option::is_some) aria-label="You">
            {move || {
                let message = shown.message.get_untracked();
                let attachments = message.attachments;
                let said = match edited.get() {
                    Some(text) => {
                        Either::Left(
                            view! {
                                <QuestionEditor question=shown.clone() text=text back_to=edit_id.clone() />
                            },
                        )
                    }
                    None => {
                        Either::Right(
                            view! {
                                {(!message.text.is_empty())
                                    .then(|| view! { <div class="said" dir="auto">{message.text}</div> })}
                                <VersionArrows shown=shown.clone() />
                            },
                        )
                    }
                };
                let is_edited = matches!(said, Either::Left(_));
                view! {
                    <div class="said-column">
                        <MessageAttachments attachments=attachments />
                        {said}
                    </div>
                    {(!is_edited)
                        .then(|| {
                            view! { <QuestionActions shown=shown.clone() edit_id=edit_id.clone() /> }
                        })}
                }
            }}
        </article>
    }
}

#[component]
fn Answer(shown: ShownMessage) -> impl IntoView {
    let message = shown.message.get_untracked();
    let body = NodeRef::<leptos::html::Div>::new();
    let thinking_body = NodeRef::<leptos::html::Div>::new();
    let key = shown.key;

    // While it is live, the answer is drawn straight into these two nodes.
    // One that is not is complete, but for the code and math that the server
    // draws.
    let live_now = shown.live.clone();
    Effect::new(move || {
        let is_live = live_now.with(Option::is_some);
        let (Some(body), Some(thinking)) = (body.get(), thinking_body.get()) else {
            return;
        };
        match live::of_message(key) {
            Some(live) if is_live => live.draw_into(body.into(), thinking.into()),
            _ => enrich::improve(&body, 0..body.child_nodes().length()),
        }
    });

    let is_live = {
        let live = shown.live.clone();
        let message = shown.message.clone();
        Memo::new(move |_| {
            live.with(Option::is_some) || message.with(|it| it.state == MessageState::Writing)
        })
    };
    let has_thinking = {
        let (live, message) = (shown.live.clone(), shown.message.clone());
        Memo::new(move |_| {
            live.get().is_some_and(|view| view.has_thinking.get())
                || message.with(|message| !message.thinking.is_empty())
        })
    };
    // Open while the model still thinks, folded once the answer starts.
    let still_thinking = {
        let live = shown.live.clone();
        Memo::new(move |_| {
            live.get().is_some_and(|view| {
                view.status
                    .with(|status| status.phase == protocol::Phase::Thinking)
            })
        })
    };
    let calls = {
        let (live, message) = (shown.live.clone(), shown.message.clone());
        Memo::new(move |_| {
            live.get().map_or_else(
                || message.with(|it| it.tools.clone()),
                |view| view.tools.get(),
            )
        })
    };
    let count = Memo::new(move |_| calls.with(Vec::len));
    let tools = move || {
        let tool = |at| view! { <Tool calls=calls at=at is_live=is_live /> };
        (0..count.get()).map(tool).collect_view()
    };
    let thinking_title =
        view! { {move || if still_thinking.get() { "Thinking…" } else { "Thinking" }} };
    let came_to_phrase = {
        let message = shown.message.clone();
        move || message.with(|it| it.reason.as_deref() == Some("stop phrase"))
    };
    let html = drawn(&message.text);

    view! {
        <article class="message answer" aria-label="Answer">
            <SelfClosingFold
                class="thinking"
                forming=still_thinking
                absent=Signal::derive(move || !has_thinking.get())
                summary=thinking_title.into_any()
            >
                <div class="thinking-text" dir="auto" node_ref=thinking_body>
                    {message.thinking.clone()}
                </div>
            </SelfClosingFold>
            <div class="tools">{tools}</div>
            <div class="markdown" dir="auto" class:writing=move || is_live.get() class:came-to-phrase=came_to_phrase node_ref=body inner_html=html></div>
            <ProgressLine shown=shown.clone() />
            <AnswerProblem shown=shown.clone() />
            <AnswerFoot shown=shown />
        </article>
    }
}

/// A call of a tool, as it forms.
#[component]
fn Tool(
    /// All calls of the answer.
    calls: Memo<Vec<ToolCall>>,
    /// Which of them.
    at: usize,
    /// Whether the answer is being written.
    is_live: Memo<bool>,
) -> impl IntoView {
    let part = move |of: fn(&ToolCall) -> &str| {
        Memo::new(move |_| {
            calls.with(|calls| {
                calls
                    .get(at)
                    .map(|call| of(call).to_owned())
                    .unwrap_or_default()
            })
        })
    };
    let (name, arguments) = (part(|call| &call.name), part(|call| &call.arguments));
    let forming = Memo::new(move |_| is_live.get() && calls.with(|calls| at + 1 == calls.len()));
    let summary = view! { "Calls " <code>{move || name.get()}</code> };
    view! {
        <SelfClosingFold class="tool" forming=forming summary=summary.into_any()>
            <pre tabindex="0">{move || arguments.get()}</pre>
        </SelfClosingFold>
    }
}

/// The answer's HTML. In the browser it is drawn again only for messages that
/// the server has not drawn: hydration takes what is there.
fn drawn(text: &str) -> String {
    let is_hydrating =
        Owner::current_shared_context().is_some_and(|context| context.during_hydration());
    if is_hydrating && cfg!(feature = "hydrate") {
        return String::new();
    }
    let enricher = use_context::<ServerEnricher>();
    let enricher = enricher.as_deref().map(|it| it as &dyn Enricher);
    markdown::render_parts(text, enricher).into_string()
}
