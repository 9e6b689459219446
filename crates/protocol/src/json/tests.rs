use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::{reader::DEEPEST, *};

/// Both readers must read the same, or both nothing.
fn check<T>(json: &str)
where
    T: de::DeserializeOwned + PartialEq + fmt::Debug,
{
    let ours = from_str::<T>(json);
    match serde_json::from_str::<T>(json) {
        Ok(theirs) => assert_eq!(ours, Ok(theirs), "{json}"),
        Err(error) => assert!(ours.is_err(), "{json} was read, but {error}"),
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle(f64),
    Line(i8, i8),
    Box { width: u8 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { a: Option<char> },
    B,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Everything {
    #[serde(default)]
    shapes: Vec<Shape>,
    tagged: Option<Tagged>,
    #[serde(flatten)]
    others: BTreeMap<String, (u64, bool)>,
}

#[test]
fn every_type_is_read() {
    check::<Everything>("{}");
    check::<Everything>(r#"{"shapes": null}"#);
    check::<Everything>(
        r#" {"shapes": ["point", {"circle": 1}, {"line": [-1, 2]}, {"box": {"width": 3}}],
                 "tagged": {"a": "ä", "kind": "A"}, "x": [1, true], "y": [2, false]} "#,
    );
    check::<Everything>(r#"{"tagged": {"kind": "B"}}"#);
    for shape in [
        r#""point""#,
        r#"{"point": null}"#,
        "{}",
        r#"{"circle": 1, "line": 2}"#,
    ] {
        check::<Shape>(shape);
    }
    for number in ["255", "256", "-1", "1.0", r#""1""#, "null"] {
        check::<u8>(number);
        check::<Option<u8>>(number);
    }
    check::<i64>("-9223372036854775808");
    check::<i64>("-9223372036854775809");
    check::<u64>("18446744073709551615");
    check::<()>("null");
    check::<String>("7");
    check::<bool>("t");
}

#[test]
fn what_is_wrong_is_said() {
    let said = |json| from_str::<Shape>(json).unwrap_err().to_string();
    assert_eq!(said("[]"), "expected an object at byte 0");
    assert_eq!(said(r#"{"box": {}}"#), "missing field `width`");
    assert_eq!(said(r#"{"circle": "x"}"#), "expected a digit at byte 11");
    assert_eq!(said(r#""point" 1"#), "expected the end at byte 8");
}

#[test]
fn nesting_ends_before_the_stack_does() {
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(from_str::<de::IgnoredAny>(&nested(DEEPEST as usize)).is_ok());
    assert!(from_str::<de::IgnoredAny>(&nested(DEEPEST as usize + 1)).is_err());
    assert!(from_str::<Value>(&nested(1_000_000)).is_err());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // What is written with few digits must be read exactly.
        (any::<i32>(), 0..9_i32).prop_map(|(it, by)| (f64::from(it) / 10_f64.powi(by)).into()),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_read_as_it_was_written(value in value()) {
        prop_assert_eq!(from_str::<Value>(&value.to_string()), Ok(value.clone()));
        let pretty = format!("{value:#}");
        prop_assert_eq!(from_str::<Value>(&pretty), Ok(value));
        prop_assert!(from_str::<de::IgnoredAny>(&pretty).is_ok());
    }

    #[test]
    fn any_number_is_read_to_its_last_digits(number in any::<f64>().prop_filter("JSON has none", |it| it.is_normal())) {
        let read: f64 = from_str(&format!("{number:e}")).unwrap();
        prop_assert!((read / number - 1.0).abs() < 1e-14, "{} became {}", number, read);
        let read: f64 = from_str(&format!("{number:.3}")).unwrap_or(number);
        prop_assert!((read - number).abs() <= number.abs() * 1e-14 + 0.0005);
    }

    #[test]
    fn what_is_no_json_is_not_read(soup in r#"([\[\]{},:"0\-.+eE1 tfnu\\/]|true|null|\\u[dD][8-9a-f]00|"a"){0,12}"#) {
        check::<Value>(&soup);
        let skipped = from_str::<de::IgnoredAny>(&soup).is_ok();
        prop_assert_eq!(skipped, serde_json::from_str::<Value>(&soup).is_ok(), "{}", soup);
    }
}
