//! Probes, and what happens when something inside is broken.

use std::sync::Arc;

use async_trait::async_trait;
use gateway::{Answer, AnswerRequest, Gateway};
use protocol::{ModelList, Problem, ProblemKind, api};
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn probes_tell_alive_from_ready() {
    let site = Site::new().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(site.get(path).await.status, 204, "{path}");
    }
    site.store.close().await;
    assert_eq!(site.get("/healthz").await.status, 204);
    let reply = site.get("/readyz").await;
    assert_eq!(reply.status, 503);
    let problem = reply.problem();
    assert_eq!(problem.kind, ProblemKind::Storage);
    assert!(problem.retryable);
}

#[tokio::test]
async fn a_database_that_fails_is_a_clear_problem_everywhere() {
    let site = Site::new().await;
    let started = site.finish(json!({"text": "Yes."})).await;
    site.store.close().await;
    for path in [
        api::CONVERSATIONS.to_owned(),
        api::conversation(started.conversation),
    ] {
        let reply = site.get(&path).await;
        assert_eq!(reply.status, 503, "{path}");
        let problem = reply.problem();
        let words = "The database cannot be used: ";
        assert!(problem.message.starts_with(words), "{problem}");
    }
    let reply = site.post(api::TURNS, &json!({"text": "x"})).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.problem().kind, ProblemKind::Storage);
    assert_eq!(site.simulator.stats().total, 1, "nobody was asked again");

    let page = site.get("/").await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("The database cannot be used: "));
}

/// A gateway with a fault of ours in it.
struct Broken;

#[async_trait]
impl Gateway for Broken {
    async fn models(&self) -> ModelList {
        panic!("the list of models is broken")
    }

    fn resolve(&self, _: Option<&str>) -> Result<String, Problem> {
        panic!("the choice of a model is broken")
    }

    fn answer(&self, _: AnswerRequest) -> Box<dyn Answer> {
        panic!("answers are broken")
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_a_problem_and_the_server_goes_on() {
    let site = Site::with_gateway(|_| Arc::new(Broken)).await;
    for reply in [
        site.get(api::MODELS).await,
        site.post(api::TURNS, &json!({"text": "x"})).await,
    ] {
        assert_eq!(reply.status, 500);
        let problem = reply.problem();
        assert_eq!(problem.kind, ProblemKind::Internal);
        assert!(!problem.message.contains("broken"), "{problem}");
    }
    assert_eq!(site.get("/healthz").await.status, 204);
}
