//! Taking JSON apart without reading it, so that one broken element costs
//! itself alone and a file that breaks off gives what came before.

use serde::de::DeserializeOwned;

use super::tidy::tidy;

/// The elements of a list, or the fields of an object, one after the other.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    json: &'a [u8],
    at: usize,
    list: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Later,
    Ended,
    Broken,
}

/// An element or a field.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The field's name; empty for an element.
    pub(super) name: String,
    /// Its JSON, to the end of the file where that breaks off within it.
    pub(super) json: &'a [u8],
    /// Whether the file breaks off within it.
    pub(super) cut: bool,
}

impl<'a> Part<'a> {
    /// All of a file as one.
    pub(super) fn whole(json: &'a [u8]) -> Self {
        Self {
            name: String::new(),
            cut: !matches!(skim(json, 0), Skimmed::Whole(_)),
            json,
        }
    }

    /// Reads it; where the file breaks off within it, what is there.
    ///
    /// # Errors
    /// Why it is no JSON, or not of this type; or that it has too many values.
    pub(super) fn value<T: DeserializeOwned>(&self) -> Result<T, String> {
        if has_too_many_values(self.json) {
            return Err(format!("it has more than {MOST_VALUES} values"));
        }
        // A NUL can be stored nowhere; it is rare enough to look for first.
        let has_nul = self.json.windows(6).any(|it| it == b"\\u0000");
        if !self.cut
            && !has_nul
            && let Ok(value) = serde_json::from_slice(self.json)
        {
            return Ok(value);
        }
        let mut json = self.json.to_vec();
        if self.cut
            && let Skimmed::Cut { keep, open } = skim(self.json, 0)
        {
            json.truncate(keep);
            json.extend(open.iter().rev());
        }
        let text = tidy(&String::from_utf8_lossy(&json));
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

impl<'a> Parts<'a> {
    /// The parts of the JSON; none where it is neither a list nor an object.
    pub(super) fn of(json: &'a [u8]) -> Option<Self> {
        let at = blank(json, 0);
        let list = match json.get(at)? {
            b'[' => true,
            b'{' => false,
            _ => return None,
        };
        Some(Self {
            json,
            at: at + 1,
            list,
            state: State::First,
        })
    }

    /// Whether these are elements of a list.
    pub(super) fn is_list(&self) -> bool {
        self.list
    }

    /// Whether what has been read so far did not end as it should have.
    pub(super) fn broken(&self) -> bool {
        self.state == State::Broken
    }

    fn step(&mut self) -> Option<Part<'a>> {
        let close = if self.list { b']' } else { b'}' };
        self.at = blank(self.json, self.at);
        let mut next = *self.json.get(self.at)?;
        if next == close {
            self.state = State::Ended;
            return None;
        }
        if self.state == State::Later {
            if next != b',' {
                return None;
            }
            self.at = blank(self.json, self.at + 1);
            next = *self.json.get(self.at)?;
            // A comma too many, as people who edit by hand leave it.
            if next == close {
                self.state = State::Ended;
                return None;
            }
        }
        let mut name = String::new();
        if !self.list {
            let Skimmed::Whole(end) = (next == b'"').then(|| skim(self.json, self.at))? else {
                return None;
            };
            name = serde_json::from_slice(&self.json[self.at..end]).unwrap_or_default();
            self.at = blank(self.json, end);
            if self.json.get(self.at) != Some(&b':') {
                return None;
            }
            self.at = blank(self.json, self.at + 1);
            self.json.get(self.at)?;
        }
        let from = self.at;
        self.state = State::Later;
        match skim(self.json, from) {
            Skimmed::Whole(end) if end > from => {
                self.at = end;
                let json = &self.json[from..end];
                Some(Part {
                    name,
                    json,
                    cut: false,
                })
            }
            Skimmed::Whole(_) => None,
            Skimmed::Cut { .. } => {
                self.at = self.json.len();
                let json = &self.json[from..];
                Some(Part {
                    name,
                    json,
                    cut: true,
                })
            }
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if matches!(self.state, State::Ended | State::Broken) {
            return None;
        }
        let part = self.step();
        if part.is_none() && self.state != State::Ended {
            self.state = State::Broken;
        }
        part
    }
}

/// How far a value goes.
enum Skimmed {
    /// To here.
    Whole(usize),
    /// The file breaks off within it, or brackets do not match. It is whole up
    /// to `keep` once what is then open is closed, the last first.
    Cut { keep: usize, open: Vec<u8> },
}

/// Finds the end of the value at `from` by its brackets and quotation marks.
/// Depth costs a byte a level, whatever the file wants.
fn skim(json: &[u8], from: usize) -> Skimmed {
    let mut open = Vec::new();
    // The last place where everything before it was whole, and how many
    // brackets were open there.
    let (mut keep, mut depth) = (from, 0);
    let mut at = blank(json, from);
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => match string_end(json, at) {
                Some(end) => at = end - 1,
                None => break,
            },
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b']' | b'}' => match open.pop() {
                Some(close) if close == byte => {
                    (keep, depth) = (at + 1, open.len());
                }
                // The end of what the value stands in.
                None => return Skimmed::Whole(at),
                Some(close) => {
                    open.push(close);
                    break;
                }
            },
            b',' if open.is_empty() => return Skimmed::Whole(at),
            b',' => (keep, depth) = (at, open.len()),
            b' ' | b'\t' | b'\n' | b'\r' if open.is_empty() => return Skimmed::Whole(at),
            _ => {}
        }
        at += 1;
        if open.is_empty() && matches!(byte, b']' | b'}' | b'"') {
            return Skimmed::Whole(at);
        }
    }
    if open.is_empty() && at >= json.len() && json.get(from) != Some(&b'"') {
        return Skimmed::Whole(json.len());
    }
    open.truncate(depth);
    Skimmed::Cut { keep, open }
}

/// Where the string that begins at `from` ends.
fn string_end(json: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The most values that are read at once; the longest conversations have a
/// tenth of them.
const MOST_VALUES: usize = 1_000_000;

/// Whether reading it would make much of little: an object of a few bytes
/// takes hundreds in memory.
fn has_too_many_values(json: &[u8]) -> bool {
    let (mut values, mut at) = (0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => match string_end(json, at) {
                Some(end) => at = end - 1,
                None => break,
            },
            b'[' | b'{' | b',' => values += 1,
            _ => {}
        }
        at += 1;
    }
    values > MOST_VALUES
}

/// The first place from `at` on that is no white space.
fn blank(json: &[u8], mut at: usize) -> usize {
    while matches!(json.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parts(json: &str) -> (Vec<(String, String, bool)>, bool) {
        let mut parts = Parts::of(json.as_bytes()).unwrap();
        let read = parts
            .by_ref()
            .map(|it| {
                (
                    it.name.clone(),
                    String::from_utf8_lossy(it.json).into_owned(),
                    it.cut,
                )
            })
            .collect();
        (read, parts.broken())
    }

    fn list(json: &str) -> (Vec<String>, bool) {
        let (read, broken) = parts(json);
        (read.into_iter().map(|(_, json, _)| json).collect(), broken)
    }

    #[test]
    fn lists_and_objects_come_apart() {
        let (read, broken) = list(r#" [1, "a,]\"" , {"b": [2, {}]},[],null ] "#);
        assert_eq!(read, ["1", r#""a,]\"""#, r#"{"b": [2, {}]}"#, "[]", "null"]);
        assert!(!broken);
        let (read, broken) = parts(r#"{"a" : 1,"b\n":{"c":"}"}}"#);
        assert_eq!(read[0], ("a".into(), "1".into(), false));
        assert_eq!(read[1], ("b\n".into(), r#"{"c":"}"}"#.into(), false));
        assert!(!broken);
        assert_eq!(list("[]"), (vec![], false));
        assert_eq!(list("[1,]"), (vec!["1".into()], false));
        assert!(Parts::of(b"7").is_none() && Parts::of(b"  ").is_none());
    }

    #[test]
    fn what_breaks_off_gives_what_came_before() {
        assert_eq!(
            list("[1, {\"a\": 2}"),
            (vec!["1".into(), "{\"a\": 2}".into()], true)
        );
        let (read, broken) = parts(r#"[1, {"a": 2, "b"#);
        assert_eq!((read.len(), broken), (2, true));
        assert!(read[1].2 && !read[0].2);
        assert_eq!(
            list("[1, {\"a\": ]}, 3]").0.len(),
            2,
            "brackets that do not match"
        );
        assert_eq!(list("[1 2]"), (vec!["1".into()], true));
        assert_eq!(parts("{\"a\"").0, []);
        assert!(parts("{\"a\"").1 && parts("{7: 1}").1 && parts("[").1);
    }

    #[test]
    fn what_is_cut_is_closed_where_it_was_whole() {
        for (cut, whole) in [
            (
                r#"{"a": 1, "b": {"c": [1, 2, {"d": "x"#,
                json!({"a": 1, "b": {"c": [1, 2]}}),
            ),
            (r#"{"a": 1, "b": "x"#, json!({"a": 1})),
            (r#"{"a": [1, {"b": 2}"#, json!({"a": [1, {"b": 2}]})),
            (r#"[[[["#, json!(null)),
        ] {
            let part = Part::whole(cut.as_bytes());
            assert!(part.cut, "{cut}");
            assert_eq!(part.value::<Value>().unwrap_or_default(), whole, "{cut}");
        }
    }

    #[test]
    fn depth_is_an_error_and_no_crash() {
        let deep = "[".repeat(1_000_000);
        let error = Part::whole(deep.as_bytes()).value::<Value>();
        assert!(error.is_err());
        let closed = deep.clone() + &"]".repeat(1_000_000);
        let error = Part::whole(closed.as_bytes()).value::<Value>().unwrap_err();
        assert!(error.contains("recursion limit"), "{error}");
    }
}
