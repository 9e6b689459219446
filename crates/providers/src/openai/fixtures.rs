//! The recordings in `fixtures/openai`, each beside a snapshot of our deltas.
//! Adding a case means adding a file; a new snapshot is written with
//! `INSTA_UPDATE=always` and then read.

use std::{collections::VecDeque, path::Path};

use proptest::prelude::*;

use super::property::{self, is_terminal, read, reader};
use crate::{Delta, Error};

fn shown(items: &[Result<Delta, Error>]) -> String {
    let line = |item: &_| match item {
        Ok(delta) => format!("{delta:?}\n"),
        Err(Error {
            kind,
            message,
            code,
            ..
        }) => format!("Err {kind:?} {code:?}: {message}\n"),
    };
    items.iter().map(line).collect()
}

fn check(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let whole = read([bytes.as_slice()]);
    let name = path.file_stem().unwrap().to_str().unwrap();
    insta::with_settings!({
        snapshot_path => "../../fixtures/openai",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, shown(&whole)) });
    let ends = whole.iter().filter(|item| is_terminal(item)).count();
    assert_eq!(ends, 1, "{name} has one terminal");
    assert!(is_terminal(whole.last().unwrap()), "{name} ends with it");
    for at in 0..=bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(read([before, after]), whole, "{name} split at byte {at}");
    }
    assert_eq!(read(bytes.chunks(1)), whole, "{name} byte by byte");
}

#[test]
fn each_recording_gives_its_deltas_however_it_is_split() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openai");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sse") {
            check(&path);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn every_seed_of_the_fuzzer_keeps_its_property() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/openai");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            println!("{}", path.display());
            property::check(&std::fs::read(path).unwrap());
            seen += 1;
        }
    }
    assert!(seen > 0, "the seeds are missing");
}

#[test]
fn an_endless_event_or_document_is_refused() {
    for begin in ["data: ", "{", ": "] {
        let mut reader = reader();
        let mut out = VecDeque::new();
        let mut read = reader.push(begin.as_bytes(), &mut out);
        let mut pushed = 0;
        while read.is_ok() && pushed < 100 {
            read = reader.push(&[b'a'; 1 << 16], &mut out);
            pushed += 1;
        }
        let error = read.unwrap_err();
        assert_eq!(error.kind, protocol::ProblemKind::Malformed, "{begin}");
        assert!(pushed <= 17, "{begin} was read for {pushed} parts");
    }
}

/// Bytes that are often almost a stream.
fn almost_a_stream() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec![
            "data: ",
            "\n\n",
            "\r",
            ": ping\n\n",
            "event: error\n",
            "data: [DONE]\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
            "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":4294967295}]}}]}\n\n",
            "data: {\"error\":\"no\"}\n\n",
            "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}",
            "{\"a\":",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..20)
}

proptest! {
    #[test]
    fn any_bytes_end_in_exactly_one_terminal(parts in almost_a_stream()) {
        let items = read(parts.iter().map(Vec::as_slice));
        prop_assert_eq!(items.iter().filter(|item| is_terminal(item)).count(), 1);
        prop_assert!(is_terminal(items.last().unwrap()));
        prop_assert_eq!(read([parts.concat().as_slice()]), items);
    }
}
