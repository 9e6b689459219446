//! Calls over real sockets to a server that does what each test scripts.

use std::time::Duration;

use protocol::{ProblemKind, Role};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use crate::{
    ChatMessage, ChatRequest, ChatStream, Clients, Clocks, Delta, Effort, Endpoint, Error,
    FinishReason, Format, Params, Provider,
    scripted_server::{
        Act::{self, Again, AwaitClose, Reset, Send, Sleep},
        Server,
    },
};

pub(crate) const STREAM: Act =
    Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
const CHUNKED: Act = Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
pub(crate) const HELLO: Act = Send("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n");
pub(crate) const STOP: Act =
    Send("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
pub(crate) const DONE: Act = Send("data: [DONE]\n\n");

pub(crate) fn provider(address: &str, clocks: Clocks) -> Provider {
    let base_url = format!("http://{address}/v1").parse().unwrap();
    let client = Clients::default()
        .for_address(&base_url, clocks.connect)
        .unwrap();
    let endpoint = Endpoint {
        name: "acme".into(),
        format: Format::OpenAi,
        base_url,
        key: Some("sk-test".into()),
        clocks,
    };
    Provider::new(client, endpoint)
}

pub(crate) fn request() -> ChatRequest {
    ChatRequest {
        model: "m".into(),
        messages: [ChatMessage::text(Role::User, "Hi")].into(),
        params: Params {
            max_tokens: Some(5),
            ..Params::default()
        },
        stream: true,
        ..ChatRequest::default()
    }
}

pub(crate) fn hello() -> Delta {
    Delta::Text("Hello".into())
}

const STARTED: Delta = Delta::Started { model: None };

/// All that comes, which must end with one terminal and then nothing.
pub(crate) async fn collect(stream: &mut ChatStream) -> (Vec<Delta>, Option<Error>) {
    let mut deltas = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(delta) => deltas.push(delta),
            Err(error) => {
                assert!(stream.next().await.is_none());
                return (deltas, Some(error));
            }
        }
    }
    assert!(matches!(deltas.last(), Some(Delta::Finished(_))));
    assert!(stream.next().await.is_none());
    (deltas, None)
}

/// The error that a script leads to, after these deltas.
async fn check_failure(
    script: &[Act],
    clocks: Clocks,
    kind: ProblemKind,
    before: &[Delta],
) -> Error {
    let server = Server::start(&[script]).await;
    let (deltas, error) = collect(&mut provider(&server.address, clocks).chat(request())).await;
    let error = error.unwrap();
    assert_eq!((error.kind, deltas.as_slice()), (kind, before), "{error}");
    error
}

#[tokio::test]
async fn an_answer_comes_and_what_is_sent_is_right() {
    let server = Server::start(&[&[STREAM, HELLO, STOP, DONE]]).await;
    let mut stream = provider(&server.address, Clocks::default()).chat(request());
    let (deltas, error) = collect(&mut stream).await;
    assert_eq!(error, None);
    let finished = Delta::Finished(FinishReason::Stop);
    assert_eq!(deltas, [STARTED, hello(), finished]);
    assert_eq!(stream.status(), Some(200));
    let sent = server.requests()[0].to_ascii_lowercase();
    for part in [
        "post /v1/chat/completions http/1.1\r\n",
        "authorization: bearer sk-test\r\n",
        "user-agent: rivulet/",
        "content-type: application/json\r\n",
        "\"max_tokens\":5",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_next() {
    let server = Server::start(&[&[Send(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"data\":[{\"id\":\"m\",\"owned_by\":\"x\"}]}",
    )]])
    .await;
    let provider = provider(&server.address, Clocks::default());
    drop(provider.chat(request()));
    assert_eq!(provider.models().await.unwrap()[0].id, "m");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("GET /v1/models "), "{requests:?}");
}

#[tokio::test]
async fn a_failing_status_carries_its_hints() {
    let body =
        r#"{"error":{"message":"Slow down.","type":"requests","code":"rate_limit_exceeded"}}"#;
    let head = "HTTP/1.1 429 Too Many Requests\r\nretry-after-ms: 1500\r\nx-should-retry: \
                false\r\nconnection: close\r\n\r\n";
    let script = [Send(head), Send(body)];
    let error = check_failure(&script, Clocks::default(), ProblemKind::RateLimited, &[]).await;
    assert_eq!(error.retry_after, Some(Duration::from_millis(1_500)));
    assert_eq!(error.status, Some(429));
    assert_eq!(error.code.as_deref(), Some("rate_limit_exceeded"));
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let script = [Send(
        "HTTP/1.1 301 Moved\r\nlocation: https://new.example/v1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    )];
    let error = check_failure(&script, Clocks::default(), ProblemKind::BadRequest, &[]).await;
    assert!(error.message.contains("https://new.example/v1"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let provider = provider(&address, Clocks::default());
    let (_, error) = collect(&mut provider.chat(request())).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ProblemKind::Unreachable);
    assert!(error.message.contains(&address), "{error}");
    assert!(error.message.contains("Is it running?"), "{error}");
    let error = provider.models().await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Unreachable);
}

#[tokio::test]
async fn connections_that_break_are_told_apart() {
    let clocks = Clocks::default();
    let half = Send("c0\r\n");
    check_failure(&[], clocks, ProblemKind::Unreachable, &[]).await;
    check_failure(&[Reset], clocks, ProblemKind::Unreachable, &[]).await;
    let come = [STARTED, hello()];
    check_failure(&[STREAM, HELLO], clocks, ProblemKind::CutOff, &come).await;
    check_failure(&[STREAM, HELLO, Reset], clocks, ProblemKind::CutOff, &come).await;
    check_failure(&[CHUNKED, half, HELLO], clocks, ProblemKind::CutOff, &come).await;
    check_failure(&[STREAM], clocks, ProblemKind::CutOff, &[]).await;
}

#[tokio::test]
async fn silence_is_a_failure() {
    let short = Clocks {
        first_byte: Duration::from_millis(100),
        ..Clocks::default()
    };
    check_failure(&[AwaitClose], short, ProblemKind::Timeout, &[]).await;
    check_failure(&[STREAM, AwaitClose], short, ProblemKind::Timeout, &[]).await;
    let short = Clocks {
        silence: Duration::from_millis(100),
        ..Clocks::default()
    };
    let come = [STARTED, hello()];
    let script = [STREAM, HELLO, AwaitClose];
    check_failure(&script, short, ProblemKind::Timeout, &come).await;
}

#[tokio::test]
async fn pings_count_as_life() {
    let ping = Send(": ping\n\n");
    let pause = Sleep(500);
    let script = [
        STREAM, ping, pause, ping, pause, ping, pause, ping, pause, ping, pause, ping, HELLO, STOP,
    ];
    let server = Server::start(&[&script]).await;
    let clocks = Clocks {
        silence: Duration::from_secs(2),
        ..Clocks::default()
    };
    let (_, error) = collect(&mut provider(&server.address, clocks).chat(request())).await;
    assert_eq!(error, None);
}

#[tokio::test]
async fn dropping_the_stream_closes_the_upstream_connection() {
    for script in [&[AwaitClose][..], &[STREAM, HELLO, AwaitClose]] {
        let server = Server::start(&[script]).await;
        let mut stream = provider(&server.address, Clocks::default()).chat(request());
        // Until nothing more comes; in the first script nothing ever does.
        while let Ok(item) = timeout(Duration::from_millis(300), stream.next()).await {
            item.unwrap().unwrap();
        }
        assert_eq!(server.requests().len(), 1);
        drop(stream);
        timeout(Duration::from_secs(10), server.closed())
            .await
            .expect("the server sees the connection close");
    }
}

#[tokio::test]
async fn a_next_that_was_dropped_loses_nothing() {
    let pause = Sleep(20);
    let script = [STREAM, pause, HELLO, pause, HELLO, pause, HELLO, STOP, DONE];
    let server = Server::start(&[&script]).await;
    let mut stream = provider(&server.address, Clocks::default()).chat(request());
    let mut deltas = Vec::new();
    loop {
        match timeout(Duration::from_millis(1), stream.next()).await {
            Ok(Some(item)) => deltas.push(item.unwrap()),
            Ok(None) => break,
            Err(_) => {}
        }
    }
    let finished = Delta::Finished(FinishReason::Stop);
    assert_eq!(deltas, [STARTED, hello(), hello(), hello(), finished]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_whole_answer_leaves_its_connection_for_the_next() {
    let body = "39\r\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\r\n\
                e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    let server = Server::start(&[&[CHUNKED, Send(body), Again]]).await;
    let provider = provider(&server.address, Clocks::default());
    for _ in 0..3 {
        let (_, error) = collect(&mut provider.chat(request())).await;
        assert_eq!(error, None);
        // The pool takes the connection back in a task of its own.
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_parameter_that_is_refused_is_left_out() {
    let refusal = Send(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{\"error\":{\"message\":\"Unknown parameter: stream_options.\"}}",
    );
    let server = Server::start(&[&[refusal], &[STREAM, STOP, DONE]]).await;
    let (_, error) =
        collect(&mut provider(&server.address, Clocks::default()).chat(request())).await;
    assert_eq!(error, None);
    let with: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.contains("stream_options"))
        .collect();
    assert_eq!(with, [true, false]);

    // Once; and not at all where the format has one way of asking.
    for (format, requests) in [(Format::OpenAi, 2), (Format::Anthropic, 1)] {
        let server = Server::start(&[&[refusal]]).await;
        let mut provider = provider(&server.address, Clocks::default());
        let endpoint = Endpoint {
            format,
            ..(*provider.endpoint).clone()
        };
        provider.endpoint = endpoint.into();
        let (_, error) = collect(&mut provider.chat(request())).await;
        assert_eq!(error.unwrap().kind, ProblemKind::BadRequest);
        assert_eq!(server.requests().len(), requests);
    }
}

#[tokio::test]
async fn a_model_that_cannot_think_is_not_asked_to_again() {
    let refusal = Send(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{\"error\":\"\\\"m\\\" does not support thinking\"}",
    );
    let done = Send(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"message\":{\"content\":\"Hello\"},\"done\":true}\n",
    );
    let server = Server::start(&[&[refusal], &[done]]).await;
    let mut provider = provider(&server.address, Clocks::default());
    let endpoint = Endpoint {
        format: Format::Ollama,
        ..(*provider.endpoint).clone()
    };
    provider.endpoint = endpoint.into();
    let mut request = request();
    request.params.effort = Some(Effort::Low);
    for _ in 0..2 {
        let (_, error) = collect(&mut provider.chat(request.clone())).await;
        assert_eq!(error, None);
    }
    let requests = server.requests();
    let with: Vec<_> = requests.iter().map(|it| it.contains("\"think\"")).collect();
    assert_eq!(with, [true, false, false]);
}

#[tokio::test]
async fn lists_of_models_come_in_several_shapes() {
    for (body, expected) in [
        (
            r#"{"object":"list","data":[{"id":"a","created":5},{"id":"b","name":"B"}]}"#,
            Some(2),
        ),
        (r#"[{"id":"a"}]"#, Some(1)),
        (r#"{"object":"list","data":null}"#, Some(0)),
        ("<html>", None),
        ("{}", Some(0)),
    ] {
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        let server = Server::start(&[&[Send(head), Send(body)]]).await;
        let listed = provider(&server.address, Clocks::default()).models().await;
        match expected {
            Some(number) => assert_eq!(listed.unwrap().len(), number, "{body}"),
            None => assert_eq!(listed.unwrap_err().kind, ProblemKind::Malformed, "{body}"),
        }
    }
}

#[tokio::test]
async fn a_failing_status_is_told_although_its_body_stalls() {
    let head = Send("HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\n{\"error\"");
    let script = [head, AwaitClose];
    let ask = timeout(
        Duration::from_secs(30),
        check_failure(&script, Clocks::default(), ProblemKind::Auth, &[]),
    );
    assert_eq!(ask.await.unwrap().status, Some(401));
    let server = Server::start(&[&script]).await;
    let provider = provider(&server.address, Clocks::default());
    let listed = timeout(Duration::from_secs(30), provider.models()).await;
    assert_eq!(listed.unwrap().unwrap_err().kind, ProblemKind::Auth);
}

#[tokio::test]
async fn only_the_first_call_is_passed_on_where_one_was_asked_for() {
    let calls = Send(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[\
         {\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},\
         {\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}\
         ]}}]}\n\n",
    );
    for (parallel, expected) in [(None, 2), (Some(true), 2), (Some(false), 1)] {
        let server = Server::start(&[&[STREAM, calls, STOP, DONE]]).await;
        let mut request = request();
        request.params.parallel_tool_calls = parallel;
        let mut stream = provider(&server.address, Clocks::default()).chat(request);
        let (deltas, error) = collect(&mut stream).await;
        assert_eq!(error, None);
        let is_call = |delta: &&Delta| matches!(delta, Delta::Tool { .. });
        assert_eq!(deltas.iter().filter(is_call).count(), expected);
    }
}
