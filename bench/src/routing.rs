//! How well the difficulty score tells which questions a strong model is worth
//! paying for.
//!
//! The measure is RouteLLM's APGR. Questions are ranked by a score and the
//! hardest share of them goes to the strong model; the quality gained with it,
//! as a part of what sending all of them gains, is averaged over all shares
//! from none to all. A random order has 0.5. The best possible order has more
//! than 1, since it keeps from the strong model what only the weak one knows.

use std::{
    collections::HashSet,
    hint::black_box,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use gateway::difficulty::difficulty;
use serde::Deserialize;

use crate::{
    report::{Report, Row},
    world::root,
};

/// Scores every question this many times to time it.
const ROUNDS: usize = 5;
/// How many words make an opening; questions of one template share theirs.
const OPENING: usize = 4;

/// A question, and which models answered it rightly.
#[derive(Deserialize)]
struct Question {
    /// `group/subject`, or the group alone.
    task: String,
    prompt: String,
    weak: u8,
    strong: u8,
}

/// The questions in `data`, or in the shared data beside the checkout.
///
/// # Errors
/// When the file is there and is not such a table.
pub(crate) fn run(data: Option<PathBuf>) -> Result<Report> {
    let path = data.unwrap_or_else(|| root().join("../shared/data/routing_dev.csv"));
    if !path.exists() {
        return Ok(Report::new(format!(
            "Skipped: there is no {}; --routing-data or ROUTING_DATA names another.",
            path.display()
        )));
    }
    let questions = read(&path).with_context(|| format!("{} could not be read", path.display()))?;
    let lines: Vec<_> = parts(&questions)
        .iter()
        .flat_map(|(name, part)| lines(name, part))
        .collect();
    let mut report = Report::new(format!(
        "{} questions that a weak and a strong model answered. Ranked by a score, the area under \
         the quality gained (APGR): 0.5 is random. The score was tuned on the tuning part alone; \
         new openings are held-out questions that share their first {OPENING} words with none of \
         the tuning part. ± is the standard error of the difference from length.\n\n{}",
        questions.len(),
        table(&lines)
    ));
    let row = Row::new("the score of a question", "µs", time(&questions));
    report.add(row.at_most(50.0));
    Ok(report)
}

fn read(path: &Path) -> Result<Vec<Question>> {
    let questions: Result<_, _> = csv::Reader::from_path(path)?.deserialize().collect();
    Ok(questions?)
}

/// The parts of the questions, with their names.
fn parts(questions: &[Question]) -> Vec<(&'static str, Vec<&Question>)> {
    let (held_out, tuning): (Vec<_>, Vec<_>) =
        questions.iter().partition(|it| is_held_out(&it.prompt));
    let openings: HashSet<_> = tuning.iter().map(|it| opening(&it.prompt)).collect();
    let new = held_out.iter().copied();
    let new = new.filter(|it| !openings.contains(&opening(&it.prompt)));
    let new = new.collect();
    vec![
        ("every question", questions.iter().collect()),
        ("tuning part", tuning),
        ("held-out part", held_out),
        ("held-out, new openings", new),
    ]
}

/// Whether a question is in the three tenths kept from tuning.
fn is_held_out(prompt: &str) -> bool {
    fnv_1a(prompt) % 10 < 3
}

fn fnv_1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, it| {
        (hash ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn opening(prompt: &str) -> String {
    let words = prompt.split_whitespace().take(OPENING);
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// One line of the table.
struct Line {
    part: &'static str,
    group: String,
    questions: usize,
    length: f64,
    rivulet: f64,
    /// The standard error of the difference of the two.
    error: f64,
    oracle: f64,
}

/// A line for each group of a part, and one for all of it.
fn lines(part: &'static str, questions: &[&Question]) -> Vec<Line> {
    let mut groups: Vec<(&str, Vec<&Question>)> = Vec::new();
    for question in questions {
        let (group, _) = question
            .task
            .split_once('/')
            .unwrap_or((&question.task, ""));
        match groups.iter_mut().find(|it| it.0 == group) {
            Some((_, questions)) => questions.push(question),
            None => groups.push((group, vec![question])),
        }
    }
    groups.push(("all", questions.to_vec()));
    let lines = groups.iter();
    let lines = lines.map(|(group, questions)| line(part, group, questions));
    lines.collect()
}

fn line(part: &'static str, group: &str, questions: &[&Question]) -> Line {
    let gains: Vec<_> = questions.iter().map(|it| it.gain()).collect();
    let ranked = |score: &dyn Fn(&Question) -> f64| {
        shares(&questions.iter().map(|it| score(it)).collect::<Vec<_>>())
    };
    let length = ranked(&|it| it.prompt.split_whitespace().count() as f64);
    let rivulet = ranked(&|it| f64::from(difficulty(&it.prompt)));
    Line {
        part,
        group: group.to_owned(),
        questions: questions.len(),
        length: apgr(&gains, &length),
        rivulet: apgr(&gains, &rivulet),
        error: error_of_difference(&gains, &length, &rivulet),
        oracle: apgr(&gains, &ranked(&Question::gain)),
    }
}

impl Question {
    /// What the strong model gains: 1, 0 or -1.
    fn gain(&self) -> f64 {
        f64::from(self.strong) - f64::from(self.weak)
    }
}

/// For each question, for what part of the shares from none to all it goes to
/// the strong model. Equal scores are in random order, so that each of them has
/// their mean.
fn shares(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut shares = vec![0.0; scores.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let middle = before as f64 + equal.len() as f64 / 2.0;
        for &at in equal {
            shares[at] = 1.0 - middle / scores.len() as f64;
        }
        before += equal.len();
    }
    shares
}

/// The area under the quality gained, as a part of what all gain: a question
/// adds its gain for every share with which it is sent.
fn apgr(gains: &[f64], shares: &[f64]) -> f64 {
    let gained: f64 = gains.iter().zip(shares).map(|(gain, it)| gain * it).sum();
    gained / gains.iter().sum::<f64>()
}

/// The standard error of the difference of two APGRs on the same questions.
fn error_of_difference(gains: &[f64], a: &[f64], b: &[f64]) -> f64 {
    let difference = apgr(gains, b) - apgr(gains, a);
    let residues = gains.iter().zip(a.iter().zip(b));
    let squares: f64 = residues
        .map(|(gain, (a, b))| (gain * (b - a - difference)).powi(2))
        .sum();
    squares.sqrt() / gains.iter().sum::<f64>().abs()
}

fn table(lines: &[Line]) -> String {
    let mut table = format!(
        "| {:<22} | {:<6} | {:>9} | random | length | Rivulet |     ± | oracle |\n\
         | {:-<22} | {:-<6} | {:-<9} | ------ | ------ | ------- | ----- | ------ |",
        "part", "group", "questions", "", "", ""
    );
    for line in lines {
        let Line {
            part,
            group,
            questions,
            length,
            rivulet,
            error,
            oracle,
        } = line;
        table += &format!(
            "\n| {part:<22} | {group:<6} | {questions:>9} |  0.500 |  {length:.3} | \
             \x20 {rivulet:.3} | {error:.3} |  {oracle:.3} |"
        );
    }
    table
}

/// Microseconds for a score, as a mean over the questions.
fn time(questions: &[Question]) -> f64 {
    let started = Instant::now();
    for _ in 0..ROUNDS {
        for question in questions {
            black_box(difficulty(black_box(&question.prompt)));
        }
    }
    started.elapsed().as_secs_f64() * 1e6 / (ROUNDS * questions.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_worth_what_it_gains_early() {
        let gains = [1.0, 0.0, -1.0, 1.0, 1.0];
        let check = |scores: [f64; 5], expected: f64| {
            let found = apgr(&gains, &shares(&scores));
            assert!((found - expected).abs() < 1e-9, "{found}");
        };
        check([7.0; 5], 0.5);
        check(gains, 1.0);
        check([-1.0, 0.0, 1.0, -1.0, -1.0], 0.0);
        check([5.0, 4.0, 3.0, 2.0, 1.0], 0.4);
    }

    #[test]
    fn a_score_does_not_differ_from_itself() {
        let gains = [1.0, 0.0, 1.0];
        let shares = shares(&[3.0, 2.0, 1.0]);
        assert_eq!(error_of_difference(&gains, &shares, &shares), 0.0);
    }

    #[test]
    fn the_held_out_part_stays_what_it_was() {
        assert_eq!(fnv_1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
