//! What all streams of events have in common.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// How often a heartbeat goes out: proxies close what is silent for longer.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);

/// Says that nothing on the way may hold or change the stream. With these a
/// default nginx passes each event on at once.
pub(super) fn set_headers(headers: &mut HeaderMap, content_type: &'static str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}
