use super::*;

#[track_caller]
fn check(schema: Value, expected: Value) {
    assert_eq!(cleaned(&schema), expected);
}

#[test]
fn keywords_it_does_not_know_are_left_out() {
    check(
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Place",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "title": {"type": "string", "format": "uri", "minLength": 1, "default": "x"},
                "additionalProperties": {"type": "integer", "format": "int64"},
                "when": {"type": "string", "format": "date-time"},
                "tags": {"type": "array", "uniqueItems": true},
                "pair": {"type": "array", "items": [{"type": "number"}, true]},
            },
            "required": ["title", "gone"],
        }),
        json!({
            "type": "object",
            "properties": {
                "title": {"type": "string", "minLength": 1},
                "additionalProperties": {"type": "integer", "format": "int64"},
                "when": {"type": "string", "format": "date-time"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "pair": {"type": "array", "items": {"type": "number"}},
            },
            "required": ["title"],
        }),
    );
}

#[test]
fn choices_are_said_in_its_words() {
    for (schema, expected) in [
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string", "nullable": true}),
        ),
        (
            json!({"type": ["string", "integer"]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            json!({"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"}),
            json!({"type": "integer", "nullable": true, "description": "d"}),
        ),
        (
            json!({"oneOf": [{"const": "a"}, {"enum": ["b", null]}]}),
            json!({"anyOf": [
                {"type": "string", "enum": ["a"]},
                {"type": "string", "enum": ["b"], "nullable": true},
            ]}),
        ),
        (
            json!({"type": "integer", "enum": [1, 2]}),
            json!({"type": "integer"}),
        ),
        (
            json!({"allOf": [
                {"properties": {"a": {"type": "string"}}, "required": ["a"]},
                {"properties": {"b": true}, "required": ["b"]},
            ], "type": "object"}),
            json!({
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {}},
                "required": ["a", "b"],
            }),
        ),
        (json!(true), json!({})),
    ] {
        check(schema, expected);
    }
}

#[test]
fn references_are_replaced_but_not_for_ever() {
    check(
        json!({
            "$defs": {
                "City": {"type": "string", "description": "A city"},
                "Tree": {"type": "object", "properties": {
                    "leaf": {"$ref": "#/$defs/City", "description": "Where"},
                    "branches": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                }},
            },
            "$ref": "#/$defs/Tree",
        }),
        json!({"type": "object", "properties": {
            "leaf": {"type": "string", "description": "Where"},
            "branches": {"type": "array", "items": {"type": "object"}},
        }}),
    );
    check(json!({"$ref": "#/$defs/Gone"}), json!({}));

    let mut defs = Map::new();
    for at in 0..100 {
        let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
        let twice = json!({"properties": {"a": next, "b": next}});
        defs.insert(at.to_string(), twice);
    }
    let text = cleaned(&json!({"$defs": defs, "$ref": "#/$defs/0"})).to_string();
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
}

#[test]
fn what_is_referred_to_often_is_not_copied_for_ever() {
    let words: Vec<_> = (0..1_000).map(|at| format!("word {at}")).collect();
    let fields: Map<_, _> = (0..1_000)
        .map(|at| (format!("f{at}"), true.into()))
        .collect();
    for large in [
        json!({"enum": words}),
        json!({"description": "x".repeat(10_000)}),
        json!({"required": words, "properties": {"word 1": true}}),
        json!({"type": words}),
        json!({"properties": fields}),
        json!({"anyOf": vec![true; 1_000]}),
    ] {
        let often: Map<_, _> = (0..4_000)
            .map(|at| (format!("p{at}"), json!({"$ref": "#/$defs/large"})))
            .collect();
        let all = cleaned(&json!({"$defs": {"large": large}, "properties": often}));
        let text = all.to_string();
        assert!(text.len() < 2 << 20, "{} bytes", text.len());
        assert_eq!(all["properties"]["p0"], cleaned(&large));
    }
}

#[test]
fn an_object_without_properties_is_known() {
    for (schema, expected) in [
        (json!({"type": "object", "properties": {}}), true),
        (json!({}), true),
        (json!({"type": "object", "properties": {"a": {}}}), false),
        (json!({"anyOf": [{}, {}]}), false),
    ] {
        assert_eq!(is_empty_object(&schema), expected, "{schema}");
    }
}
