use serde_json::json;

use super::*;

fn upstream() -> Upstream {
    let url = "http://127.0.0.1:9/v1".parse().unwrap();
    Upstream::new("acme", &url, Some("sk-secret".into()))
}

fn of(format: Format, status: StatusCode, body: &str) -> Error {
    of_response(
        &upstream(),
        format,
        status,
        &HeaderMap::new(),
        body.as_bytes(),
    )
}

fn check(status: u16, body: &str, kind: ProblemKind, message: &str, code: Option<&str>) {
    let status = status.try_into().unwrap();
    let error = of(Format::OpenAi, status, body);
    assert_eq!(
        (error.kind, error.message.as_str(), error.code.as_deref()),
        (kind, message, code),
        "{status} {body}"
    );
}

#[test]
fn statuses_and_codes_give_the_category() {
    use ProblemKind::*;
    let said = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"message":"Sorry.","type":"{kind}","param":null,"code":{code}}}}}"#)
    };
    for (status, class, code, expected) in [
        (400, "invalid_request_error", "null", BadRequest),
        (
            400,
            "invalid_request_error",
            r#""context_length_exceeded""#,
            ContextTooLong,
        ),
        (
            400,
            "invalid_request_error",
            r#""content_policy_violation""#,
            ContentBlocked,
        ),
        (401, "invalid_request_error", r#""invalid_api_key""#, Auth),
        (403, "", "null", Auth),
        (402, "", "null", QuotaExhausted),
        (
            404,
            "invalid_request_error",
            r#""model_not_found""#,
            NotFound,
        ),
        (408, "", "null", Timeout),
        (409, "", "null", Overloaded),
        (413, "", "null", TooLarge),
        (429, "requests", r#""rate_limit_exceeded""#, RateLimited),
        (429, "rate_limit_error", r#""slow_down""#, RateLimited),
        (
            429,
            "insufficient_quota",
            r#""insufficient_quota""#,
            QuotaExhausted,
        ),
        (429, "", r#""credit_balance_exhausted""#, QuotaExhausted),
        (429, "", r#""enforced_spend_limit_reached""#, QuotaExhausted),
        (500, "server_error", "null", Overloaded),
        (
            503,
            "service_unavailable_error",
            r#""server_is_overloaded""#,
            Overloaded,
        ),
        (503, "", r#""slow_down""#, Overloaded),
        (504, "", "null", Timeout),
        (529, "", "529", Overloaded),
    ] {
        let body = said(class, code);
        let word = Some(code.trim_matches('"')).filter(|code| *code != "null");
        let word = word.or(Some(class).filter(|class| !class.is_empty()));
        check(status, &body, expected, "Sorry.", word);
    }
}

#[test]
fn every_shape_of_body_gives_a_sentence() {
    use ProblemKind::*;
    check(
        400,
        r#"{"error":"plain text"}"#,
        BadRequest,
        "plain text",
        None,
    );
    check(
        404,
        r#"{"detail":"Not Found"}"#,
        NotFound,
        "Not Found",
        None,
    );
    check(
        422,
        r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#,
        BadRequest,
        "field required",
        None,
    );
    check(
        400,
        r#"{"object":"error","message":"This model's maximum context length is 8 tokens.","type":"BadRequestError","code":400}"#,
        ContextTooLong,
        "This model's maximum context length is 8 tokens.",
        Some("BadRequestError"),
    );
    check(
        400,
        r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
        Auth,
        "API key not valid.",
        Some("API_KEY_INVALID"),
    );
    check(500, "went\n  wrong", Overloaded, "went wrong", None);
    check(
        502,
        "<html><h1>Bad Gateway</h1>",
        Overloaded,
        "acme answered \"502 Bad Gateway\" with a web page instead of a reason.",
        None,
    );
    check(
        404,
        "",
        NotFound,
        "acme answered \"404 Not Found\" without a reason. Is its base address right? It \
         usually ends in /v1.",
        None,
    );
}

#[test]
fn messages_are_short_and_hold_no_key() {
    check(
        401,
        r#"{"error":{"message":"Incorrect key: sk-secret","code":"bad:sk-secret"}}"#,
        ProblemKind::Auth,
        "Incorrect key: [key]",
        Some("bad:[key]"),
    );
    let long = "x".repeat(10_000);
    let error = of(Format::OpenAi, StatusCode::INTERNAL_SERVER_ERROR, &long);
    assert_eq!(error.message.chars().count(), 501);
}

#[test]
fn errors_within_a_stream_are_told_by_their_words() {
    use ProblemKind::*;
    for (body, expected) in [
        (r#""the backend died""#, Overloaded),
        (
            r#"{"message":"Slow.","type":"rate_limit_error"}"#,
            RateLimited,
        ),
        (r#"{"message":"m","code":502}"#, Overloaded),
        (r#"{"message":"m","code":401}"#, Auth),
        (
            r#"{"error":{"message":"m","type":"invalid_request_error"}}"#,
            BadRequest,
        ),
        (
            r#"{"message":"the request exceeds the available context size"}"#,
            ContextTooLong,
        ),
        ("null", Overloaded),
    ] {
        let body = serde_json::from_str(body).unwrap();
        let error = within_stream(&upstream(), &body);
        assert_eq!(error.kind, expected, "{body}");
        assert!(!error.message.is_empty());
    }
}

#[test]
fn a_400_is_told_by_its_sentence() {
    use ProblemKind::*;
    let anthropic = |message: &str| json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}});
    let xai =
        |message: &str| json!({"code": "Client specified an invalid argument", "error": message});
    for (body, expected) in [
        (
            anthropic("Your credit balance is too low to access the Anthropic API."),
            QuotaExhausted,
        ),
        (
            anthropic("You have reached your specified API usage limits."),
            QuotaExhausted,
        ),
        (anthropic("messages: at least one is required"), BadRequest),
        (
            xai(
                "Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai.",
            ),
            Auth,
        ),
        (
            xai(
                "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
            ),
            ContextTooLong,
        ),
        (
            json!({"error": r#"{"error":{"code":400,"message":"request (8889 tokens) exceeds the available context size (4096 tokens)","type":"exceed_context_size_error"}}"#}),
            ContextTooLong,
        ),
        (
            json!({"error": "the input length exceeds the context length"}),
            ContextTooLong,
        ),
    ] {
        let error = of(Format::OpenAi, StatusCode::BAD_REQUEST, &body.to_string());
        assert_eq!(error.kind, expected, "{body}");
        assert!(!error.message.starts_with('{'), "{}", error.message);
    }
    // Elsewhere such a sentence may be about anything.
    let body = anthropic("Your credit balance is too low.").to_string();
    let error = of(Format::OpenAi, StatusCode::CONFLICT, &body);
    assert_eq!(error.kind, Overloaded);
    let error = of(
        Format::OpenAi,
        StatusCode::BAD_REQUEST,
        &xai("No.").to_string(),
    );
    let code = error.code.as_deref();
    assert_eq!(code, Some("Client specified an invalid argument"));
}

#[test]
fn the_end_of_the_address_is_known_where_it_must_be_given() {
    for format in Format::ALL {
        let error = of(format, StatusCode::NOT_FOUND, "");
        let is_given = matches!(format, Format::OpenAi | Format::Responses);
        assert_eq!(error.message.contains("/v1"), is_given, "{}", error.message);
    }
}

#[test]
fn a_new_address_is_shown_without_secrets() {
    for (location, expected) in [
        (
            "https://me:pw@new.example/v1?key=k#k",
            "https://new.example/v1",
        ),
        ("/v2/models?key=k", "/v2/models"),
    ] {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let status = StatusCode::MOVED_PERMANENTLY;
        let error = of_response(&upstream(), Format::OpenAi, status, &headers, b"");
        let expected = format!(
            "acme has moved to {expected}: put the new base address into the configuration."
        );
        assert_eq!(error.message, expected);
    }
}
