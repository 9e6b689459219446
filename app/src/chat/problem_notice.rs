//! A problem as a person sees it: what happened, what can be done.

use leptos::prelude::*;
use protocol::{MessageState, Problem};

use super::state::ShownMessage;
use crate::ui::{Icon, Symbol};

/// A problem that concerns the page or what was just sent.
#[component]
pub(crate) fn ProblemNotice(
    /// The problem.
    problem: Problem,
    /// What closing it does.
    on_close: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="problem" role="alert">
            <p>
                <strong>{problem.message}</strong>
                " "
                {problem.advice}
            </p>
            <button type="button" class="button" aria-label="Close" on:click=move |_| on_close()>
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
                && matches!(message.state, MessageState::Failed | MessageState::Interrupted))
            .then_some(" What had arrived is kept.");
            let source = problem.provider.map(|provider| format!("{provider}: "));
            Some(view! {
                <div class="problem" role="alert">
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
