//! The demo models, asked as the page asks them. A script without words speeds
//! them up.

use serde_json::{Value, json};

use crate::lab::{Lab, Received};

async fn answer(lab: &Lab, model: &str, question: &str) -> Received {
    let request = lab.request(json!({
        "model": model,
        "stream": true,
        "messages": [
            {"role": "system", "content": "count from 1 to 2"},
            {"role": "user", "content": "count from 1 to 2"},
            {"role": "assistant", "content": "repeat x"},
            {"role": "user", "content": question},
        ],
        // Few events, to be quick about long answers.
        "simulate": {"chunk_tokens": 100},
    }));
    Received::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_models_are_listed_with_names_and_descriptions() {
    let lab = Lab::new().await;
    let response = lab.client.get(lab.url("/v1/models")).send().await.unwrap();
    let models: Value = response.json().await.unwrap();
    assert_eq!(models["object"], "list");
    let models = models["data"].as_array().unwrap();
    let ids: Vec<&str> = models
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["guide", "thinker", "slow", "novelist", "fragile"]);
    for model in models {
        assert_eq!(model["object"], "model");
        assert!(model["name"].is_string());
        let description = model["description"].as_str().unwrap();
        assert!(description.starts_with("Simulation: "));
    }
}

#[tokio::test]
async fn suggestions_of_the_empty_page_work_with_any_model() {
    let lab = Lab::new().await;
    for model in ["guide", "thinker", "slow", "novelist", "fragile"] {
        let counted = answer(&lab, model, "Count from 1 to 500").await.text();
        let numbers = counted.strip_prefix("Simulated count:\n\n").unwrap();
        let numbers: Vec<u32> = numbers
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
        let written = answer(&lab, model, "Write 2000 words").await.text();
        assert_eq!(written.split_whitespace().count(), 2000);
        let echoed = answer(&lab, model, "Repeat **a** `b`\n- c").await.text();
        assert_eq!(echoed, "Simulated echo:\n\n**a** `b`\n- c");
    }
    let about = answer(&lab, "guide", "What is Rivulet?").await.text();
    assert!(about.contains("## What Rivulet is"));
    let tour = answer(&lab, "guide", "Show me Markdown, code, a table and math").await;
    for mark in [
        "# ",
        "- ",
        "```rust",
        "```python",
        "|:---",
        "$$",
        "\\(",
        "> ",
        "](",
    ] {
        assert!(tour.text().contains(mark), "{mark}");
    }
}

#[tokio::test]
async fn the_novelist_writes_five_thousand_words() {
    let lab = Lab::new().await;
    let novel = answer(&lab, "novelist", "Tell me about rivers")
        .await
        .text();
    assert_eq!(novel.split_whitespace().count(), 5000);
}

#[tokio::test]
async fn a_million_numbers_can_be_counted() {
    let lab = Lab::new().await;
    let received = answer(&lab, "guide", "count from 1 to 1,000,000").await;
    let text = received.text();
    assert!(text.ends_with(" 999999 1000000"));
    assert_eq!(text.split_whitespace().count(), 1_000_002);
}

/// What a model does by itself, at its own speed: not streamed, or cut short
/// by a limit, to be quick about it.
#[tokio::test]
async fn models_have_ways_of_their_own() {
    let lab = Lab::new().await;
    let ask = async |model: &str, limit: u64| {
        let request = lab.request(json!({
            "model": model,
            "stream": true,
            "max_tokens": limit,
            "messages": [{"role": "user", "content": "count from 1 to 10"}],
        }));
        Received::read(request.send().await.unwrap()).await
    };
    let thinker = ask("thinker", 8).await;
    let thinking = thinker.deltas("reasoning_content").concat();
    assert!(thinking.starts_with("(simulated thinking)"));
    assert_eq!(thinker.finish_reason().as_deref(), Some("length"));

    let fragile = ask("fragile", u64::MAX).await;
    assert!(fragile.error.is_some());
    assert_eq!(fragile.text(), "Simulated count:\n\n1 2", "7 of 15 tokens");
    assert_eq!(fragile.finish_reason(), None);
}

#[tokio::test]
async fn images_and_files_are_measured() {
    // The head of a PNG.
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA=";
    let lab = Lab::new().await;
    let address = format!("data:image/png;base64,{PNG}");
    let file = "File \"notes.txt\":\n```\none\ntwo\n```";
    let ask = async |text: &str| {
        let request = lab.request(json!({
            "model": "guide",
            "stream": true,
            "simulate": {"chunk_tokens": 100},
            "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": address}},
                {"type": "text", "text": file},
                {"type": "text", "text": text},
            ]}],
        }));
        Received::read(request.send().await.unwrap()).await.text()
    };
    let said = ask("What is this?").await;
    for words in [
        "simulation",
        "an image of 640×480 pixels (PNG), 29 bytes",
        "`notes.txt`: 2 lines, 7 bytes",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // What is asked of it exactly it does exactly.
    assert_eq!(ask("Repeat a END b").await, "Simulated echo:\n\na END b");
}
