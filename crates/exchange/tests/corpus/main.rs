//! Replays the seeds of the fuzz target `import`, and the fixtures, as an
//! ordinary test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod property;

use std::path::Path;

use proptest::prelude::*;

#[test]
fn every_seed_keeps_the_property() {
    let mut seen = 0;
    for folder in ["../../fuzz/corpus/import", "fixtures"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                println!("{}", path.display());
                property::check(&std::fs::read(path).unwrap());
                seen += 1;
            }
        }
    }
    assert!(seen > 3, "the seeds are missing");
}

/// A change of a file: where, how many bytes go, and what comes instead.
type Change = (prop::sample::Index, usize, Vec<u8>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let instead = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            "\"", "{", "}", "[", "]", ",", "null", "-1", "\\u0000", "NaN"
        ])
        .prop_map(|it| it.as_bytes().to_vec()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, instead), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_damaged_fixture_keeps_the_property(file in 0usize..4, changes in changes()) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(folder.join([
            "fixtures/chatgpt.json",
            "fixtures/open_webui.json",
            "fixtures/rivulet.json",
            "../../fuzz/corpus/import/chatgpt.zip",
        ][file])).unwrap();
        for (at, gone, instead) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + gone).min(bytes.len());
            bytes.splice(at..end, instead);
        }
        property::check(&bytes);
    }
}

#[test]
fn every_beginning_of_a_fixture_keeps_the_property() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for end in (0..bytes.len()).step_by(61) {
            property::check(&bytes[..end]);
        }
    }
}
