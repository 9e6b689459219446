//! The conversation, scrolling.

use leptos::prelude::*;

use super::{
    bubble_actions, empty_page::EmptyPage, message_bubble::MessageBubble,
    problem_notice::ProblemNotice, quote::QuoteButton, scroll, state::ChatState,
};

/// The messages, or what shows in their place.
#[component]
pub(crate) fn TranscriptView() -> impl IntoView {
    let state = ChatState::use_here();
    let is_empty = Memo::new(move |_| {
        state.messages.with(Vec::is_empty)
            && !state.loading.get()
            && (state.page_problem.with(Option::is_none) || state.current.get().is_none())
    });
    view! {
        <div
            id=scroll::SCROLLER
            class="transcript"
            tabindex="0"
            role="region"
            aria-label="Conversation"
            on:click=move |event| bubble_actions::on_click(state, &event)
        >
            <div id=scroll::CONTENT class="transcript-content">
                <ProblemNotice
                    problem=state.page_problem
                    again=Some(super::conversations::show_again)
                />
                {move || is_empty.get().then(|| view! { <EmptyPage /> })}
                <p class="hint loading" class:absent=move || !state.loading.get()>
                    "Opening…"
                </p>
                <div role="log" aria-live="off" aria-label="Messages" class="messages">
                    <For each=move || state.messages.get() key=|shown| shown.key let(shown)>
                        <MessageBubble shown=shown />
                    </For>
                </div>
            </div>
        </div>
        <QuoteButton />
    }
}
