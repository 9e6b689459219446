//! What is refused, and in which words.

use protocol::{Problem, ProblemKind, api};
use reqwest::header;
use serde_json::{Value, json};

use crate::{
    reply::Reply,
    site::{HOST, Site},
};

/// An id of the right form that nothing has.
pub(crate) const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// Sends a request, perhaps with a JSON body; expects a problem with this
/// status, of this kind, whose words contain `words`.
pub(crate) async fn check(
    site: &Site,
    line: &str,
    body: &str,
    expected: (u16, ProblemKind),
    words: &str,
) {
    let mut request = site.request(line);
    if !body.is_empty() {
        request = request
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_owned());
    }
    let reply = Reply::to(request).await;
    refused(&format!("{line} {body:.80}"), &reply, expected, words);
}

#[track_caller]
pub(crate) fn refused(
    what: &str,
    reply: &Reply,
    expected: (u16, ProblemKind),
    words: &str,
) -> Problem {
    assert_eq!(reply.status, expected.0, "{what}: {}", reply.body);
    let problem = reply.problem();
    assert_eq!(problem.kind, expected.1, "{what}");
    let said = problem.to_string();
    assert!(said.contains(words), "{what} said {said:?}, not {words:?}");
    problem
}

pub(crate) const BAD: (u16, ProblemKind) = (400, ProblemKind::BadRequest);
pub(crate) const MISSING: (u16, ProblemKind) = (404, ProblemKind::NotFound);
const METHOD: (u16, ProblemKind) = (405, ProblemKind::BadRequest);
pub(crate) const LARGE: (u16, ProblemKind) = (413, ProblemKind::TooLarge);

#[tokio::test]
async fn a_turn_is_refused_for_what_is_wrong_with_it() {
    let site = Site::new().await;
    let line = &format!("POST {}", api::TURNS);
    for (body, expected, words) in [
        (r#"{"text": ""}"#, BAD, "empty"),
        (r#"{"text": " \n\t"}"#, BAD, "Write something first."),
        (r#"{"text": "a\u0000b"}"#, BAD, "NUL"),
        ("{\"text\": \"x\",\n \"model\": }", BAD, "line 2 column 11"),
        ("{\"text\": \"x\"", BAD, "line 1"),
        ("[]", BAD, "struct StartTurn"),
        ("{}", BAD, "`text`"),
        (r#"{"text": 5}"#, BAD, "expected a string at line 1"),
        (r#"{"text": "x", "txet": "y"}"#, BAD, "unknown field `txet`"),
        (r#"{"text": "x", "conversation": "7"}"#, BAD, "line 1"),
        (
            r#"{"text": "x", "settings": {"heat": 1}}"#,
            BAD,
            "unknown field `heat`",
        ),
        (
            r#"{"text": "x", "settings": {"temperature": 3}}"#,
            BAD,
            "between 0 and 2",
        ),
        (
            r#"{"text": "x", "settings": {"max_tokens": 0}}"#,
            BAD,
            "at least 1",
        ),
        (
            r#"{"text": "x", "model": "demo/nobody"}"#,
            MISSING,
            "demo/nobody",
        ),
        (r#"{"text": "x", "model": "nobody"}"#, MISSING, "demo/guide"),
    ] {
        check(&site, line, body, expected, words).await;
    }
    for (member, words) in [("conversation", "conversation"), ("parent", "conversation")] {
        let body = json!({"text": "x", member: NOTHING}).to_string();
        let expected = if member == "parent" { BAD } else { MISSING };
        check(&site, line, &body, expected, words).await;
    }
    let conversations = site.get(api::CONVERSATIONS).await;
    assert_eq!(conversations.body, "[]", "nothing was stored");
    assert_eq!(site.simulator.stats().total, 0, "nobody was asked");
}

#[tokio::test]
async fn what_is_too_long_is_refused_with_the_limit() {
    let site = Site::new().await;
    let line = &format!("POST {}", api::TURNS);
    let message = json!({"text": "x".repeat(1_000_001)}).to_string();
    check(&site, line, &message, LARGE, "1000001 bytes").await;
    let longest = json!({"text": "x".repeat(1_000_000)});
    assert_eq!(site.post(api::TURNS, &longest).await.status, 201);

    // Beyond what any message needs, nothing of the body is kept.
    let body_limit = 6 * 1_000_000 + 512 * 1024;
    let body = " ".repeat(body_limit + 1);
    check(&site, line, &body, LARGE, &body_limit.to_string()).await;
    let stop = format!("POST {}/{NOTHING}/stop", api::TURNS);
    check(&site, &stop, &body, LARGE, &body_limit.to_string()).await;
    // Who sends far more hears of it, too, and finds no broken connection.
    let body = " ".repeat(10 * body_limit);
    check(&site, line, &body, LARGE, &body_limit.to_string()).await;

    let pieces = json!(vec![
        json!({"kind": "math", "source": "x", "display": false});
        101
    ]);
    let line = &format!("POST {}", api::ENRICH);
    check(&site, line, &pieces.to_string(), LARGE, "At most 100").await;
}

#[tokio::test]
async fn unknown_and_malformed_addresses_are_problems() {
    let site = Site::new().await;
    for id in [NOTHING, "7", "%00", "%F0%9F%A6%80"] {
        for (line, body) in [
            (format!("GET /api/conversations/{id}"), ""),
            (format!("PATCH /api/conversations/{id}"), r#"{"title":"x"}"#),
            (format!("DELETE /api/conversations/{id}"), ""),
            (format!("POST /api/conversations/{id}/restore"), ""),
            (format!("GET /api/conversations/{id}/export"), ""),
            (
                format!("POST /api/conversations/{id}/messages/delete"),
                r#"{"messages": []}"#,
            ),
            (
                format!("POST /api/conversations/{id}/messages/restore"),
                r#"{"messages": []}"#,
            ),
            (format!("GET /api/turns/{id}/events"), ""),
            (format!("POST /api/turns/{id}/stop"), ""),
        ] {
            check(&site, &line, body, MISSING, "").await;
        }
    }
    for line in ["GET /api/nothing", "POST /nothing", "GET /api/turns/"] {
        check(&site, line, "", MISSING, "nothing at this address").await;
    }
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let site = Site::new().await;
    for (line, allowed) in [
        ("DELETE /api/turns", "POST"),
        ("POST /api/models", "GET,HEAD"),
        ("GET /api/conversations/change", "POST"),
        ("POST /api/presets/x", "PUT,DELETE"),
        ("GET /api/attachments", "POST"),
        ("GET /api/import", "POST"),
        ("PUT /api/conversations/x", "GET,HEAD,PATCH,DELETE"),
        ("POST /", "GET,HEAD"),
        ("PUT /api/turns/x/stop", "POST"),
        ("OPTIONS /api/turns", "POST"),
    ] {
        let reply = Reply::to(site.request(line)).await;
        refused(line, &reply, METHOD, "does not take");
        assert_eq!(reply.header("allow"), allowed, "{line}");
    }
}

#[tokio::test]
async fn bodies_of_another_type_are_refused() {
    let site = Site::new().await;
    for content_type in ["", "text/plain", "application/x-www-form-urlencoded"] {
        let mut request = site.request("POST /api/turns").body(r#"{"text":"x"}"#);
        if !content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let reply = Reply::to(request).await;
        let expected = (415, ProblemKind::BadRequest);
        refused(content_type, &reply, expected, "application/json");
    }
    let request = site.request("POST /api/turns").body(r#"{"text":"x"}"#);
    let with_charset = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    assert_eq!(Reply::to(with_charset).await.status, 201);
}

#[tokio::test]
async fn a_position_must_be_a_number() {
    let site = Site::new().await;
    let turn = site.finish(json!({"text": "whole"})).await.turn;
    let path = format!("/api/turns/{turn}/events");
    for after in ["x", "-1", "1.5", "", "99999999999999999999999"] {
        let line = format!("GET {path}?after={after}");
        check(&site, &line, "", BAD, "`after` must be the number").await;

        let request = site.request(&format!("GET {path}"));
        let reply = Reply::to(request.header("last-event-id", after)).await;
        refused(after, &reply, BAD, "`Last-Event-ID` must be the number");
    }
}

#[tokio::test]
async fn other_bodies_are_checked_too() {
    let site = Site::new().await;
    let started = site.finish(json!({"text": "whole"})).await;
    let rename = &format!("PATCH {}", api::conversation(started.conversation));
    let stop = &format!("POST {}", api::stop(started.turn));
    let enrich = &format!("POST {}", api::ENRICH);
    let title = |title: &str| json!({"title": title}).to_string();
    for (line, body, words) in [
        (rename, title(" "), "1 to 200 characters"),
        (rename, title(&"ä".repeat(201)), "1 to 200 characters"),
        (
            rename,
            json!({"folder": "x".repeat(81)}).to_string(),
            "0 to 80",
        ),
        (
            rename,
            json!({"settings": {"typing": {"typewriter": 0}}}).to_string(),
            "1 to 1000 characters a second",
        ),
        (
            rename,
            json!({"color": 1}).to_string(),
            "unknown field `color`",
        ),
        (stop, r#"{"shown": -1}"#.to_owned(), "line 1"),
        (stop, r#"{"show": 1}"#.to_owned(), "unknown field `show`"),
        (enrich, r#"[{"kind": "song"}]"#.to_owned(), "`song`"),
    ] {
        check(&site, line, &body, BAD, words).await;
    }
    let longest = site
        .request(rename)
        .json(&json!({"title": "ä".repeat(200)}));
    assert_eq!(Reply::to(longest).await.status, 204);
}

#[tokio::test]
async fn a_name_that_is_not_ours_gets_nothing() {
    let site = Site::new().await;
    let ask = |line: &str, host: &str| Reply::to(site.request(line).header("host", host));
    let reply = ask("GET /api/conversations", "evil.example").await;
    let expected = (421, ProblemKind::BadRequest);
    let problem = refused("Host: evil.example", &reply, expected, "the name");
    assert!(problem.advice.contains("RIVULET_HOSTS"), "{problem}");
    for host in [HOST, "localhost"] {
        assert_eq!(ask("GET /api/conversations", host).await.status, 200);
    }
    let page = site.request("GET /").header("accept", "text/html");
    let reply = Reply::to(page.header("host", "evil.example")).await;
    assert_eq!(reply.status, 421);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn other_sites_pages_cannot_change_anything() {
    let site = Site::new().await;
    let host = site.address.to_string();
    let own = format!("http://{host}");
    let body: Value = json!({"text": "x"});
    for (headers, refused_here) in [
        (vec![], false),
        (vec![("origin", own.as_str())], false),
        (vec![("origin", "http://evil.example")], true),
        (vec![("origin", "null")], true),
        (vec![("sec-fetch-site", "same-origin")], false),
        (vec![("sec-fetch-site", "none")], false),
        (vec![("sec-fetch-site", "cross-site")], true),
        (vec![("sec-fetch-site", "same-site")], true),
        (
            vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
            true,
        ),
    ] {
        for path in [api::TURNS, "/ask"] {
            let mut request = site.request(&format!("POST {path}"));
            request = match path {
                api::TURNS => request.json(&body),
                _ => request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body("text=+"),
            };
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let reply = Reply::to(request).await;
            if refused_here {
                let expected = (403, ProblemKind::Auth);
                refused(&format!("{headers:?}"), &reply, expected, "another site");
            } else {
                assert_ne!(reply.status, 403, "{path} {headers:?}");
            }
        }
    }
    let read = site.request("GET /api/conversations");
    let reply = Reply::to(read.header("origin", "http://evil.example")).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}
