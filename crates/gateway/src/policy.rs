//! What to do about a failure: pure, so that it can be read and tested as a
//! table.

use std::time::Duration;

use protocol::ProblemKind;
use providers::{Error, Refusal};

use crate::Policy;

/// What is known when a call has failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    /// How often this deployment was asked again already.
    pub(crate) retries: u32,
    /// Whether another deployment could be asked.
    pub(crate) elsewhere: bool,
    /// Whether the reader has text of this answer.
    pub(crate) midway: bool,
    /// Whether the call was to go on from that text.
    pub(crate) continuing: bool,
    /// Whether it was to do so by prefill.
    pub(crate) prefilled: bool,
    /// Whether the answer was asked for as a stream.
    pub(crate) streamed: bool,
    /// Whether the call had begun to write.
    pub(crate) began: bool,
    /// Whether this deployment was asked in place of another.
    pub(crate) stands_in: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The same deployment again, after this wait.
    Again(Duration),
    /// The same deployment, told in words to go on instead of by prefill.
    InWords,
    /// The same deployment, without streaming.
    Unstreamed,
    /// Another deployment, or the end where there is none.
    Next,
    /// Another one with a larger context window.
    Larger,
    /// It is over.
    Fail,
}

/// What a failure says about the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: the request was at fault, or it asked to wait.
    Innocent,
    /// It may be ailing.
    Failing,
    /// The key may not use this model.
    Barred,
    /// The key or its account is ailing.
    Broken,
}

/// What to do about this failure.
pub(crate) fn decide(error: &Error, now: Situation, policy: &Policy) -> Decision {
    let refused = error.refuses == Some(Refusal::Prefill);
    if now.prefilled && (refused || (now.continuing && is_refusal(error))) {
        return Decision::InWords;
    }
    if now.streamed && error.refuses == Some(Refusal::Streaming) {
        return Decision::Unstreamed;
    }
    let again = |wait| match now.retries < policy.retries {
        true => Decision::Again(wait),
        false => Decision::Next,
    };
    match error.kind {
        // A refusal of content goes to the person, a request that is wrong to
        // whoever made it. Only how we asked for a continuation is our own, and
        // whom we asked in place of another.
        ProblemKind::ContentBlocked => Decision::Fail,
        ProblemKind::BadRequest | ProblemKind::TooLarge if now.continuing || now.stands_in => {
            Decision::Next
        }
        ProblemKind::BadRequest | ProblemKind::TooLarge => Decision::Fail,
        ProblemKind::ContextTooLong => Decision::Larger,
        ProblemKind::Auth | ProblemKind::QuotaExhausted | ProblemKind::NotFound => Decision::Next,
        _ if error.should_retry == Some(false) => Decision::Next,
        // It was silent. Asking again would be silent again, unless it had
        // been writing.
        ProblemKind::Timeout if error.status.is_none() && (now.elsewhere || !now.began) => {
            Decision::Next
        }
        // Half an answer: another may write the rest.
        _ if now.midway && now.elsewhere => Decision::Next,
        _ => match wait_asked_for(error) {
            Some(wait) if wait > longest(now, policy) => Decision::Next,
            Some(wait) => again(wait),
            None if now.streamed && !now.midway && error.kind == ProblemKind::Malformed => {
                Decision::Unstreamed
            }
            None => again(backoff(now.retries, policy)),
        },
    }
}

/// How long the provider asks to wait: in so many words, or by telling when
/// the limit that it refused for is whole again.
pub(crate) fn wait_asked_for(error: &Error) -> Option<Duration> {
    error.retry_after.or_else(|| {
        let limits = error.limits.as_ref()?;
        (error.kind == ProblemKind::RateLimited).then(|| limits.exhausted_for())?
    })
}

/// What this failure says about who failed.
pub(crate) fn verdict(error: &Error) -> Verdict {
    match error.kind {
        // The key is good, but not for this model or this place: others of the
        // provider's models may do.
        ProblemKind::Auth if error.status == Some(403) => Verdict::Barred,
        ProblemKind::Auth | ProblemKind::QuotaExhausted => Verdict::Broken,
        ProblemKind::Overloaded
        | ProblemKind::Timeout
        | ProblemKind::Unreachable
        | ProblemKind::CutOff
        | ProblemKind::Malformed => Verdict::Failing,
        _ => Verdict::Innocent,
    }
}

/// Whether a failed continuation may be due to how it was asked for.
fn is_refusal(error: &Error) -> bool {
    match error.refuses {
        Some(refused) => refused == Refusal::Prefill,
        None => error.kind == ProblemKind::BadRequest,
    }
}

fn longest(now: Situation, policy: &Policy) -> Duration {
    match now.elsewhere {
        true => policy.wait_elsewhere,
        false => policy.wait_alone,
    }
}

/// Exponential backoff with full jitter, but never less than a tenth of it:
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
fn backoff(retries: u32, policy: &Policy) -> Duration {
    let most = policy
        .backoff
        .saturating_mul(2_u32.saturating_pow(retries))
        .min(policy.backoff_limit);
    most.mul_f64(0.1 + 0.9 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Situation = Situation {
        retries: 0,
        elsewhere: true,
        midway: false,
        continuing: false,
        prefilled: false,
        streamed: true,
        began: false,
        stands_in: false,
    };

    fn error(kind: ProblemKind, status: Option<u16>) -> Error {
        Error {
            kind,
            provider: "p".into(),
            message: "m".into(),
            status,
            code: None,
            retry_after: None,
            should_retry: None,
            refuses: None,
            limits: None,
        }
    }

    /// The decision in a word.
    fn check(error: &Error, now: Situation, expected: &str) {
        let decision = decide(error, now, &Policy::default());
        let word = match decision {
            Decision::Again(_) => "again".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        assert_eq!(word, expected, "{error:?} in {now:?}");
    }

    #[test]
    fn each_failure_has_its_answer() {
        use ProblemKind::*;
        for (kind, status, expected) in [
            (RateLimited, Some(429), "again"),
            (Overloaded, Some(500), "again"),
            (Overloaded, Some(409), "again"),
            (Unreachable, None, "again"),
            (CutOff, None, "again"),
            (Timeout, Some(504), "again"),
            (Timeout, None, "next"),
            (Malformed, None, "unstreamed"),
            (Auth, Some(401), "next"),
            (QuotaExhausted, Some(429), "next"),
            (NotFound, Some(404), "next"),
            (ContextTooLong, Some(400), "larger"),
            (ContentBlocked, Some(400), "fail"),
            (BadRequest, Some(400), "fail"),
            (TooLarge, Some(413), "fail"),
        ] {
            check(&error(kind, status), FRESH, expected);
        }
    }

    #[test]
    fn no_deployment_is_asked_for_ever() {
        let overloaded = error(ProblemKind::Overloaded, Some(503));
        for (retries, expected) in [(0, "again"), (1, "again"), (2, "next")] {
            check(&overloaded, Situation { retries, ..FRESH }, expected);
        }
        let mut no = overloaded;
        no.should_retry = Some(false);
        check(&no, FRESH, "next");
    }

    #[test]
    fn a_wait_hint_is_kept_where_it_is_short() {
        let mut limited = error(ProblemKind::RateLimited, Some(429));
        limited.retry_after = Some(Duration::from_secs(2));
        let policy = Policy::default();
        let decision = decide(&limited, FRESH, &policy);
        assert_eq!(decision, Decision::Again(Duration::from_secs(2)));
        limited.retry_after = Some(Duration::from_secs(30));
        assert_eq!(decide(&limited, FRESH, &policy), Decision::Next);
        let alone = Situation {
            elsewhere: false,
            ..FRESH
        };
        let decision = decide(&limited, alone, &policy);
        assert_eq!(decision, Decision::Again(Duration::from_secs(30)));
    }

    #[test]
    fn half_an_answer_is_finished_elsewhere_and_in_another_way_where_refused() {
        let midway = Situation {
            midway: true,
            ..FRESH
        };
        check(&error(ProblemKind::CutOff, None), midway, "next");
        let alone = Situation {
            elsewhere: false,
            ..midway
        };
        check(&error(ProblemKind::CutOff, None), alone, "again");
        check(&error(ProblemKind::Timeout, None), alone, "next");
        let stalled = Situation {
            began: true,
            ..alone
        };
        check(&error(ProblemKind::Timeout, None), stalled, "again");
        let stands_in = Situation {
            stands_in: true,
            ..FRESH
        };
        check(
            &error(ProblemKind::BadRequest, Some(400)),
            stands_in,
            "next",
        );
        let continuing = Situation {
            continuing: true,
            prefilled: true,
            ..midway
        };
        let mut refused = error(ProblemKind::BadRequest, Some(400));
        check(&refused, continuing, "inwords");
        let in_words = Situation {
            prefilled: false,
            ..continuing
        };
        check(&refused, in_words, "next");
        refused.refuses = Some(Refusal::Streaming);
        check(&refused, FRESH, "unstreamed");
        check(&refused, continuing, "unstreamed");
    }

    #[test]
    fn backoff_grows_and_is_bounded() {
        let policy = Policy::default();
        for retries in 0..40 {
            let most = policy.backoff * 2_u32.pow(retries.min(10));
            let most = most.min(policy.backoff_limit);
            let wait = backoff(retries, &policy);
            assert!(wait <= most && wait >= most / 10, "{retries}: {wait:?}");
        }
    }
}
