//! Turns to store.

use protocol::{
    Attempt, AttemptId, AttemptReason, ConversationId, Ending, Message, MessageId, MessageState,
    Outcome, Price, ProblemKind, Role, Statistics, ToolCall, Transcript, TurnId, Usage, Usd,
};
use store::{Checkpoint, EndedTurn, NewTurn};
use uuid::Uuid;

/// A turn that begins a conversation at this time.
pub(crate) fn first(created_ms: i64) -> NewTurn {
    NewTurn {
        new_conversation: Some("A title".into()),
        ..next(ConversationId(Uuid::now_v7()), None, created_ms)
    }
}

/// A turn of an existing conversation, its question under `parent`.
pub(crate) fn next(
    conversation: ConversationId,
    parent: Option<MessageId>,
    created_ms: i64,
) -> NewTurn {
    let question = Message {
        id: MessageId(Uuid::now_v7()),
        parent,
        role: Role::User,
        state: MessageState::Finished,
        text: "Why? \u{0} – 語 \"'".into(),
        attachments: Vec::new(),
        thinking: String::new(),
        tools: Vec::new(),
        model: None,
        created_ms,
        turn: None,
        last_event: 0,
        statistics: None,
        reason: None,
        problem: None,
    };
    let answer = another_answer(question.id, created_ms + 1);
    NewTurn {
        conversation,
        new_conversation: None,
        temporary: false,
        question: Some(question),
        answer,
    }
}

/// An answer as a turn begins it.
pub(crate) fn another_answer(question: MessageId, created_ms: i64) -> Message {
    Message {
        id: MessageId(Uuid::now_v7()),
        parent: Some(question),
        role: Role::Assistant,
        state: MessageState::Writing,
        text: String::new(),
        attachments: Vec::new(),
        thinking: String::new(),
        tools: Vec::new(),
        model: Some("demo/slow".into()),
        created_ms,
        turn: Some(TurnId(Uuid::now_v7())),
        last_event: 0,
        statistics: None,
        reason: None,
        problem: None,
    }
}

/// A checkpoint of the turn with this text.
pub(crate) fn text(turn: &NewTurn, last_event: u64, text: &str) -> Checkpoint {
    Checkpoint {
        answer: turn.answer.id,
        last_event,
        text: text.into(),
        thinking: String::new(),
        whole: None,
    }
}

/// The end of the turn as `finished`, with two attempts.
pub(crate) fn finished(turn: &NewTurn, text: &str) -> EndedTurn {
    let id = turn.answer.turn.unwrap();
    EndedTurn {
        conversation: turn.conversation,
        answer: turn.answer.id,
        turn: id,
        transcript: Transcript {
            last: 99,
            text: text.into(),
            thinking: "Well…".into(),
            tools: vec![ToolCall {
                index: 1,
                id: "call_1".into(),
                name: "look".into(),
                arguments: "{\"at\":".into(),
            }],
            state: MessageState::Finished,
            ending: Some(Ending {
                reason: "stop".into(),
                statistics: Statistics {
                    provider: Some("demo".into()),
                    duration_ms: 1200,
                    words: 3,
                    ..Statistics::default()
                },
                problem: None,
            }),
            ..Transcript::default()
        },
        attempts: vec![
            attempt(
                id,
                1,
                Outcome::Failed,
                Some(ProblemKind::RateLimited),
                Usage::default(),
            ),
            attempt(
                id,
                2,
                Outcome::Finished,
                None,
                Usage {
                    input: Some(10),
                    output: Some(0),
                    cached: Some(4),
                    cache_write: Some(2),
                    thinking: None,
                    estimated: true,
                    cost: Some("0.000000000001".parse().unwrap()),
                },
            ),
        ],
        now_ms: turn.answer.created_ms + 10,
    }
}

fn attempt(
    turn: TurnId,
    number: u32,
    outcome: Outcome,
    problem: Option<ProblemKind>,
    usage: Usage,
) -> Attempt {
    Attempt {
        id: AttemptId(Uuid::now_v7()),
        turn,
        number,
        provider: "demo".into(),
        model: "slow".into(),
        answered_by: (number == 2).then(|| "slow-2026".into()),
        started_ms: 1_700_000_000_000,
        first_token_ms: (number == 2).then_some(250),
        duration_ms: 1000,
        outcome,
        problem,
        status: problem.map(|_| 429),
        code: problem.map(|_| "slow_down".into()),
        usage,
        price: (number == 2).then(|| Price {
            input: "1.25".parse().unwrap(),
            output: Usd::ZERO,
            as_of: "2026-11-20".into(),
            ..Price::default()
        }),
        reason: match number {
            1 => AttemptReason::First,
            _ => AttemptReason::Continuation,
        },
        waited_ms: 40,
        streamed: number == 2,
        route: (number == 2).then(|| "short question".into()),
    }
}
