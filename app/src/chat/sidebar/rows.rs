//! The list of conversations as rows: the pinned ones, the folders, then the
//! rest under the days a person would name.

use std::collections::BTreeSet;

use protocol::{ConversationId, ConversationSummary};

use super::super::shelf;

const DAY_MS: i64 = 86_400_000;

/// A row of the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// What the rows below have in common.
    Heading(String),
    /// A folder; its conversations follow where it is open.
    Folder(String),
    /// That all conversations of the folder above are pinned.
    AllPinned(String),
    /// A conversation, perhaps one of the folder above.
    Conversation(ConversationSummary, bool),
}

impl Row {
    /// What tells this row from the others, and from itself before a change
    /// that draws it anew.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Heading(label) => format!("heading {label}"),
            Self::Folder(name) => format!("folder {name}"),
            Self::AllPinned(name) => format!("pinned {name}"),
            Self::Conversation(it, filed) => {
                format!("{} {filed} {} {}", it.id, it.temporary, it.title)
            }
        }
    }
}

/// What is to be listed.
pub(super) struct Wanted<'a> {
    /// Whether it is the archive.
    pub(super) archive: bool,
    /// The folders that are closed.
    pub(super) closed: &'a BTreeSet<String>,
    /// Now and the offset from UTC, in milliseconds.
    pub(super) clock: (i64, i64),
    /// How many rows at most.
    pub(super) limit: usize,
}

/// The rows, and whether there are more of them than the limit.
pub(super) fn rows(all: &[ConversationSummary], wanted: &Wanted<'_>) -> (Vec<Row>, bool) {
    let listed = || all.iter().filter(|it| it.archived == wanted.archive);
    let mut rows = Vec::new();
    // A few rows too many are cheaper than looking at each.
    let is_full = |rows: &Vec<Row>| rows.len() > wanted.limit;
    if wanted.archive {
        add_days(&mut rows, listed(), wanted);
    } else {
        let mut pinned = listed().filter(|it| it.pinned).peekable();
        if pinned.peek().is_some() {
            rows.push(Row::Heading("Pinned".to_owned()));
            rows.extend(pinned.map(|it| Row::Conversation(it.clone(), false)));
        }
        for name in shelf::folders(all) {
            if is_full(&rows) {
                break;
            }
            let is_inside = |it: &&ConversationSummary| it.folder.as_ref() == Some(&name);
            let mut inside = listed().filter(is_inside).peekable();
            if inside.peek().is_none() {
                continue;
            }
            rows.push(Row::Folder(name.clone()));
            if wanted.closed.contains(&name) {
                continue;
            }
            let mut others = inside.filter(|it| !it.pinned).peekable();
            if others.peek().is_none() {
                rows.push(Row::AllPinned(name.clone()));
            }
            rows.extend(others.map(|it| Row::Conversation(it.clone(), true)));
        }
        let rest = listed().filter(|it| !it.pinned && it.folder.is_none());
        add_days(&mut rows, rest, wanted);
    }
    let has_more = rows.len() > wanted.limit;
    rows.truncate(wanted.limit);
    if matches!(rows.last(), Some(Row::Heading(_))) {
        rows.pop();
    }
    (rows, has_more)
}

fn add_days<'a>(
    rows: &mut Vec<Row>,
    conversations: impl Iterator<Item = &'a ConversationSummary>,
    wanted: &Wanted<'_>,
) {
    let (now_ms, offset_ms) = wanted.clock;
    let mut day = String::new();
    for summary in conversations {
        if rows.len() > wanted.limit {
            return;
        }
        let label = day_label(summary.updated_ms, now_ms, offset_ms);
        if label != day {
            day.clone_from(&label);
            rows.push(Row::Heading(label));
        }
        rows.push(Row::Conversation(summary.clone(), false));
    }
}

/// All conversations that the list has, in its order, drawn yet or not.
pub(super) fn listed(all: &[ConversationSummary], wanted: &Wanted<'_>) -> Vec<ConversationId> {
    let (rows, _) = rows(
        all,
        &Wanted {
            limit: usize::MAX,
            ..*wanted
        },
    );
    let ids = rows.into_iter().filter_map(|row| match row {
        Row::Conversation(summary, _) => Some(summary.id),
        _ => None,
    });
    ids.collect()
}

/// "Today", "Yesterday", "Last 7 days", "Last 30 days", then month and year.
fn day_label(at_ms: i64, now_ms: i64, offset_ms: i64) -> String {
    let day = |ms: i64| (ms + offset_ms).div_euclid(DAY_MS);
    match day(now_ms) - day(at_ms) {
        ..=0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        2..=7 => "Last 7 days".to_owned(),
        8..=30 => "Last 30 days".to_owned(),
        _ => month_label(day(at_ms)),
    }
}

/// Month and year of a day counted from 1970-01-01, by Howard Hinnant's
/// `civil_from_days`.
fn month_label(day: i64) -> String {
    const MONTHS: [&str; 12] = [
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "January",
        "February",
    ];
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    format!("{} {year}", MONTHS[month as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 00:00 UTC.
    const NOW_MS: i64 = 1_795_219_200_000;

    fn summary(number: u128, title: &str, age_days: i64) -> ConversationSummary {
        ConversationSummary {
            id: ConversationId::from_random_bytes(number.to_be_bytes()),
            title: title.to_owned(),
            updated_ms: NOW_MS - age_days * DAY_MS,
            pinned: false,
            archived: false,
            folder: None,
            temporary: false,
        }
    }

    /// The rows as lines: headings as they are, folders with a slash, what is
    /// in them after two spaces.
    fn lines(rows: Vec<Row>) -> Vec<String> {
        let line = |row| match row {
            Row::Heading(label) => label,
            Row::Folder(name) => name + "/",
            Row::AllPinned(_) => "  (all pinned)".to_owned(),
            Row::Conversation(summary, true) => format!("  {}", summary.title),
            Row::Conversation(summary, false) => format!("- {}", summary.title),
        };
        rows.into_iter().map(line).collect()
    }

    fn drawn(
        all: &[ConversationSummary],
        archive: bool,
        closed: &[&str],
        limit: usize,
    ) -> (Vec<String>, bool) {
        let closed = closed.iter().map(|&name| name.to_owned()).collect();
        let wanted = Wanted {
            archive,
            closed: &closed,
            clock: (NOW_MS, 0),
            limit,
        };
        let (rows, has_more) = rows(all, &wanted);
        (lines(rows), has_more)
    }

    fn some() -> Vec<ConversationSummary> {
        let mut all: Vec<_> = ["one", "two", "three", "four", "five", "six"]
            .iter()
            .zip(0..)
            .map(|(title, at)| summary(at as u128 + 1, title, at))
            .collect();
        all[1].folder = Some("water".to_owned());
        all[2].folder = Some("Air".to_owned());
        all[3].folder = Some("Air".to_owned());
        all[3].pinned = true;
        all[4].archived = true;
        all
    }

    #[test]
    fn pinned_ones_come_first_then_folders_then_days() {
        let (rows, has_more) = drawn(&some(), false, &[], 100);
        assert_eq!(
            rows,
            [
                "Pinned",
                "- four",
                "Air/",
                "  three",
                "water/",
                "  two",
                "Today",
                "- one",
                "Last 7 days",
                "- six"
            ]
        );
        assert!(!has_more);
        let (rows, _) = drawn(&some(), true, &[], 100);
        assert_eq!(rows, ["Last 7 days", "- five"]);
    }

    #[test]
    fn a_closed_folder_hides_its_conversations_and_one_of_pinned_ones_says_so() {
        let mut all = some();
        all[1].pinned = true;
        let (rows, _) = drawn(&all, false, &["Air"], 100);
        assert_eq!(
            rows,
            [
                "Pinned",
                "- two",
                "- four",
                "Air/",
                "water/",
                "  (all pinned)",
                "Today",
                "- one",
                "Last 7 days",
                "- six"
            ]
        );
    }

    #[test]
    fn no_more_rows_are_drawn_than_wanted_and_no_heading_stands_alone() {
        let (rows, has_more) = drawn(&some(), false, &[], 9);
        assert_eq!(rows.last().map(String::as_str), Some("- one"));
        assert!(has_more);
        let (rows, has_more) = drawn(&some(), false, &[], 10);
        assert_eq!((rows.len(), has_more), (10, false));
        for limit in 1..10 {
            assert!(drawn(&some(), false, &[], limit).1, "{limit}");
        }
    }

    #[test]
    fn what_is_listed_is_in_the_order_of_the_rows() {
        let all = some();
        let closed = BTreeSet::from(["water".to_owned()]);
        let wanted = Wanted {
            archive: false,
            closed: &closed,
            clock: (NOW_MS, 0),
            limit: 1,
        };
        let expected = [3, 2, 0, 5].map(|at: usize| all[at].id);
        assert_eq!(listed(&all, &wanted), expected);
    }

    #[test]
    fn days_have_the_names_a_person_would_use() {
        let label = |ago_ms: i64, offset: i64| day_label(NOW_MS - ago_ms, NOW_MS, offset);
        assert_eq!(label(-1, 0), "Today");
        assert_eq!(label(1, 0), "Yesterday");
        assert_eq!(label(1, -3_600_000), "Today");
        assert_eq!(label(3 * DAY_MS, 0), "Last 7 days");
        assert_eq!(label(20 * DAY_MS, 0), "Last 30 days");
        assert_eq!(label(300 * DAY_MS, 0), "January 2026");
        assert_eq!(label(330 * DAY_MS, 0), "December 2025");
        assert_eq!(label(265 * DAY_MS, 0), "March 2026");
        assert_eq!(label(267 * DAY_MS, 0), "February 2026");
    }
}
