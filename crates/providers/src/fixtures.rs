//! The recordings in `fixtures/`, a folder for each format, each beside a
//! snapshot of our deltas.
//! Adding a case means adding a file; a new snapshot is written with
//! `INSTA_UPDATE=always` and then read.

use std::{collections::VecDeque, path::Path};

use proptest::prelude::*;

use crate::{
    Delta, Error, Format,
    property::{self, is_terminal, read, reader},
};

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

fn check(format: Format, path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let whole = read(format, [bytes.as_slice()]);
    let name = path.file_stem().unwrap().to_str().unwrap();
    insta::with_settings!({
        snapshot_path => Path::new("../fixtures").join(format.as_str()),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, shown(&whole)) });
    let ends = whole.iter().filter(|item| is_terminal(item)).count();
    assert_eq!(ends, 1, "{name} has one terminal");
    assert!(is_terminal(whole.last().unwrap()), "{name} ends with it");
    for at in 0..=bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(
            read(format, [before, after]),
            whole,
            "{name} split at byte {at}"
        );
    }
    assert_eq!(read(format, bytes.chunks(1)), whole, "{name} byte by byte");
}

#[test]
fn each_recording_gives_its_deltas_however_it_is_split() {
    for format in Format::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(format.as_str());
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_recording = |it: &std::ffi::OsStr| it == "sse" || it == "ndjson" || it == "json";
            if path.extension().is_some_and(is_recording) {
                check(format, &path);
                seen += 1;
            }
        }
        assert!(seen > 0, "{format:?} has no recordings");
    }
}

#[test]
fn every_seed_of_the_fuzzers_keeps_its_property() {
    for format in Format::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz/corpus")
            .join(format.as_str());
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                println!("{}", path.display());
                property::check(format, &std::fs::read(path).unwrap());
                seen += 1;
            }
        }
        assert!(seen > 0, "the seeds of {format:?} are missing");
    }
}

#[test]
fn an_endless_event_or_document_is_refused() {
    for (format, begin, most) in [
        (Format::OpenAi, "data: ", 17),
        (Format::OpenAi, ": ", 17),
        (Format::Gemini, "data: ", 17),
        (Format::Ollama, "{", 17),
        (Format::OpenAi, "{", 513),
    ] {
        let mut reader = reader(format);
        let mut out = VecDeque::new();
        let mut read = reader.push(begin.as_bytes(), &mut out);
        let mut pushed = 0;
        while read.is_ok() && pushed < 1_000 {
            read = reader.push(&[b'a'; 1 << 16], &mut out);
            pushed += 1;
        }
        let error = read.unwrap_err();
        assert_eq!(error.kind, protocol::ProblemKind::Malformed, "{begin}");
        assert!(pushed <= most, "{begin} was read for {pushed} parts");
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
            "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
            "data: {\"type\":\"message_stop\"}\n\n",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n",
            "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n",
            "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n",
            "{\"message\":{\"content\":\"a\"},\"done\":false}\n",
            "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n",
            "data: {\"type\":\"from_the_future\"}\n\n",
            "{\"a\":",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..20)
}

proptest! {
    #[test]
    fn any_bytes_end_in_exactly_one_terminal(parts in almost_a_stream()) {
        for format in Format::ALL {
            let items = read(format, parts.iter().map(Vec::as_slice));
            prop_assert_eq!(items.iter().filter(|item| is_terminal(item)).count(), 1);
            prop_assert!(is_terminal(items.last().unwrap()));
            prop_assert_eq!(read(format, [parts.concat().as_slice()]), items);
        }
    }
}
