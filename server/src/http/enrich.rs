//! Highlighted code and set math for the page.

use axum::{Json, extract::State};
use markdown::{Enricher, SafeHtml};
use protocol::{Problem, ProblemKind, api::Enrich};

use super::{AppState, HttpProblem, body::JsonBody};

/// The most pieces one request may ask for.
const LIMIT: usize = 100;

/// Draws each piece; `null` where it stays as it is.
pub(super) async fn enrich(
    State(state): State<AppState>,
    JsonBody(pieces): JsonBody<Vec<Enrich>>,
) -> Result<Json<Vec<Option<String>>>, HttpProblem> {
    if pieces.len() > LIMIT {
        let message = format!("At most {LIMIT} pieces at once.");
        return Err(Problem::new(ProblemKind::TooLarge, message).into());
    }
    // Highlighting takes milliseconds, which no stream should wait for.
    let drawn = tokio::task::spawn_blocking(move || {
        let draw = |piece| match piece {
            Enrich::Code { language, source } => state.enricher.code(&language, &source),
            Enrich::Math { source, display } => state.enricher.math(&source, display),
        };
        pieces
            .into_iter()
            .map(|piece| draw(piece).map(SafeHtml::into_string))
            .collect()
    });
    drawn.await.map(Json).map_err(|error| {
        tracing::error!(%error, "a piece could not be drawn");
        Problem::new(ProblemKind::Internal, "The pieces could not be drawn.").into()
    })
}
