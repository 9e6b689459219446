//! A conversation as Markdown, to be read.

use std::fmt::Write;

use jiff::{Timestamp, tz::Offset};
use protocol::{Attachment, Conversation, Message, MessageState, Role, ToolCall};

/// The path through the conversation that is shown, as Markdown: the title,
/// when and with which model, the system prompt as a quotation, then a section
/// for each message under `## You` or the model's name.
///
/// Texts stand as they are. So that no heading in a text can be taken for the
/// beginning of a section, each of those follows a rule and a comment
/// `<!-- message 3 of 12 … -->` that occurs in no text; and what a text leaves
/// open that would swallow the sections after it is closed behind it.
#[must_use]
pub fn markdown(conversation: &Conversation) -> String {
    let path = conversation.path();
    let mark = mark(&path);
    let mut page = String::new();
    let title = one_line(&conversation.title);
    line(&mut page, &format!("# {}", escaped(&title)));
    line(&mut page, &about(conversation, &path));
    if let Some(system) = &conversation.settings.ask.system {
        page.push_str("> **System prompt**\n>\n");
        for text in system.lines() {
            let _ = writeln!(page, "> {text}");
        }
        page.push('\n');
    }
    for (index, message) in path.iter().enumerate() {
        line(&mut page, "---");
        let when = date(message.created_ms).map_or_else(String::new, |date| format!(", {date}"));
        let (number, of) = (index + 1, path.len());
        line(
            &mut page,
            &format!("<!-- {mark} {number} of {of}{when} -->"),
        );
        section(&mut page, message);
    }
    page.truncate(page.trim_end_matches('\n').len());
    page.push('\n');
    page
}

/// The word that begins the comments: one that begins no comment of a text.
fn mark(path: &[&Message]) -> String {
    let texts = path.iter().flat_map(|it| [&it.text, &it.thinking]);
    let comments = texts.flat_map(|text| text.split("<!-- ").skip(1));
    let taken = comments.filter_map(|comment| {
        let word = comment.trim_start_matches('=');
        let signs = comment.len() - word.len();
        word.starts_with("message ").then_some(signs)
    });
    let signs = taken.max().map_or(0, |longest| longest + 1);
    "=".repeat(signs) + "message"
}

/// A paragraph of its own.
fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push_str("\n\n");
}

/// The line under the title.
fn about(conversation: &Conversation, path: &[&Message]) -> String {
    let begun = path
        .first()
        .map_or(conversation.updated_ms, |first| first.created_ms);
    let model = path.iter().rev().find_map(|it| it.model.as_deref());
    let model = model.or(conversation.settings.model.as_deref());
    let mut parts = Vec::new();
    parts.extend(date(begun));
    parts.extend(model.map(|model| format!("Model: {}", escaped(&one_line(model)))));
    if let Some(folder) = &conversation.folder {
        parts.push(format!("Folder: {}", escaped(&one_line(folder))));
    }
    parts.join(" · ")
}

fn section(page: &mut String, message: &Message) {
    let speaker = match message.role {
        Role::User => "You".to_owned(),
        Role::Assistant => {
            let statistics = message.statistics.as_ref();
            let answered = statistics.and_then(|it| it.model.as_deref());
            let model = answered.or(message.model.as_deref());
            escaped(&one_line(model.unwrap_or("Assistant")))
        }
    };
    line(page, &format!("## {speaker}"));
    if !message.thinking.is_empty() {
        line(page, "<details>\n<summary>Thinking</summary>");
        text(page, &without_end_of_details(&message.thinking));
        line(page, "</details>");
    }
    for attachment in &message.attachments {
        line(page, &attached(attachment));
    }
    text(page, &message.text);
    for tool in &message.tools {
        line(page, &tool_call(tool));
    }
    if let Some(end) = ending(message) {
        line(page, &end);
    }
}

/// How the message ended, where it is not whole.
fn ending(message: &Message) -> Option<String> {
    let problem = message.problem.as_ref();
    let why = problem.map_or_else(String::new, |it| format!(": {}", one_line(&it.message)));
    let words = match message.state {
        MessageState::Finished => return None,
        MessageState::Writing => "This answer was still being written".to_owned(),
        MessageState::Stopped => "Stopped here".to_owned(),
        MessageState::Failed => format!("Failed{why}"),
        MessageState::Interrupted => format!("Interrupted{why}"),
    };
    let words = words.trim_end_matches('.');
    Some(format!("*{}.*", escaped(words)))
}

fn attached(attachment: &Attachment) -> String {
    let size = match attachment.bytes {
        bytes @ 0..1_000 => format!("{bytes} bytes"),
        bytes @ 1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        bytes => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    };
    let name = escaped(&one_line(&attachment.name));
    let media_type = escaped(&one_line(&attachment.media_type));
    format!("*Attached: {name} ({media_type}, {size})*")
}

fn tool_call(tool: &ToolCall) -> String {
    let name = escaped(&one_line(&tool.name));
    let longest = tool.arguments.split(|it| it != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    let arguments = tool.arguments.trim_end();
    format!("**Tool call: {name}**\n\n{fence}json\n{arguments}\n{fence}")
}

/// A text as it is, and what ends it where it leaves something open.
fn text(page: &mut String, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    page.push_str(text.trim_end_matches('\n'));
    if let Some(end) = left_open(text) {
        page.push('\n');
        page.push_str(&end);
    }
    page.push_str("\n\n");
}

/// What begins a block of HTML that ends nowhere but at the word beside it, or
/// with the document.
const BLOCKS: [(&str, &str); 8] = [
    ("<!--", "-->"),
    ("<![cdata[", "]]>"),
    ("<?", "?>"),
    ("<!", ">"),
    ("<pre", "</pre>"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<textarea", "</textarea>"),
];

/// The line that ends the code or the block of HTML that the text leaves open.
fn left_open(text: &str) -> Option<String> {
    let mut open: Option<(String, bool)> = None;
    for line in text.lines() {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let lower = content.to_ascii_lowercase();
        match &open {
            Some((end, true)) => {
                let end = end.trim_start();
                let rest = content.trim_end();
                let same = rest.chars().all(|it| end.starts_with(it));
                if indent <= 3 && same && rest.len() >= end.len() {
                    open = None;
                }
            }
            Some((end, false)) => {
                if lower.contains(end.as_str()) {
                    open = None;
                }
            }
            None if indent > 3 => {}
            None => {
                let fence = fence(content).map(|fence| " ".repeat(indent) + fence);
                let block = BLOCKS.iter().find(|(begin, _)| lower.starts_with(begin));
                if let Some(fence) = fence {
                    open = Some((fence, true));
                } else if let Some((begin, end)) = block
                    && !lower[begin.len()..].contains(end)
                {
                    open = Some(((*end).to_owned(), false));
                }
            }
        }
    }
    open.map(|(end, _)| end)
}

/// The marks that open fenced code, where the line does.
fn fence(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|it| matches!(it, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let fence = &line[..line.len() - rest.len()];
    (fence.len() >= 3 && !(mark == '`' && rest.contains('`'))).then_some(fence)
}

/// Thinking that cannot end the fold it stands in.
fn without_end_of_details(thinking: &str) -> String {
    let mut safe = String::with_capacity(thinking.len());
    for (index, piece) in thinking.split("</").enumerate() {
        if index > 0 {
            let word = piece.as_bytes().get(..7).unwrap_or_default();
            let ends = word.eq_ignore_ascii_case(b"details");
            safe.push_str(if ends { "&lt;/" } else { "</" });
        }
        safe.push_str(piece);
    }
    safe
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text in which nothing means anything to Markdown.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let entities = text.contains(';');
    for character in text.chars() {
        let means_something = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' => true,
            '&' => entities,
            _ => false,
        };
        if means_something {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

fn date(ms: i64) -> Option<String> {
    let time = Timestamp::from_millisecond(ms).ok()?;
    let time = Offset::UTC.to_datetime(time);
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
