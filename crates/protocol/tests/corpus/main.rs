//! Replays the seeds of the fuzz target `sse` as an ordinary test.

mod property;

use std::path::Path;

#[test]
fn every_seed_keeps_the_property() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sse");
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
