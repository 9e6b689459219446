//! What the person at the terminal sees of our own. It goes to standard
//! error, so that the output of the programs we run can be piped.

use std::time::Duration;

/// One short line about what happens now.
pub(crate) fn note(line: &str) {
    eprintln!("xtask: {line}");
}

/// The heading of a step of several.
pub(crate) fn heading(number: usize, of: usize, name: &str) {
    eprintln!("\n== {number}/{of} {name}");
}

/// A duration as people say it: `7 s`, `3 min 20 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds / 60 {
        0 => format!("{:.1} s", duration.as_secs_f64()),
        minutes => format!("{minutes} min {} s", seconds % 60),
    }
}

/// A size in kilobytes of 1000 bytes.
pub(crate) fn kilobytes(bytes: u64) -> String {
    format!("{:.1} KB", bytes as f64 / 1000.0)
}
