//! One message: a person's in a bubble, a model's as the page's own text.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use markdown::Enricher;
use protocol::{MessageState, Role, ToolCall};

use super::{
    enrich, live, problem_notice::AnswerProblem, progress_line::ProgressLine, state::ShownMessage,
    statistics_line::AnswerFoot,
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
    let text = shown.message.with_untracked(|message| message.text.clone());
    view! {
        <article class="message question" aria-label="You">
            <div class="said">{text}</div>
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
    let tools = {
        let (live, message) = (shown.live.clone(), shown.message.clone());
        move || {
            let calls = live.get().map_or_else(
                || message.with(|it| it.tools.clone()),
                |view| view.tools.get(),
            );
            calls
                .into_iter()
                .map(|call| view! { <Tool call=call /> })
                .collect_view()
        }
    };
    let html = drawn(&message.text);

    view! {
        <article class="message answer" aria-label="Answer">
            <details class="thinking" class:absent=move || !has_thinking.get() open=move || still_thinking.get()>
                <summary>{move || if still_thinking.get() { "Thinking…" } else { "Thinking" }}</summary>
                <div class="thinking-text" node_ref=thinking_body>
                    {message.thinking.clone()}
                </div>
            </details>
            <div class="tools">{tools}</div>
            <div class="markdown" class:writing=move || is_live.get() node_ref=body inner_html=html></div>
            <ProgressLine shown=shown.clone() />
            <AnswerProblem shown=shown.clone() />
            <AnswerFoot shown=shown />
        </article>
    }
}

/// A call of a tool, as it forms.
#[component]
fn Tool(call: ToolCall) -> impl IntoView {
    view! {
        <details class="tool">
            <summary>"Calls " <code>{call.name}</code></summary>
            <pre tabindex="0">{call.arguments}</pre>
        </details>
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
