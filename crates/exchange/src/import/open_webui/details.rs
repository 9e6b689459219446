//! The blocks that Open WebUI puts into an answer's text for what is none:
//! `<details type="reasoning" …>` and the like.

use protocol::ToolCall;
use serde_json::Value;

use crate::import::draft::paragraph;
use crate::import::sane;

const OPEN: &str = "<details type=\"";
const CLOSE: &str = "</details>";

/// An answer, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// What is left of the text.
    pub(super) text: String,
    /// The thinking, without the marks of quotation that it stands in.
    pub(super) thinking: String,
    /// The calls of tools.
    pub(super) tools: Vec<ToolCall>,
}

impl Details {
    /// Takes the answer apart. Blocks of other kinds, and those in code, stay.
    pub(super) fn of(content: &str) -> Self {
        let mut details = Self::default();
        let mut kept = String::with_capacity(content.len());
        let mut in_code = false;
        let mut rest = content;
        while !rest.is_empty() {
            let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = &rest[..end];
            if line.starts_with(OPEN)
                && !in_code
                && let Some(after) = details.block(rest, &mut kept)
            {
                rest = after;
                continue;
            }
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            kept.push_str(line);
            rest = &rest[end..];
        }
        details.text = kept.trim_matches('\n').to_owned();
        details
    }

    /// Takes the block that comes first, and gives what follows it; none where
    /// it is of another kind. One that is not closed goes to the end.
    fn block<'a>(&mut self, text: &'a str, kept: &mut String) -> Option<&'a str> {
        let (attributes, body) = tag(text)?;
        let (body, after) = body.split_once(CLOSE).unwrap_or((body, ""));
        let body = without_summary(body);
        let attribute = |name: &str| {
            let found = attributes.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| unescape(value)).unwrap_or_default()
        };
        match attribute("type").as_str() {
            "reasoning" => paragraph(&mut self.thinking, &unquoted(body)),
            "tool_calls" => self.tools.push(ToolCall {
                index: 0,
                id: attribute("id"),
                name: sane::line(&attribute("name"), 80),
                arguments: arguments(attribute("arguments")),
            }),
            // Code that was run is shown as what it is.
            "code_interpreter" => {
                kept.push_str(body.trim_matches('\n'));
                kept.push('\n');
            }
            _ => return None,
        }
        Some(after.strip_prefix('\n').unwrap_or(after))
    }
}

/// The attributes of the tag that comes first, and what follows it.
fn tag(text: &str) -> Option<(Vec<(&str, &str)>, &str)> {
    let mut attributes = Vec::new();
    let mut rest = text.strip_prefix("<details")?;
    loop {
        rest = rest.trim_start();
        if let Some(body) = rest.strip_prefix('>') {
            return Some((attributes, body));
        }
        let end = rest.find(|it: char| it == '=' || it == '>' || it.is_whitespace())?;
        let name = &rest[..end];
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"')?;
        } else {
            rest = rest.strip_prefix('=').unwrap_or(rest);
        }
        attributes.push((name, value));
    }
}

fn without_summary(body: &str) -> &str {
    let body = body.trim_start();
    match body.strip_prefix("<summary>") {
        Some(summary) => summary
            .split_once("</summary>")
            .map_or("", |(_, body)| body),
        None => body,
    }
}

/// Thinking stands there as a quotation.
fn unquoted(body: &str) -> String {
    let body = unescape(body.trim_matches('\n'));
    let lines = body.lines().map(|line| {
        let line = line.strip_prefix('>').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The arguments are JSON, or a string of JSON.
fn arguments(text: String) -> String {
    match serde_json::from_str(&text) {
        Ok(Value::String(inner)) => inner,
        _ => text,
    }
}

fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escaped, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        if plain.contains(escaped) {
            plain = plain.replace(escaped, character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_and_tools_leave_the_text() {
        let details = Details::of(
            "<details type=\"reasoning\" done=\"true\" duration=\"5\">\n<summary>Thought for 5 \
             seconds</summary>\n&gt; One &amp;&lt; two.\n&gt;\n&gt; Three.\n</details>\nBefore.\n\n\
             <details type=\"tool_calls\" done=\"true\" id=\"call_1\" name=\"get_weather\" \
             arguments=\"&quot;{\\&quot;city\\&quot;: \\&quot;Oslo\\&quot;}&quot;\" \
             result=\"&quot;5 > 3&quot;\">\n<summary>Tool Executed</summary>\n</details>\n\
             <details type=\"reasoning\" done=\"true\">\n<summary>…</summary>\n> Again.\n</details>\nAfter.",
        );
        assert_eq!(details.text, "Before.\n\nAfter.");
        assert_eq!(details.thinking, "One &< two.\n\nThree.\n\nAgain.");
        assert_eq!(details.tools.len(), 1);
        assert_eq!(details.tools[0].name, "get_weather");
        assert_eq!(details.tools[0].id, "call_1");
        assert_eq!(details.tools[0].arguments, r#"{"city": "Oslo"}"#);
    }

    #[test]
    fn what_is_not_closed_and_what_is_code_or_foreign() {
        let cut = Details::of(
            "<details type=\"reasoning\" done=\"false\">\n<summary>Thinking…</summary>\n> Half",
        );
        assert_eq!((cut.text.as_str(), cut.thinking.as_str()), ("", "Half"));
        let code = "```html\n<details type=\"reasoning\">\nx\n</details>\n```";
        assert_eq!(Details::of(code).text, code);
        let other = "<details type=\"poem\">\nx\n</details>\n<details>\n<summary>More</summary>\n</details>";
        assert_eq!(Details::of(other).text, other);
        assert_eq!(
            Details::of("<details type=\"reasoning\" x").text,
            "<details type=\"reasoning\" x"
        );
        let run = Details::of(
            "<details type=\"code_interpreter\" done=\"true\">\n<summary>Analyzed</summary>\n```python\nprint(1)\n```\n</details>\nOne.",
        );
        assert_eq!(run.text, "```python\nprint(1)\n```\nOne.");
    }
}
