//! `simulate`, `example-config` and `--version`.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::rivulet::{Rivulet, command, output};

#[tokio::test]
async fn simulate_serves_the_simulator_by_itself() {
    let mut simulator = Rivulet::start(&["simulate", "--listen", "127.0.0.1:0"]).await;
    let get = async |path: &str| -> Value {
        let request = simulator.client.get(format!("{}{path}", simulator.url));
        request.send().await.unwrap().json().await.unwrap()
    };
    let models = get("/v1/models").await;
    assert!(models.to_string().contains("\"guide\""), "{models}");
    let body = json!({
        "model": "guide",
        "messages": [{"role": "user", "content": "repeat after me"}],
        "simulate": {"first_token_ms": 0, "tokens_per_second": 0},
    });
    let url = format!("{}/v1/chat/completions", simulator.url);
    let answer = simulator.client.post(url).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let text = answer["choices"][0]["message"]["content"].as_str();
    assert!(text.unwrap().ends_with("after me"), "{answer}");
    assert_eq!(get("/stats").await["completed"], 1);

    simulator.terminate().await;
    let ended = simulator.end(Duration::from_secs(10)).await;
    assert_eq!(ended.expect("it ends by itself").code(), Some(0));
}

#[tokio::test]
async fn the_example_configuration_can_be_used_as_it_is() {
    let example = output(&mut command(&["example-config"])).await;
    assert!(example.status.success());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rivulet.toml");
    fs::write(&file, &example.stdout).unwrap();
    let data = directory.path().join("data");
    let server = Rivulet::start(&[
        "--config",
        file.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ])
    .await;
    let ready = server.client.get(format!("{}/readyz", server.url));
    assert_eq!(ready.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn the_version_is_told() {
    let version = output(&mut command(&["--version"])).await;
    let expected = format!("rivulet {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
}
