//! The only place that touches the browser: requests, the event stream, the
//! DOM, storage. Compiles for the server too, where nothing calls it.

pub(crate) mod dom;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod lease;
pub(crate) mod storage;
pub(crate) mod tabs;
pub(crate) mod turns;
