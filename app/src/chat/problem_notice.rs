//! A problem as a person sees it: what happened, what can be done.

use leptos::prelude::*;
use protocol::{MessageState, Problem};

use super::state::{ChatState, ShownMessage};
use crate::ui::{Icon, Symbol};

/// A problem that concerns the page or what was just sent.
#[component]
pub(crate) fn ProblemNotice(
    /// Where the problem is kept, if there is one; closing takes it away.
    problem: RwSignal<Option<Problem>>,
    /// What trying again does, where the page can try again by itself.
    again: Option<fn(ChatState)>,
) -> impl IntoView {
    let state = ChatState::use_here();
    let part =
        move |of: fn(&Problem) -> &str| problem.with(|it| it.as_ref().map(|it| of(it).to_owned()));
    let retryable = move || problem.with(|it| it.as_ref().is_some_and(|it| it.retryable));
    view! {
        <div class="problem" role="alert" class:absent=move || problem.with(Option::is_none)>
            <p>
                <strong>{move || part(|it| &it.message)}</strong>
                " "
                {move || part(|it| &it.advice)}
            </p>
            <button
                type="button"
                class="button"
                class:absent=move || again.is_none() || !retryable()
                on:click=move |_| {
                    if let Some(again) = again {
                        again(state);
                    }
                }
            >
                <Icon symbol=Symbol::Retry />
                "Try again"
            </button>
            <button
                type="button"
                class="button"
                aria-label="Close"
                on:click=move |_| problem.set(None)
            >
                <Icon symbol=Symbol::Close />
            </button>
        </div>
    }
}

/// Why an answer failed or was interrupted, below what came of it.
#[component]
pub(crate) fn AnswerProblem(shown: ShownMessage) -> impl IntoView {
    move || {
        shown.message.with(|message| {
            let problem = message.problem.clone()?;
            let kept = (!message.text.is_empty()
                && matches!(
                    message.state,
                    MessageState::Failed | MessageState::Interrupted
                ))
            .then_some(" What had arrived is kept.");
            // Most messages name the provider; the provider's own words do not.
            let source = problem
                .provider
                .filter(|provider| !problem.message.contains(provider.as_str()))
                .map(|provider| format!("{provider}: "));
            Some(view! {
                <div class="problem">
                    <p>
                        <strong>{source} {problem.message}</strong>
                        " "
                        {problem.advice}
                        {kept}
                    </p>
                </div>
            })
        })
    }
}
