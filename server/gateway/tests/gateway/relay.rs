//! What passes, and what is measured on the way.

use aca_gateway::RequestUsage;
use bytes::Bytes;
use hyper::Method;
use serde_json::json;

use crate::support::{KEY, Raw, Setup, TOKEN, question, raw_upstream, replay_service};

const SCRIPT: &str = "
[[turn]]
reply.text = 'The answer, in a few words more than one delta holds.'
reply.usage = { input_tokens = 1000, output_tokens = 40, cache_read_input_tokens = 200, cache_creation_input_tokens = 100 }
";

fn check_usage(used: &RequestUsage, request_id: &str) {
    let usage = used.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (1000, 40));
    assert_eq!((usage.cache_read_tokens, usage.cache_write_tokens), (200, 100));
    assert_eq!((usage.cost_micros, usage.requests), (5000 + 1000 + 100 + 625, 1));
    assert_eq!((used.model.as_str(), used.status), ("claude-opus-4-8", 200));
    assert_eq!(
        (used.attempt.as_str(), used.request_id.as_str()),
        ("attempt-1", request_id)
    );
    assert_eq!(used.stop_reason.as_deref(), Some("end_turn"));
    assert!(used.started_ms > 1_600_000_000_000 && used.duration_ms < 60_000);
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_pass_and_count_the_same() {
    let (url, _replay) = replay_service(SCRIPT).await;
    for setup in [
        Setup::http(&url),
        Setup::http(&format!("{url}/")),
        Setup::replay(SCRIPT),
    ] {
        let mut sandbox = setup.start();
        let streamed = sandbox.ask("hello", true).await;
        assert_eq!((streamed.status, streamed.broken), (200, false));
        assert_eq!(
            streamed.header("content-type"),
            Some("text/event-stream; charset=utf-8")
        );
        let kinds: Vec<&str> = streamed
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .collect();
        let expected = [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
        ];
        assert_eq!(kinds[..4], expected);
        assert_eq!(
            kinds[kinds.len() - 3..],
            ["content_block_stop", "message_delta", "message_stop"]
        );
        check_usage(&sandbox.used(), streamed.header("request-id").unwrap());

        let whole = sandbox.ask("hello", false).await;
        assert_eq!(whole.header("content-type"), Some("application/json"));
        assert_eq!(
            whole.json()["content"][0]["text"],
            "The answer, in a few words more than one delta holds."
        );
        check_usage(&sandbox.used(), whole.header("request-id").unwrap());
    }
}

#[tokio::test]
async fn a_stream_passes_while_it_arrives() {
    let start = "data: {\"type\":\"message_start\"}\n\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let url = raw_upstream(move |_| Raw::open(&[head, start])).await;
    let setup = Setup::http(&url);
    let sandbox = setup.start();
    let mut stream = sandbox.stream("attempt-1");
    let body = question("hello", true).to_string();
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: {TOKEN}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut seen = String::new();
    // The upstream never ends its answer: this ends only because the first event is not kept back.
    while !seen.contains("message_start") {
        let mut buffer = [0; 1024];
        let count = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
        assert_ne!(count, 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}

#[tokio::test]
async fn the_request_goes_upstream_with_the_credential_in_the_tokens_place() {
    let (url, replay) = replay_service(SCRIPT).await;
    let setup = Setup::http(&format!("{url}/"));
    let sandbox = setup.start();
    let body = question("hello", false).to_string();
    let headers = [
        ("authorization", &*format!("Bearer {TOKEN}")),
        ("x-api-key", TOKEN),
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "one-2026,two-2026"),
        ("user-agent", "claude-cli/2.1.197 (external, sdk-cli)"),
        ("accept-encoding", "gzip, br"),
        ("x-claude-code-session-id", "s"),
        ("cookie", "a=b"),
    ];
    let answer = sandbox
        .send(
            Method::POST,
            "/v1/messages?beta=true",
            &headers,
            Bytes::from(body.clone()),
        )
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = &replay.requests()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/messages?beta=true")
    );
    assert_eq!(seen.body, body);
    for (name, value) in [
        ("x-api-key", Some(KEY)),
        ("authorization", None),
        ("anthropic-version", Some("2023-06-01")),
        ("anthropic-beta", Some("one-2026,two-2026")),
        ("user-agent", Some("claude-cli/2.1.197 (external, sdk-cli)")),
        ("accept-encoding", Some("identity")),
        ("x-claude-code-session-id", None),
        ("cookie", None),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn the_other_routes_answer() {
    let (url, _replay) = replay_service(SCRIPT).await;
    for setup in [Setup::http(&url), Setup::replay(SCRIPT)] {
        let mut sandbox = setup.start();
        let hello = sandbox.send(Method::HEAD, "/", &[], Bytes::new()).await;
        assert_eq!((hello.status, hello.body.as_str()), (200, ""));
        let models = sandbox
            .send(Method::GET, "/v1/models", &[("x-api-key", TOKEN)], Bytes::new())
            .await;
        assert_eq!(models.json()["data"], json!([]));
        let count = sandbox
            .post("/v1/messages/count_tokens?beta=true", &question("hello", false))
            .await;
        assert!(count.json()["input_tokens"].as_u64().unwrap() > 10);
        assert!(sandbox.usage.try_recv().is_err(), "only model requests are counted");
    }
}

#[tokio::test]
async fn limits_pass_and_headers_of_the_connection_do_not() {
    let body = r#"{"type":"message","content":[]}"#;
    let url = raw_upstream(|_| {
        Raw::new(
            "200 OK\r\ncontent-type: application/json\r\nrequest-id: req_7\r\nset-cookie: a=b\r\nkeep-alive: timeout=5\r\n\
             anthropic-ratelimit-requests-remaining: 3\r\nretry-after: 2\r\nx-should-retry: true\r\nserver: s",
            r#"{"type":"message","content":[]}"#,
        )
    })
    .await;
    let answer = Setup::http(&url).start().ask("hello", false).await;
    let names: Vec<&str> = answer.headers.keys().map(String::as_str).collect();
    let expected = [
        "anthropic-ratelimit-requests-remaining",
        "content-length",
        "content-type",
        "date",
        "request-id",
        "retry-after",
        "x-should-retry",
    ];
    assert_eq!((names.as_slice(), answer.body.as_str()), (expected.as_slice(), body));
}
