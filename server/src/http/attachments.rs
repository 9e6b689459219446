//! Files sent with messages: taken in by what they hold, whatever their sender
//! says of them, and given out so that a browser runs nothing of them.

mod content;
mod name;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{Attachment, Problem, ProblemKind, api};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::StoredFile;

use super::{
    AppState, HttpProblem,
    body::{self, QueryOf},
    disposition, now_ms,
};
pub(super) use content::Refusal;
use content::{TEXT, image_type, recognise};
pub(super) use name::sanitised;

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
}

/// Keeps a file.
pub(super) async fn upload(
    State(state): State<AppState>,
    QueryOf(Named { name }): QueryOf<Named>,
    request: Request,
) -> Result<Response, Response> {
    let limit = state.limits.attachment_bytes;
    let bytes = body::read(request, limit).await.map_err(|refused| {
        // Nothing else is refused for its size here.
        match refused.0.kind {
            ProblemKind::TooLarge => Refusal::TooLarge("file", limit).into_response(),
            _ => refused.into_response(),
        }
    })?;
    let text_limit = state.message_limit;
    let (attachment, bytes) = blocking(move || take_in(&name, bytes, text_limit))
        .await
        .map_err(IntoResponse::into_response)?
        .map_err(IntoResponse::into_response)?;
    let kept = state
        .store
        .keep_attachment(&attachment, &bytes, now_ms())
        .await;
    kept.map_err(|error| HttpProblem::from(error).into_response())?;
    let location = [(header::LOCATION, api::attachment(&attachment.hash))];
    Ok((StatusCode::CREATED, location, Json(attachment)).into_response())
}

/// The bytes of a file. Under one address there are never others, so a browser
/// may keep them, but for those that must be on no disk.
pub(super) async fn download(
    State(state): State<AppState>,
    hash: Result<Path<String>, axum::extract::rejection::PathRejection>,
    request: HeaderMap,
) -> Result<Response, HttpProblem> {
    let hash = hash.map(|Path(hash)| hash).unwrap_or_default();
    let is_hash = hash.len() == 64
        && hash
            .bytes()
            .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err(store::Error::NotFound("attachment").into());
    }
    let StoredFile {
        attachment,
        bytes,
        kept,
    } = state.store.attachment(&hash).await?;
    let mut headers = HeaderMap::new();
    let mut set = |name, value| headers.insert(name, value);
    let tag = HeaderValue::try_from(format!("\"{hash}\"")).ok();
    let cache = match kept {
        true => "private, max-age=31536000, immutable",
        false => "no-store",
    };
    set(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    // Opened by itself it is a page of no origin, which loads and runs nothing.
    set(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if let Some(tag) = tag {
        if request.get(header::IF_NONE_MATCH) == Some(&tag) {
            set(header::ETAG, tag);
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        set(header::ETAG, tag);
    }
    // Whatever the store has, no other type is ever shown.
    let (content_type, disposition) = match image_type(&attachment.media_type) {
        Some(image) => (image, disposition::shown(&attachment.name)),
        None => (TEXT, disposition::saved(&attachment.name)),
    };
    set(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    set(header::CONTENT_DISPOSITION, disposition);
    Ok((headers, bytes).into_response())
}

/// What becomes of a file with this name: what is said of it, and the bytes
/// to keep. A text may have at most `text_limit` of them.
pub(super) fn take_in(
    name: &str,
    bytes: Bytes,
    text_limit: usize,
) -> Result<(Attachment, Bytes), Refusal> {
    let content = recognise(bytes, text_limit)?;
    let attachment = Attachment {
        hash: format!("{:x}", Sha256::digest(&content.bytes)),
        name: sanitised(name),
        media_type: content.media_type.to_owned(),
        bytes: content.bytes.len() as u64,
        tokens: content.tokens,
    };
    Ok((attachment, content.bytes))
}

/// Runs what takes milliseconds where no stream waits for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HttpProblem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a file could not be looked at");
        let message = "The file could not be looked at.";
        Problem::new(ProblemKind::Internal, message).into()
    })
}
