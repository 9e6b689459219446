//! All conversations as Markdown in a ZIP.

use std::io::{Cursor, Read};

use exchange::MarkdownArchive;
use zip::ZipArchive;

use crate::round_trip::simple;

#[test]
fn each_conversation_is_a_file_of_its_own() {
    let mut archive = MarkdownArchive::new(Vec::new());
    let titles = [
        "Tides",
        "tides",
        "Tides (2)",
        "../../etc/passwd",
        "日本語",
        "CON",
        "Tides",
        "",
    ];
    for title in titles {
        archive.conversation(&simple(title)).unwrap();
    }
    let bytes = archive.finish().unwrap();
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<_> = (0..zip.len())
        .map(|index| zip.name_for_index(index).unwrap().unwrap().into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "Tides.md",
            "tides (2).md",
            "Tides (2) (2).md",
            "etc-passwd.md",
            "日本語.md",
            "_CON.md",
            "Tides (3).md",
            "Conversation.md",
        ]
    );
    let mut file = zip.by_name("日本語.md").unwrap();
    let changed = file.last_modified().unwrap();
    assert_eq!(
        (changed.year(), changed.month(), changed.day()),
        (2023, 11, 14)
    );
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("# 日本語\n"), "{text}");
}

#[test]
fn nothing_is_an_archive_too() {
    let bytes = MarkdownArchive::new(Vec::new()).finish().unwrap();
    assert_eq!(ZipArchive::new(Cursor::new(bytes)).unwrap().len(), 0);
}
