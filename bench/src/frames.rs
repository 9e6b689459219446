//! The page in Chromium with a quarter of the processor. The measuring is done
//! by `frames.mjs`, which runs in Node.js; here its figures become a table.

use std::{
    env,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    report::{Report, Row},
    world::{binary, root},
};

/// What the script prints. Times are in milliseconds.
#[derive(Deserialize)]
struct Figures {
    usable: Pair,
    writing: Vec<Writing>,
    conversation: Long,
}

/// A conversation of many messages.
#[derive(Deserialize)]
struct Long {
    messages: u32,
    /// Until a page opened by its address reacts.
    opened: f64,
    /// From the click in the list to the frame after the last message.
    clicked: f64,
    /// The most nodes in the document, at the end and while scrolling up.
    nodes: f64,
    /// From a key to the frame after it.
    typing_p95: f64,
}

#[derive(Deserialize)]
struct Pair {
    baseline: f64,
    rivulet: f64,
}

/// An answer being written.
#[derive(Deserialize)]
struct Writing {
    kilobytes: u32,
    baseline: Frames,
    rivulet: Frames,
}

#[derive(Deserialize)]
struct Frames {
    p95: f64,
    longest_task: f64,
    frames_per_second: f64,
}

pub(crate) fn run() -> Result<Report> {
    if !root().join("end2end/node_modules/playwright-core").is_dir() {
        return Ok(skipped(
            "end2end/node_modules is missing: run `npm ci` in end2end/",
        ));
    }
    if env::var_os("CHROMIUM").is_none() {
        return Ok(skipped("there is no Chromium; CHROMIUM may name one"));
    }
    let output = Command::new("node")
        .arg(root().join("bench/frames.mjs"))
        .env("RIVULET_BIN", binary()?)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start node")?;
    ensure!(
        output.status.success(),
        "frames.mjs failed: {}",
        output.status
    );
    let figures: Figures = serde_json::from_slice(&output.stdout)?;

    let mut report = Report::new(
        "Chromium without a window, its processor throttled to a quarter. Usable: from the start \
         of a navigation to a page that reacts; the baseline is the same without the throttle.\n\
         Writing: an answer of mixed Markdown that has the size given when 10 s at 100 tokens/s \
         begin to be traced. Script and layout: the time of both on the main thread between one \
         frame and the next. Many messages: not throttled.\nThe baseline is a page that appends the bare text to one element.",
    );
    let row = Row::new("usable page", "ms", figures.usable.rivulet);
    report.add(
        row.against("unthrottled", figures.usable.baseline)
            .at_most(1_000.0),
    );
    let Long {
        messages,
        opened,
        clicked,
        nodes,
        typing_p95,
    } = figures.conversation;
    for (what, unit, value, most) in [
        ("open by its address", "ms", opened, 500.0),
        ("open from the list", "ms", clicked, 500.0),
        ("most nodes in the document", "", nodes, 5_000.0),
        ("typing delay p95", "ms", typing_p95, 50.0),
    ] {
        let row = Row::new(format!("{what}, {messages} messages"), unit, value);
        report.add(row.at_most(most));
    }
    for Writing {
        kilobytes,
        baseline,
        rivulet,
    } in figures.writing
    {
        let row = |what: &str, unit, value, base| {
            Row::new(format!("{what}, {kilobytes} KB"), unit, value).against("bare text", base)
        };
        let work = row(
            "script and layout per frame p95",
            "ms",
            rivulet.p95,
            baseline.p95,
        );
        report.add(work.at_most(8.0));
        let task = row(
            "longest task",
            "ms",
            rivulet.longest_task,
            baseline.longest_task,
        );
        report.add(task.at_most(50.0));
        let (value, base) = (rivulet.frames_per_second, baseline.frames_per_second);
        report.add(row("frames with work per second", "", value, base));
    }
    Ok(report)
}

fn skipped(why: &str) -> Report {
    Report::new(format!("SKIPPED: {why}."))
}
