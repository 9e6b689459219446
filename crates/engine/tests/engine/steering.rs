use gateway::Step;
use protocol::{MessageState, Problem, ProblemKind, Settings, StopPhrase, api::StartTurn};

use crate::{
    upstream::{Beat, finished, text, thinking},
    world::{World, all, ask, fold, in_short, pass},
};

fn until(phrases: &[&str], keep_stop: bool) -> StartTurn {
    StartTurn {
        settings: Settings {
            stop: phrases.iter().map(|&it| it.to_owned()).collect(),
            keep_stop,
            ..Settings::default()
        },
        ..ask("Why?")
    }
}

/// What watchers see, and the phrase that is told; what is stored must agree.
async fn check(script: Vec<Beat>, request: StartTurn, seen: &[&str], met: Option<(&str, u64)>) {
    let world = World::new(script);
    let ids = world.engine.start(request).await.unwrap();
    let entries = world.all(ids.turn, 1).await;
    assert_eq!(in_short(&entries), seen);
    assert_eq!(world.upstream.open(), 0, "the upstream is still open");
    let told = fold(&entries);
    let statistics = told.ending.unwrap().statistics;
    let met = met.map(|(phrase, at)| StopPhrase {
        phrase: phrase.to_owned(),
        at,
    });
    assert_eq!(statistics.stop_phrase, met);
    assert_eq!(statistics.characters, told.text.chars().count() as u64);
    let stored = world.stored(ids.turn).await;
    assert_eq!((stored.text, stored.state), (told.text, told.state));
    assert_eq!(stored.statistics.unwrap().stop_phrase, met);
}

fn say(pieces: &[&str]) -> Vec<Beat> {
    let spaced = pieces
        .iter()
        .flat_map(|piece| [text(piece), Beat::Wait(50)]);
    spaced.chain([Beat::Hang]).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_where_a_phrase_is_complete_and_the_phrase_is_cut() {
    let end = "stopped:stop phrase";
    for pieces in [
        &["wörds THE END and more"][..],
        &["wörds ", "THE", " ", "EN", "D and more"],
        &[
            "w", "ö", "r", "d", "s", " ", "T", "H", "E", " ", "E", "N", "D",
        ],
    ] {
        let script = say(pieces);
        let request = until(&["never", "THE END"], false);
        let world = World::new(script);
        let ids = world.engine.start(request).await.unwrap();
        let entries = world.all(ids.turn, 1).await;
        let told = fold(&entries);
        assert_eq!(told.text, "wörds ", "{pieces:?}");
        assert_eq!(in_short(&entries).last().unwrap(), end);
        let met = told.ending.unwrap().statistics.stop_phrase.unwrap();
        assert_eq!((met.phrase.as_str(), met.at), ("THE END", 6));
        assert_eq!(world.upstream.open(), 0);
    }
    let met = Some(("END", 2));
    check(
        say(&["a EN", "Dx"]),
        until(&["END"], false),
        &["text:a ", end],
        met,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_phrase_that_is_kept_delays_nothing() {
    let seen = ["text:a EN", "text:D", "stopped:stop phrase"];
    let world = World::new(say(&["a EN", "Dx"]));
    let ids = world.engine.start(until(&["END"], true)).await.unwrap();
    let mut watcher = world.watch(ids.turn, 1).await;
    let first = watcher.next().await.unwrap();
    assert_eq!(in_short(&[first.entry().clone()]), [seen[0]]);
    let rest = all(watcher).await;
    assert_eq!(in_short(&rest), seen[1..]);
    let stored = world.stored(ids.turn).await;
    assert_eq!(stored.text, "a END");
    assert_eq!(stored.reason.as_deref(), Some("stop phrase"));
    assert_eq!(stored.statistics.unwrap().stop_phrase.unwrap().at, 2);
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_to_be_no_phrase_is_shown() {
    let request = || until(&["END."], false);
    let mut script = vec![text("a E"), Beat::Wait(50), text("ND"), Beat::Wait(50)];
    script.push(text("!"));
    let mismatch = [script.clone(), vec![Beat::Wait(50), finished()]].concat();
    let seen = ["text:a ", "text:END!", "finished:stop"];
    check(mismatch, request(), &seen, None).await;
    // Whatever else ends the answer releases it.
    script.pop();
    let ended = [script.clone(), vec![finished()]].concat();
    let seen = ["text:a ", "text:END", "finished:stop"];
    check(ended, request(), &seen, None).await;
    let failure = Problem::new(ProblemKind::Overloaded, "Too much.");
    let failed = [script.clone(), vec![Beat::Say(Step::Failed(failure))]].concat();
    let seen = ["text:a ", "text:END", "failed:overloaded"];
    check(failed, request(), &seen, None).await;
    let seen = ["text:a ", "text:END", "failed:cut_off"];
    check(
        [script.clone(), vec![Beat::Vanish]].concat(),
        request(),
        &seen,
        None,
    )
    .await;
    let seen = ["text:a ", "text:END", "failed:internal"];
    check(
        [script.clone(), vec![Beat::Panic]].concat(),
        request(),
        &seen,
        None,
    )
    .await;
    // What was held back had not been shown when Stop was pressed.
    let world = World::new([script, vec![Beat::Hang]].concat());
    let ids = world.engine.start(request()).await.unwrap();
    pass(500).await;
    world.stop(ids.turn, None).await;
    assert_eq!(world.stored(ids.turn).await.text, "a ");
}

#[tokio::test(start_paused = true)]
async fn only_the_text_is_looked_at_and_what_replaces_it() {
    let replace = |keep, text: &str| {
        Beat::Say(Step::Replace {
            keep,
            text: text.to_owned(),
        })
    };
    let script = vec![thinking("END"), text("ä ENX"), replace(4, "D."), Beat::Hang];
    let seen = [
        "thinking:END",
        "text:ä ENX",
        "replace:2:",
        "stopped:stop phrase",
    ];
    check(script, until(&["END"], false), &seen, Some(("END", 2))).await;
    // What is held back is not there to be taken back.
    let script = vec![text("ä EN"), replace(3, "at"), Beat::Wait(50), finished()];
    let seen = ["text:ä ", "text:Eat", "finished:stop"];
    check(script, until(&["END"], false), &seen, None).await;
}

#[tokio::test(start_paused = true)]
async fn a_phrase_ends_the_upstream_while_the_turn_is_stored() {
    let world = World::new([text("a END"), Beat::Hang]);
    world
        .store
        .slow_begin
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let starting = world.engine.start(until(&["END"], false));
    let open = async {
        pass(500).await;
        world.upstream.open()
    };
    let (started, open) = tokio::join!(starting, open);
    assert_eq!(open, 0);
    let turn = started.unwrap().turn;
    world.all(turn, 0).await;
    let stored = world.stored(turn).await;
    assert_eq!(
        (stored.state, stored.text.as_str()),
        (MessageState::Stopped, "a ")
    );
    assert_eq!(stored.statistics.unwrap().attempts, 1, "it was made");
}

#[tokio::test(start_paused = true)]
async fn the_model_is_told_how_to_ask_but_not_of_the_phrases() {
    let world = World::new([finished()]);
    let mut request = until(&["END"], true);
    request.settings.top_p = Some(0.5);
    world.engine.start(request).await.unwrap();
    let requests = world.upstream.requests.lock().unwrap();
    let params = &requests[0].ask.params;
    assert_eq!(params.top_p, Some(0.5));
    assert!(params.stop.is_empty());
    assert!(requests[0].options.begun.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_end_behind_which_nothing_was_held_back_is_no_chunk() {
    let world = World::new([text("a"), Beat::Wait(50), text("b"), finished()]);
    let ids = world.engine.start(until(&["END"], false)).await.unwrap();
    world.all(ids.turn, 0).await;
    let statistics = world.stored(ids.turn).await.statistics.unwrap();
    assert_eq!(statistics.chunks, 2);
}
