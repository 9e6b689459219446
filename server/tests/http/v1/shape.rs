//! Whatever goes wrong below `/v1` has OpenAI's shape, whoever says it.

use std::sync::Arc;

use async_trait::async_trait;
use gateway::{Answer, AnswerRequest, Gateway};
use protocol::{ModelList, Problem};
use serde_json::Value;

use super::{CHAT, ask, read};
use crate::{reply::Reply, site::Site};

#[track_caller]
fn check(reply: &Reply, status: u16, code: Option<&str>, words: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-should-retry"), "false");
    let error = &read(reply)["error"];
    assert_eq!(error["code"].as_str(), code, "{error}");
    assert!(error["type"].is_string(), "{error}");
    assert_eq!(error["param"], Value::Null, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
}

#[tokio::test]
async fn what_is_not_there_or_not_taken_is_said_in_the_format_of_openai() {
    let site = Site::new().await;
    let missing = Some("unknown_url");
    for line in ["GET /v1/nothing", "POST /v1/", "GET /v1", "GET /v1/chat"] {
        let request = site.request(line).header("accept", "text/html");
        check(&Reply::to(request).await, 404, missing, "nothing at");
    }
    let reply = site.get(CHAT).await;
    check(&reply, 405, None, "does not take GET");
    assert_eq!(reply.header("allow"), "POST");

    let body = ask("demo/guide", serde_json::json!({}));
    let foreign = site.request(&format!("POST {CHAT}")).json(&body);
    let reply = Reply::to(foreign.header("origin", "http://evil.example")).await;
    check(&reply, 403, None, "another site");
    let elsewhere = site.request("GET /v1/models");
    let reply = Reply::to(elsewhere.header("host", "evil.example")).await;
    check(&reply, 421, None, "the name");

    // Others have the shape of the rest.
    site.get("/version1").await.problem();
}

/// A gateway that breaks.
struct Broken;

#[async_trait]
impl Gateway for Broken {
    async fn models(&self) -> ModelList {
        ModelList::default()
    }

    fn resolve(&self, _model: Option<&str>) -> Result<String, Problem> {
        panic!("the gateway broke")
    }

    fn answer(&self, _request: AnswerRequest) -> Box<dyn Answer> {
        panic!("the gateway broke")
    }
}

#[tokio::test]
async fn a_panic_is_said_in_the_format_of_openai() {
    let site = Site::with_gateway(|_| Arc::new(Broken)).await;
    let body = ask("demo/guide", serde_json::json!({}));
    let reply = site.post(CHAT, &body).await;
    check(&reply, 500, None, "on our side");
    assert_eq!(read(&reply)["error"]["type"], "server_error");
}
