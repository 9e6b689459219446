//! docs/http.md says what is so: each example is run, and its answer is the
//! one written below it.

use std::{
    io::ErrorKind,
    process::{Command, Stdio},
};

use protocol::api;
use serde_json::json;

use crate::site::Site;

const DOCUMENT: &str = include_str!("../../../docs/http.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_example_answers_as_written() {
    match Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
    {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED: there is no curl in PATH");
            return;
        }
        Err(error) => panic!("curl does not start: {error}"),
    }
    let site = Site::new().await;
    let started = site
        .start(json!({"text": "Count from 1 to 5", "model": "demo/guide"}))
        .await;
    site.watch(started.turn, 0).await.rest().await;
    let examples = examples(DOCUMENT);
    for Example {
        line,
        command,
        expected,
    } in &examples
    {
        let output = Command::new("sh")
            .args(["-eu", "-c", command])
            .env("HOST", format!("http://{}", site.address))
            .env("CONVERSATION", started.conversation.to_string())
            .env("QUESTION", started.question.to_string())
            .env("TURN", started.turn.to_string())
            .env("NO_PROXY", "*")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "line {line}: {} {complaint}{said}",
            output.status
        );
        assert!(
            matches(expected, &said),
            "line {line}: expected\n{expected}\ngot\n{said}"
        );
    }
    assert!(examples.len() >= 12, "only {} examples", examples.len());
}

#[test]
fn each_endpoint_has_a_heading() {
    for endpoint in [
        "GET /".to_owned(),
        "GET /c/{conversation}".to_owned(),
        "POST /ask".to_owned(),
        format!("GET {}", api::CONVERSATIONS),
        format!("GET {}", api::CONVERSATION),
        format!("PATCH {}", api::CONVERSATION),
        format!("DELETE {}", api::CONVERSATION),
        format!("POST {}", api::RESTORE),
        format!("POST {}", api::CHANGE_MANY),
        format!("POST {}", api::DELETE_MESSAGES),
        format!("POST {}", api::RESTORE_MESSAGES),
        format!("GET {}", api::EXPORT_ONE),
        format!("GET {}", api::EXPORT),
        format!("POST {}", api::IMPORT),
        format!("GET {}", api::SEARCH),
        format!("GET {}", api::PRESETS),
        format!("PUT {}", api::PRESET),
        format!("DELETE {}", api::PRESET),
        format!("POST {}", api::ATTACHMENTS),
        format!("GET {}", api::ATTACHMENT),
        format!("GET {}", api::CHANGES),
        format!("GET {}", api::MODELS),
        format!("GET {}", api::CACHE),
        "POST /v1/chat/completions".to_owned(),
        "GET /v1/models".to_owned(),
        "GET /v1/models/{model}".to_owned(),
        format!("POST {}", api::TURNS),
        format!("GET {}", api::EVENTS),
        format!("POST {}", api::STOP),
        format!("POST {}", api::ENRICH),
        "GET /assets/{file}".to_owned(),
        "GET /healthz".to_owned(),
        "GET /readyz".to_owned(),
    ] {
        let heading = format!("### `{endpoint}`\n");
        assert!(DOCUMENT.contains(&heading), "no {heading}");
    }
}

/// A block of commands and the block with their answer.
struct Example {
    line: usize,
    command: String,
    expected: String,
}

fn examples(document: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = document.lines().enumerate();
    let mut unanswered = false;
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<_> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .collect();
        let block = block.join("\n");
        match language {
            "sh" => {
                assert!(
                    !unanswered,
                    "line {number}: the example before has no answer"
                );
                examples.push(Example {
                    line: number + 1,
                    command: block,
                    expected: String::new(),
                });
                unanswered = true;
            }
            "text" | "json" if unanswered => {
                examples.last_mut().unwrap().expected = block;
                unanswered = false;
            }
            _ => {}
        }
    }
    assert!(!unanswered, "the last example has no answer");
    examples
}

/// Whether `said` is `expected`, in which `…` stands for anything. How it is
/// spread over lines and spaces is not compared.
fn matches(expected: &str, said: &str) -> bool {
    let dense = |text: &str| -> String { text.split_whitespace().collect() };
    let (expected, said) = (dense(expected), dense(said));
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = said.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn an_answer_matches_when_only_the_gaps_differ() {
    for (expected, said, same) in [
        ("{\"a\": 1}", "{\"a\":1}\n", true),
        ("{\"a\": 1}", "{\"a\":1}x", false),
        ("{\"a\": …, \"c\": 3}", "{\"a\":1,\"b\":2,\"c\":3}", true),
        ("{\"a\": …, \"c\": 3}", "{\"a\":1,\"b\":2,\"c\":4}", false),
        ("a…b…c", "a b x c", true),
        ("a…b…c", "a c b", false),
        ("…b", "a b", true),
        ("", "a", false),
    ] {
        assert_eq!(matches(expected, said), same, "{expected} {said}");
    }
}
