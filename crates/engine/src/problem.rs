//! What can go wrong here, in words for a person.

use protocol::{Problem, ProblemKind};

/// The store could not do it.
pub(crate) fn of_store(error: &store::Error) -> Problem {
    match error {
        store::Error::NotFound(_) => {
            Problem::new(ProblemKind::NotFound, sentence(&error.to_string()))
        }
        store::Error::Unavailable(_) => {
            Problem::new(ProblemKind::Storage, sentence(&error.to_string()))
                .advice(
                    "Check that the disk has room and that the data directory can be written, \
                     then try again.",
                )
                .retryable()
        }
    }
}

/// The server went down under the answer.
pub(crate) fn interrupted() -> Problem {
    Problem::new(
        ProblemKind::Interrupted,
        "The server stopped while this answer was being written.",
    )
    .advice("Ask again to get a whole answer.")
    .retryable()
}

/// The server takes no new turns.
pub(crate) fn shutting_down() -> Problem {
    Problem::new(ProblemKind::Overloaded, "The server is shutting down.")
        .advice("Try again in a moment.")
        .retryable()
}

/// The answer that is needed, or another one to the same question, is not
/// complete.
pub(crate) fn busy() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "The answer here is still being written.",
    )
    .advice("Wait until it is complete, or stop it.")
    .retryable()
}

/// A fault of ours.
pub(crate) fn internal() -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "Something went wrong in the server while this answer was being written.",
    )
    .advice("Try again; the server's log has more.")
    .retryable()
}

/// The gateway's stream ended without saying how.
pub(crate) fn cut_off() -> Problem {
    Problem::new(
        ProblemKind::CutOff,
        "The answer ended before it was complete.",
    )
    .advice("Try again.")
    .retryable()
}

/// The answer outgrew all bounds.
pub(crate) fn answer_too_large() -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        "The answer grew larger than the server keeps and was ended.",
    )
}

/// The whole-turn clock ran out.
pub(crate) fn too_long(limit: std::time::Duration) -> Problem {
    Problem::new(
        ProblemKind::Timeout,
        format!(
            "The answer was not complete after {} and was ended.",
            in_words(limit)
        ),
    )
    .advice("Ask for a shorter answer, or raise the limit on a whole turn.")
    .retryable()
}

/// The word that names a kind where a reason is asked for.
pub(crate) fn reason(kind: ProblemKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "failed".to_owned(),
    }
}

fn in_words(time: std::time::Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 120 => format!("{} minutes", seconds / 60),
        _ => format!("{} seconds", time.as_secs_f32()),
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase());
    let mut sentence: String = first.into_iter().flatten().chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
