//! Finding titles and messages.

use axum::{Json, extract::State};
use protocol::{Problem, ProblemKind, api::Hit};
use serde::Deserialize;
use store::LONGEST_QUERY;

use super::{AppState, HttpProblem, body::QueryOf};

/// The most hits of one search.
const MOST_HITS: u32 = 50;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

pub(super) async fn search(
    State(state): State<AppState>,
    QueryOf(Search { q }): QueryOf<Search>,
) -> Result<Json<Vec<Hit>>, HttpProblem> {
    let query = q.trim();
    if query.chars().count() > LONGEST_QUERY {
        let message = format!("A search has at most {LONGEST_QUERY} characters.");
        let problem = Problem::new(ProblemKind::BadRequest, message);
        return Err(problem.advice("Search for fewer words.").into());
    }
    if query.is_empty() {
        return Ok(Json(Vec::new()));
    }
    Ok(Json(state.store.search(query, MOST_HITS).await?))
}
