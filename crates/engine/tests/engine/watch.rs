use proptest::prelude::*;
use protocol::{ProblemKind, Transcript, TurnId};

use crate::{
    upstream::{Beat, finished, text, thinking, tool},
    world::{World, all, fold, in_short, pass},
};

/// A long answer of every kind of event, at changing speed.
fn long_answer() -> Vec<Beat> {
    let mut script = vec![thinking("hm"), Beat::Wait(20), thinking(", so")];
    for n in 0..600_u64 {
        script.push(text(&format!("{n} wörds 語 ")));
        if n % 100 == 50 {
            script.push(tool(n as u32, Some("look"), "{}"));
        }
        if n % 7 != 0 {
            script.push(Beat::Wait(n % 29));
        }
    }
    script.push(finished());
    script
}

/// One step of a reader with a bad network.
#[derive(Debug, Clone, Copy)]
enum Move {
    Read(usize),
    /// Stay connected, but read nothing.
    Sleep(u64),
    /// Lose the connection for a while.
    Leave(u64),
    /// Lose the connection and the last few events with it.
    Forget(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (1_usize..6).prop_map(Move::Read),
        (0_u64..60).prop_map(Move::Sleep),
        (0_u64..60).prop_map(Move::Leave),
        (0_usize..5).prop_map(Move::Forget),
    ];
    proptest::collection::vec(one, 300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// At least a hundred disconnects at random positions: the text is the
    /// same byte for byte, and so is everything else.
    #[test]
    fn disconnects_lose_and_double_nothing(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (patient, hasty) = runtime.block_on(async {
            let world = World::new(long_answer());
            let ids = world.start().await;
            let patient = tokio::spawn(all(world.watch(ids.turn, 0).await));
            let hasty = wander(&world, ids.turn, &moves).await;
            let patient = fold(&patient.await.unwrap());
            assert_eq!(patient.text, world.stored(ids.turn).await.text);
            (patient, hasty)
        });
        prop_assert_eq!(patient, hasty);
    }
}

async fn wander(world: &World, turn: TurnId, moves: &[Move]) -> Transcript {
    // The transcript after each event, so that events can be forgotten.
    let mut states = vec![Transcript::default()];
    let mut watcher = world.watch(turn, 0).await;
    let read = |states: &mut Vec<Transcript>, entry: &protocol::Entry| {
        let mut next = states.last().unwrap().clone();
        assert!(entry.id > next.last, "{} came twice", entry.id);
        next.apply(entry);
        states.push(next);
    };
    for step in moves {
        let last = states.last().unwrap().last;
        match *step {
            Move::Read(count) => {
                for _ in 0..count {
                    let Some(bite) = watcher.next().await else {
                        break;
                    };
                    read(&mut states, bite.entry());
                }
            }
            Move::Sleep(ms) => pass(ms).await,
            Move::Leave(ms) => {
                drop(watcher);
                pass(ms).await;
                watcher = world.watch(turn, last).await;
            }
            Move::Forget(count) => {
                states.truncate((states.len() - count.min(states.len() - 1)).max(1));
                watcher = world.watch(turn, states.last().unwrap().last).await;
            }
        }
    }
    while let Some(bite) = watcher.next().await {
        read(&mut states, bite.entry());
    }
    states.pop().unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_watchers_see_the_same() {
    let world = World::new(long_answer());
    let ids = world.start().await;
    let one = tokio::spawn(all(world.watch(ids.turn, 0).await));
    let other = tokio::spawn(all(world.watch(ids.turn, 0).await));
    let one = one.await.unwrap();
    assert_eq!(one, other.await.unwrap());
    assert!(one.len() > 300, "text came in {} events", one.len());
}

#[tokio::test(start_paused = true)]
async fn watchers_at_one_position_share_one_encoding() {
    let world = World::new([text("a"), Beat::Wait(50), text("b"), Beat::Hang]);
    let ids = world.start().await;
    let mut one = world.watch(ids.turn, 0).await;
    let mut other = world.watch(ids.turn, 0).await;
    for _ in 0..3 {
        let (one, other) = tokio::join!(one.next(), other.next());
        let (one, other) = (one.unwrap().sse(), other.unwrap().sse());
        assert_eq!(one.as_ptr(), other.as_ptr());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_watcher_takes_bigger_bites_under_the_last_number() {
    let mut script = vec![thinking("m"), Beat::Wait(50), thinking("n"), Beat::Wait(50)];
    for letter in ["a", "b", "c", "d"] {
        script.extend([text(letter), Beat::Wait(50)]);
    }
    script.extend([
        tool(0, None, "{"),
        text("e"),
        Beat::Wait(50),
        text("f"),
        finished(),
    ]);
    let world = World::new(script);
    let ids = world.start().await;
    let mut slow = world.watch(ids.turn, 1).await;
    assert_eq!(slow.next().await.unwrap().id(), 2);
    pass(10_000).await;
    let rest = all(slow).await;
    assert_eq!(
        in_short(&rest),
        [
            "thinking:n",
            "text:abcd",
            "tool:0:{",
            "text:ef",
            "finished:stop"
        ]
    );
    let numbers: Vec<_> = rest.iter().map(|entry| entry.id).collect();
    assert_eq!(numbers, [3, 7, 8, 10, 11]);
    // In the middle of what was one bite for somebody else.
    let rest = world.all(ids.turn, 5).await;
    assert_eq!(in_short(&rest)[0], "text:cd");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_next_that_was_dropped_has_lost_nothing() {
    let world = World::new(long_answer());
    let ids = world.start().await;
    let mut watcher = world.watch(ids.turn, 0).await;
    let mut seen = Vec::new();
    loop {
        tokio::select! {
            biased;
            bite = watcher.next() => match bite {
                Some(bite) => seen.push(bite.entry().clone()),
                None => break,
            },
            () = pass(3) => {}
        }
    }
    assert_eq!(fold(&seen).text, world.stored(ids.turn).await.text);
}

#[tokio::test(start_paused = true)]
async fn a_page_drawn_in_the_middle_goes_on_exactly_there() {
    let world = World::new(long_answer());
    let ids = world.start().await;
    let mut pages = Vec::new();
    for _ in 0..20 {
        pass(173).await;
        let conversation = world.engine.conversation(ids.conversation).await.unwrap();
        let drawn = conversation.messages.last().unwrap();
        let drawn = Transcript {
            last: drawn.last_event,
            text: drawn.text.clone(),
            thinking: drawn.thinking.clone(),
            tools: drawn.tools.clone(),
            ..Transcript::default()
        };
        let watcher = world.watch(ids.turn, drawn.last).await;
        pages.push((drawn, tokio::spawn(all(watcher))));
    }
    let whole = fold(&world.all(ids.turn, 0).await);
    for (mut page, rest) in pages {
        for entry in rest.await.unwrap() {
            assert!(entry.id > page.last);
            page.apply(&entry);
        }
        assert_eq!(
            (&page.text, &page.thinking, &page.tools, page.last),
            (&whole.text, &whole.thinking, &whole.tools, whole.last)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn long_after_the_end_the_stored_message_serves() {
    let world = World::new([
        thinking("m"),
        text("ab"),
        tool(3, Some("look"), "{}"),
        finished(),
    ]);
    let ids = world.start().await;
    let seen = world.all(ids.turn, 0).await;
    let end = seen.last().unwrap().id;
    pass(299_000).await;
    assert_eq!(
        world.all(ids.turn, 0).await,
        seen,
        "the log is kept for five minutes"
    );
    pass(2_000).await;

    let late = world.all(ids.turn, 0).await;
    assert_eq!(
        in_short(&late),
        ["thinking:m", "tool:3:{}", "replace:0:ab", "finished:stop"]
    );
    assert!(late[0].id > end);
    let (then, now) = (fold(&seen), fold(&late));
    assert_eq!(
        (&then.text, &then.thinking, &then.tools, &then.ending),
        (&now.text, &now.thinking, &now.tools, &now.ending)
    );
    // Who had seen a part is not shown thinking twice.
    let rest = world.all(ids.turn, 3).await;
    assert_eq!(in_short(&rest), ["replace:0:ab", "finished:stop"]);
    // Who had seen the end has nothing more to see.
    for after in [end, end + 1, u64::MAX] {
        assert_eq!(world.all(ids.turn, after).await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_turn_is_not_found() {
    let world = World::new([]);
    let unknown = TurnId(uuid::Uuid::now_v7());
    let problem = world.engine.watch(unknown, 0).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NotFound);
}
