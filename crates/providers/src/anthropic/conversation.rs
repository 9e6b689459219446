//! The conversation as Anthropic wants it told: turns that alternate, made of
//! blocks.

use std::borrow::Cow;

use protocol::Role;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{ChatMessage, Image, Part};

/// Consecutive messages of one side.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Value,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: &'a str,
        #[serde(skip_serializing_if = "is_false")]
        is_error: bool,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

pub(super) fn turns(messages: &[ChatMessage]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn> = Vec::new();
    for message in messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let blocks = message.parts.iter().filter_map(block);
        match turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.extend(blocks),
            _ => turns.push(Turn {
                role,
                content: blocks.collect(),
            }),
        }
        // What is left empty would keep its neighbours apart.
        turns.pop_if(|turn| turn.content.is_empty());
    }
    for turn in &mut turns {
        // Anything before the results would stand between them and their calls.
        let is_result = |block: &Block| matches!(block, Block::ToolResult { .. });
        turn.content.sort_by_key(|block| !is_result(block));
    }
    if let Some(last) = turns.last_mut()
        && last.role == "assistant"
        && let Some(Block::Text { text }) = last.content.last_mut()
    {
        // Words to go on from must not end in a space.
        *text = text.trim_end();
    }
    turns
}

fn block(part: &Part) -> Option<Block<'_>> {
    match part {
        // Refused.
        Part::Text(text) if text.trim().is_empty() => None,
        Part::Text(text) => Some(Block::Text { text }),
        Part::Image(image) => {
            let source = match image {
                Image::Data { media_type, base64 } => Source::Base64 {
                    media_type,
                    data: base64,
                },
                Image::Url(url) => Source::Url { url },
            };
            Some(Block::Image { source })
        }
        // Only what it sealed itself is taken back.
        Part::Thinking { text, signature } => Some(Block::Thinking {
            thinking: text,
            signature: signature.as_deref()?,
        }),
        Part::ToolCall {
            id,
            name,
            arguments,
            ..
        } => Some(Block::ToolUse {
            id: plain(id),
            name,
            input: input(arguments),
        }),
        Part::ToolResult {
            id,
            content,
            is_error,
            ..
        } => Some(Block::ToolResult {
            tool_use_id: plain(id),
            content,
            is_error: *is_error,
        }),
    }
}

/// The arguments as the object that they have to be; the model still sees what
/// it wrote where they are none.
fn input(arguments: &str) -> Value {
    if arguments.trim().is_empty() {
        return json!({});
    }
    match serde_json::from_str::<Map<String, Value>>(arguments) {
        Ok(input) => input.into(),
        Err(_) => json!({"arguments": arguments}),
    }
}

/// The id of a call in the letters that ids may have here. The calls of an
/// earlier answer may be another provider's.
fn plain(id: &str) -> Cow<'_, str> {
    let is_odd = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-';
    match id.contains(is_odd) {
        true => id.replace(is_odd, "_").into(),
        false => id.into(),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
