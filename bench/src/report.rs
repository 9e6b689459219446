//! What is printed: a table for each benchmark.

/// The measurements of one benchmark.
pub(crate) struct Report {
    how: String,
    rows: Vec<Row>,
}

/// One measurement of Rivulet, beside a baseline and a budget where there are
/// such.
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    rivulet: f64,
    baseline: Option<(&'static str, f64)>,
    budget: Option<Budget>,
}

#[derive(Clone, Copy)]
enum Budget {
    AtMost(f64),
    AtLeast(f64),
    /// For what Rivulet adds to the baseline.
    AddedAtMost(f64),
    /// For how many times the baseline it takes.
    TimesAtMost(f64),
}

const HEADINGS: [&str; 6] = [
    "what", "baseline", "Rivulet", "compared", "budget", "verdict",
];

impl Report {
    /// A report without measurements yet; `how` says how they were taken.
    pub(crate) fn new(how: impl Into<String>) -> Self {
        Self {
            how: how.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a measurement.
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints it under a title.
    #[expect(
        clippy::print_stdout,
        reason = "printing the table is what this program is for"
    )]
    pub(crate) fn print(&self, title: &str) {
        println!("\n## {title}\n\n{}", self.how);
        if self.rows.is_empty() {
            return;
        }
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: [usize; 6] = std::array::from_fn(|at| {
            let cells = lines.iter().map(|line| line[at].chars().count());
            cells.max().unwrap_or(0)
        });
        lines.insert(1, widths.map(|width| "-".repeat(width)));
        println!();
        for line in lines {
            let cells: Vec<_> = line
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            println!("| {} |", cells.join(" | "));
        }
    }
}

impl Row {
    /// A measurement of Rivulet.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, rivulet: f64) -> Self {
        Self {
            what: what.into(),
            unit,
            rivulet,
            baseline: None,
            budget: None,
        }
    }

    /// The same measurement of something else in this run.
    pub(crate) fn against(mut self, name: &'static str, value: f64) -> Self {
        self.baseline = Some((name, value));
        self
    }

    /// The most it may be.
    pub(crate) fn at_most(mut self, budget: f64) -> Self {
        self.budget = Some(Budget::AtMost(budget));
        self
    }

    /// The least it may be.
    pub(crate) fn at_least(mut self, budget: f64) -> Self {
        self.budget = Some(Budget::AtLeast(budget));
        self
    }

    /// The most by which it may exceed the baseline.
    pub(crate) fn added_at_most(mut self, budget: f64) -> Self {
        self.budget = Some(Budget::AddedAtMost(budget));
        self
    }

    /// The most times the baseline that it may be.
    pub(crate) fn times_at_most(mut self, budget: f64) -> Self {
        self.budget = Some(Budget::TimesAtMost(budget));
        self
    }

    fn cells(&self) -> [String; 6] {
        let baseline = self.baseline.map_or_else(String::new, |(name, value)| {
            format!("{} ({name})", spoken(value, self.unit))
        });
        [
            self.what.clone(),
            baseline,
            spoken(self.rivulet, self.unit),
            self.compared(),
            self.budget
                .map_or_else(String::new, |it| it.spoken(self.unit)),
            self.verdict().to_owned(),
        ]
    }

    fn compared(&self) -> String {
        let Some((_, baseline)) = self.baseline else {
            return String::new();
        };
        let added = self.rivulet - baseline;
        match self.budget {
            Some(Budget::AddedAtMost(_)) if added < 0.0 => {
                format!("-{}", spoken(-added, self.unit))
            }
            Some(Budget::AddedAtMost(_)) => format!("+{}", spoken(added, self.unit)),
            _ if baseline > 0.0 => format!("{} x", number(self.rivulet / baseline)),
            _ => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        let baseline = self.baseline.map_or(0.0, |(_, value)| value);
        let kept = match self.budget {
            None => return "",
            Some(Budget::AtMost(most)) => self.rivulet <= most,
            Some(Budget::AtLeast(least)) => self.rivulet >= least,
            Some(Budget::AddedAtMost(most)) => self.rivulet - baseline <= most,
            Some(Budget::TimesAtMost(most)) => self.rivulet <= most * baseline,
        };
        if kept { "ok" } else { "OVER" }
    }
}

impl Budget {
    fn spoken(self, unit: &str) -> String {
        match self {
            Self::AtMost(most) => format!("<= {}", spoken(most, unit)),
            Self::AtLeast(least) => format!(">= {}", spoken(least, unit)),
            Self::AddedAtMost(most) => format!("<= +{}", spoken(most, unit)),
            Self::TimesAtMost(most) => format!("<= {} x", number(most)),
        }
    }
}

fn spoken(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// Three digits that matter, with spaces between thousands.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    let digits = format!("{value:.decimals$}");
    if decimals > 0 {
        return digits;
    }
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let check = |value, expected| assert_eq!(number(value), expected);
        check(0.0, "0.000");
        check(0.0214, "0.021");
        check(1.0, "1.00");
        check(12.34, "12.3");
        check(99.99, "100");
        check(1_234.5, "1 234");
        check(250_000.0, "250 000");
    }

    #[test]
    fn verdicts_follow_the_kind_of_budget() {
        let check = |row: Row, compared: &str, verdict: &str| {
            assert_eq!(
                (row.compared().as_str(), row.verdict()),
                (compared, verdict)
            );
        };
        let row = |value| Row::new("", "ms", value).against("direct", 2.0);
        check(row(3.0), "1.50 x", "");
        check(row(3.0).at_most(2.5), "1.50 x", "OVER");
        check(row(3.0).at_least(2.5), "1.50 x", "ok");
        check(row(3.0).added_at_most(1.0), "+1.00 ms", "ok");
        check(row(1.5).added_at_most(1.0), "-0.500 ms", "ok");
        check(row(3.5).added_at_most(1.0), "+1.50 ms", "OVER");
        check(row(4.0).times_at_most(2.0), "2.00 x", "ok");
        check(row(4.1).times_at_most(2.0), "2.05 x", "OVER");
    }
}
