//! JSON schemas in the subset that Gemini takes: it refuses a whole request
//! for one keyword that it does not know. What has no word there is left out,
//! which loosens a schema and never tightens it.
//!
//! <https://ai.google.dev/api/caching#Schema>

use serde_json::{Map, Value, json};

/// Keywords that mean the same there and hold no schemas.
const KEPT: [&str; 12] = [
    "description",
    "nullable",
    "propertyOrdering",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minProperties",
    "maxProperties",
];

/// Keywords that are made of their own, and hold no schemas, either.
const MADE: [&str; 4] = ["required", "type", "enum", "const"];

/// How many schemas there may be in one, and how deep. References are replaced
/// by what they refer to, which a schema can use to grow without bound.
const SCHEMAS_LIMIT: u32 = 5_000;
const DEPTH_LIMIT: u32 = 64;

/// How much may be copied into it, in bytes: a list of words grows with each
/// reference to it, too.
const BYTES_LIMIT: usize = 1 << 20;

/// What a value takes besides its letters.
const VALUE_BYTES: usize = 16;

/// The schema as Gemini takes it.
pub(super) fn cleaned(schema: &Value) -> Value {
    let mut cleaner = Cleaner {
        root: schema,
        within: Vec::new(),
        left: SCHEMAS_LIMIT,
        bytes: BYTES_LIMIT,
        depth: 0,
    };
    Value::Object(cleaner.schema(schema))
}

/// Whether the schema is of an object about which nothing is said. Gemini
/// refuses such parameters; a tool that takes nothing has none.
pub(super) fn is_empty_object(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("anyOf").is_none()
        && schema
            .get("type")
            .is_none_or(|it| it == "object" || it == "OBJECT")
        && properties.is_none_or(Map::is_empty)
}

struct Cleaner<'a> {
    root: &'a Value,
    /// The references that led here.
    within: Vec<&'a str>,
    left: u32,
    /// What may still be copied.
    bytes: usize,
    depth: u32,
}

impl<'a> Cleaner<'a> {
    fn schema(&mut self, schema: &'a Value) -> Map<String, Value> {
        let mut clean = Map::new();
        // `true` stands for anything.
        let Value::Object(schema) = schema else {
            return clean;
        };
        if self.left == 0 || self.depth == DEPTH_LIMIT {
            return clean;
        }
        self.left -= 1;
        self.depth += 1;
        for (keyword, value) in schema {
            let is_copied = KEPT.iter().chain(&MADE).any(|it| it == keyword);
            if is_copied && !self.affords(weight(value, self.bytes)) {
                continue;
            }
            match (keyword.as_str(), value) {
                (kept, _) if KEPT.contains(&kept) => {
                    clean.insert(keyword.clone(), value.clone());
                }
                ("required", _) => merge(&mut clean, json_map("required", value.clone())),
                ("type", types) => add_types(&mut clean, types),
                ("enum", Value::Array(words)) => add_words(&mut clean, words),
                ("const", word) => add_words(&mut clean, std::slice::from_ref(word)),
                ("properties", Value::Object(properties)) => {
                    let properties: Map<_, _> = properties
                        .iter()
                        .map_while(|(name, schema)| {
                            let weight = name.len() + VALUE_BYTES;
                            let affords = self.affords(weight);
                            affords.then(|| (name.clone(), self.schema(schema).into()))
                        })
                        .collect();
                    merge(&mut clean, json_map("properties", properties.into()));
                }
                ("items", Value::Array(items)) => {
                    let first = items.first().map(|first| self.schema(first));
                    clean.extend(first.map(|first| ("items".to_owned(), first.into())));
                }
                ("items", items) => {
                    clean.insert("items".to_owned(), self.schema(items).into());
                }
                ("anyOf" | "oneOf", Value::Array(choices)) => self.add_choices(&mut clean, choices),
                ("allOf", Value::Array(all)) => {
                    for schema in all {
                        let more = self.schema(schema);
                        merge(&mut clean, more);
                    }
                }
                ("$ref", Value::String(reference)) => {
                    let referred = self.referred(reference);
                    merge(&mut clean, referred);
                }
                _ => {}
            }
        }
        if let Some(format) = schema.get("format").filter(|it| is_format(&clean, it)) {
            clean.insert("format".to_owned(), format.clone());
        }
        settle(&mut clean);
        self.depth -= 1;
        clean
    }

    /// Takes the bytes from what may still be copied. Where they are too many,
    /// nothing more is copied at all.
    fn affords(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }

    /// What a reference within the schema refers to. What refers to itself has
    /// no end, and is an object there about which no more is said.
    fn referred(&mut self, reference: &'a str) -> Map<String, Value> {
        let found = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer));
        match found {
            Some(_) if self.within.contains(&reference) => json_map("type", "object".into()),
            Some(found) => {
                self.within.push(reference);
                let clean = self.schema(found);
                self.within.pop();
                clean
            }
            None => Map::new(),
        }
    }

    /// Null as a choice is a word of its own there, and one choice is none.
    fn add_choices(&mut self, clean: &mut Map<String, Value>, choices: &'a [Value]) {
        // Fewer choices would tighten it; none loosen it.
        if !self.affords(choices.len() * VALUE_BYTES) {
            return;
        }
        let is_null = |schema: &Value| schema.get("type").is_some_and(|it| it == "null");
        let mut others: Vec<_> = choices
            .iter()
            .filter(|choice| !is_null(choice))
            .map(|choice| self.schema(choice))
            .collect();
        if others.len() < choices.len() {
            clean.insert("nullable".to_owned(), true.into());
        }
        if others.len() > 1 {
            let others = others.into_iter().map(Value::Object).collect();
            clean.insert("anyOf".to_owned(), Value::Array(others));
        } else if let Some(only) = others.pop() {
            merge(clean, only);
        }
    }
}

/// About as many bytes as a value has; no more than one above `most` are
/// counted.
fn weight(value: &Value, most: usize) -> usize {
    let mut sum = VALUE_BYTES;
    let mut add = |value: &Value, name: usize| {
        sum += name;
        if sum <= most {
            sum += weight(value, most - sum);
        }
        sum <= most
    };
    match value {
        Value::String(text) => sum += text.len(),
        Value::Array(values) => {
            let _ = values.iter().all(|value| add(value, 0));
        }
        Value::Object(fields) => {
            let _ = fields.iter().all(|(name, value)| add(value, name.len()));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    sum
}

/// One type, or several, one of which may be null.
fn add_types(clean: &mut Map<String, Value>, types: &Value) {
    let Value::Array(types) = types else {
        clean.insert("type".to_owned(), types.clone());
        return;
    };
    let mut others: Vec<_> = types.iter().filter(|name| *name != "null").collect();
    if others.len() < types.len() {
        clean.insert("nullable".to_owned(), true.into());
    }
    if others.len() > 1 {
        let others = others.into_iter().map(|name| json!({"type": name}));
        let others: Vec<_> = others.collect();
        clean.entry("anyOf").or_insert_with(|| others.into());
    } else if let Some(only) = others.pop() {
        clean.insert("type".to_owned(), only.clone());
    }
}

/// Words that a value is one of; of numbers there is no such list.
fn add_words(clean: &mut Map<String, Value>, words: &[Value]) {
    let others: Vec<_> = words.iter().filter(|word| !word.is_null()).collect();
    if others.len() < words.len() {
        clean.insert("nullable".to_owned(), true.into());
    }
    if !others.is_empty() && others.iter().all(|word| word.is_string()) {
        clean.insert("enum".to_owned(), json!(others));
        clean.entry("type").or_insert_with(|| "string".into());
    }
}

/// Adds what is not said yet; properties and what is required add up.
fn merge(clean: &mut Map<String, Value>, more: Map<String, Value>) {
    for (keyword, value) in more {
        match (clean.get_mut(&keyword), value) {
            (Some(Value::Object(some)), Value::Object(more)) if keyword == "properties" => {
                some.extend(more);
            }
            (Some(Value::Array(some)), Value::Array(more)) if keyword == "required" => {
                some.extend(more);
            }
            (Some(_), _) => {}
            (None, value) => {
                clean.insert(keyword, value);
            }
        }
    }
}

fn is_format(clean: &Map<String, Value>, format: &Value) -> bool {
    let formats: &[&str] = match clean.get("type").and_then(Value::as_str) {
        Some("string") => &["enum", "date-time"],
        Some("integer") => &["int32", "int64"],
        Some("number") => &["float", "double"],
        _ => &[],
    };
    format.as_str().is_some_and(|word| formats.contains(&word))
}

/// Makes the rest consistent: an array has items, what is required exists.
fn settle(clean: &mut Map<String, Value>) {
    if clean.get("type").is_some_and(|it| it == "array") && !clean.contains_key("items") {
        clean.insert("items".to_owned(), json!({"type": "string"}));
    }
    if let Some(Value::Array(mut required)) = clean.remove("required") {
        let properties = clean.get("properties");
        required.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            properties.is_some_and(|properties| properties.get(name).is_some())
        });
        if !required.is_empty() {
            clean.insert("required".to_owned(), required.into());
        }
    }
}

fn json_map(keyword: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(keyword.to_owned(), value)])
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
