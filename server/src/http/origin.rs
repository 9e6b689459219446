//! Whether a request may be what it seems: asked under a name of ours, and, if
//! it changes something, by a page of ours.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::{Problem, ProblemKind};

use super::HttpProblem;

/// The names under which the server may be reached.
///
/// A page of another site whose name was made to point at 127.0.0.1 (DNS
/// rebinding) is, to a browser, of one origin with a server there. Its requests
/// still carry the other site's name in `Host`.
#[derive(Debug, Clone, Default)]
pub enum Hosts {
    /// Any: whoever listens for others is reached by names it does not know.
    #[default]
    Any,
    /// These, without ports; addresses and `localhost` besides, which no other
    /// site can be called.
    Only(Arc<[String]>),
}

impl Hosts {
    fn allow(&self, authority: &str) -> bool {
        let Self::Only(names) = self else {
            return true;
        };
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let address = host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Refuses requests made under a name that is not ours.
pub(super) async fn known_host(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Response {
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => text(&request, header::HOST.as_str()),
    };
    // Only programs of before 1997 leave it out.
    if named.is_none_or(|authority| hosts.allow(authority)) {
        return next.run(request).await;
    }
    let problem = Problem::new(
        ProblemKind::BadRequest,
        "This server does not know the name under which it was asked.",
    )
    .advice("If the name is yours, add it to the setting `hosts` (--hosts, RIVULET_HOSTS).");
    let status = StatusCode::MISDIRECTED_REQUEST;
    match text(&request, header::ACCEPT.as_str()) {
        // Somebody who has just set up a proxy; our own pages are not for them.
        Some(accept) if accept.contains("text/html") => {
            (status, format!("{} {}", problem.message, problem.advice)).into_response()
        }
        _ => HttpProblem(problem).with_status(status),
    }
}

/// Refuses requests that change something and were made by another site's
/// page: whoever reads such a page must not thereby send, stop or delete here.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if changes && is_foreign(&request) {
        return HttpProblem(
            Problem::new(ProblemKind::Auth, "This request came from another site's page.").advice(
                "Behind a proxy, let it pass the Host header on (nginx: proxy_set_header Host $http_host).",
            ),
        )
        .into_response();
    }
    next.run(request).await
}

fn is_foreign(request: &Request) -> bool {
    if let Some(site) = text(request, "sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    // Browsers send Sec-Fetch-Site on secure origins alone; on plain http the
    // Origin must be the host that was asked.
    let Some(origin) = text(request, "origin") else {
        return false;
    };
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    !["host", "x-forwarded-host"]
        .map(|name| text(request, name))
        .contains(&Some(host))
}

fn text<'a>(request: &'a Request, header: &str) -> Option<&'a str> {
    request.headers().get(header)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_and_addresses_are_allowed() {
        let ours = Hosts::Only(["chat.example.com".to_owned()].into());
        for (authority, allowed) in [
            ("127.0.0.1:8787", true),
            ("192.168.1.7", true),
            ("[::1]:8787", true),
            ("localhost:8787", true),
            ("page.localhost", true),
            ("chat.example.com", true),
            ("Chat.Example.com.:443", true),
            ("evil.example:8787", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("chat.example.com.evil.example", false),
            ("", false),
        ] {
            assert_eq!(ours.allow(authority), allowed, "{authority}");
            assert!(Hosts::Any.allow(authority));
        }
    }
}
