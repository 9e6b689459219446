//! How to ask, and the tools to offer, in the gateway's words.

use gateway::{AnswerFormat, Effort, Params, Tool, ToolChoice};
use serde_json::Value;

use super::{
    ApiError,
    wire::{OneOrMany, Wire, WireChoice, WireTool},
};

impl Wire {
    pub(super) fn params(&mut self) -> Result<Params, ApiError> {
        let effort = self.reasoning_effort.as_deref().map(|word| {
            Effort::from_word(word).ok_or_else(|| {
                ApiError::parameter(
                    "reasoning_effort",
                    format!("There is no effort \"{word}\"."),
                )
            })
        });
        let format = match self.response_format.take() {
            None => None,
            Some(format) => match (format.r#type.as_str(), format.json_schema) {
                ("text", _) => None,
                ("json_object", _) => Some(AnswerFormat::Json),
                ("json_schema", Some(described)) => Some(AnswerFormat::Schema {
                    name: described.name.unwrap_or_else(|| "answer".to_owned()),
                    schema: described
                        .schema
                        .unwrap_or_else(|| Value::Object(Default::default())),
                    strict: described.strict,
                }),
                (other, _) => {
                    let message = format!("There is no response_format \"{other}\".");
                    return Err(ApiError::parameter("response_format", message));
                }
            },
        };
        Ok(Params {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            stop: self.stop.take().map_or_else(Vec::new, OneOrMany::into_vec),
            seed: self.seed,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            effort: effort.transpose()?,
            format,
            parallel_tool_calls: self.parallel_tool_calls,
        })
    }

    pub(super) fn tools(&mut self) -> Result<Vec<Tool>, ApiError> {
        let tool = |tool: WireTool| match (tool.r#type.as_deref(), tool.function) {
            (None | Some("function"), Some(function)) => Ok(Tool {
                name: function.name,
                description: function.description,
                parameters: function.parameters,
                strict: function.strict,
            }),
            (other, _) => {
                let message = format!(
                    "Tools must be functions, and not \"{}\".",
                    other.unwrap_or("nothing")
                );
                Err(ApiError::parameter("tools", message))
            }
        };
        let tools = self.tools.take().unwrap_or_default();
        tools.into_iter().map(tool).collect()
    }

    pub(super) fn tool_choice(&mut self) -> Result<Option<ToolChoice>, ApiError> {
        Ok(Some(match self.tool_choice.take() {
            None => return Ok(None),
            Some(WireChoice::Named { function }) => ToolChoice::Named(function.name),
            Some(WireChoice::Word(word)) => match word.as_str() {
                "auto" => ToolChoice::Auto,
                "none" => ToolChoice::None,
                "required" => ToolChoice::Required,
                other => {
                    let message = format!("There is no tool_choice \"{other}\".");
                    return Err(ApiError::parameter("tool_choice", message));
                }
            },
        }))
    }
}
