//! Each thing that can go wrong, as the agent in the sandbox sees it.

use aca_gateway::CredentialSource;
use bytes::Bytes;
use hyper::Method;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::support::{Answer, Raw, Setup, TOKEN, question, raw_upstream};

fn check(answer: &Answer, status: u16, kind: &str, says: &[&str], should_retry: Option<&str>) {
    let (found, message) = answer.error();
    assert_eq!((answer.status, found.as_str()), (status, kind), "{answer:?}");
    for part in says {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
    assert_eq!(answer.header("x-should-retry"), should_retry, "{answer:?}");
}

#[tokio::test]
async fn what_is_not_served_or_not_allowed_is_said() {
    let setup = Setup::replay("[[turn]]\nreply.text = 'x'");
    let mut sandbox = setup.start();
    let body = Bytes::from(question("hello", false).to_string());
    for (method, path, key, status, kind) in [
        (Method::GET, "/v1/messages", TOKEN, 404, "not_found_error"),
        (Method::POST, "/v1/complete", TOKEN, 404, "not_found_error"),
        (Method::POST, "/api/event_logging/batch", "", 404, "not_found_error"),
        (Method::POST, "/v1/messages", "wrong", 401, "authentication_error"),
        (
            Method::POST,
            "/v1/messages/count_tokens",
            "",
            401,
            "authentication_error",
        ),
        (
            Method::GET,
            "/v1/models",
            "sandbox-token-2",
            401,
            "authentication_error",
        ),
    ] {
        let answer = sandbox.send(method, path, &[("x-api-key", key)], body.clone()).await;
        check(&answer, status, kind, &[], Some("false"));
    }
    let answer = sandbox
        .send(
            Method::POST,
            "/v1/messages",
            &[("x-api-key", TOKEN)],
            "{\"model\":".into(),
        )
        .await;
    check(
        &answer,
        400,
        "invalid_request_error",
        &["not a Messages API request"],
        Some("false"),
    );
    assert!(sandbox.gateway.replay_requests().is_empty());
    assert!(sandbox.usage.try_recv().is_err());
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut sandbox = Setup::http(&url).start();
    let answer = sandbox.ask("hello", true).await;
    check(
        &answer,
        502,
        "api_error",
        &[&url, "cannot be reached", "base_url"],
        None,
    );
    let used = sandbox.used();
    assert_eq!((used.status, used.usage.requests), (502, 0));
}

#[tokio::test]
async fn tls_to_a_server_without_it_fails_as_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let answer = Setup::http(&url).start().ask("hello", true).await;
    check(&answer, 502, "api_error", &["cannot be reached"], None);
}

#[tokio::test]
async fn a_missing_credential_is_named_and_final() {
    for (source, name) in [
        (
            CredentialSource::ApiKeyEnv("ACA_TEST_NOT_SET".into()),
            "ACA_TEST_NOT_SET",
        ),
        (
            CredentialSource::AuthTokenFile("/nowhere/token".into()),
            "/nowhere/token",
        ),
    ] {
        let mut sandbox = Setup::with_credential("https://127.0.0.1:1", source).start();
        let answer = sandbox.ask("hello", true).await;
        check(&answer, 401, "authentication_error", &[name], Some("false"));
        let problem = sandbox.gateway.probe().await.unwrap_err().to_string();
        assert!(problem.contains(name), "{problem}");
        assert_eq!(sandbox.used().status, 401);
    }
}

#[tokio::test]
async fn errors_of_the_upstream_pass_as_they_are() {
    let shaped =
        |message: &str| format!(r#"{{"type":"error","error":{{"type":"given_error","message":"{message}"}}}}"#);
    let spend = r#"{"type":"error","error":{"type":"given_error","message":"limit","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    for (head, body, status, kind, says, retry) in [
        (
            "400 Bad Request",
            shaped("prompt is too long: 2 tokens > 1 maximum"),
            400,
            "given_error",
            "prompt is too long: 2 tokens > 1",
            None,
        ),
        (
            "401 Unauthorized",
            shaped("invalid x-api-key"),
            401,
            "given_error",
            "invalid x-api-key",
            Some("false"),
        ),
        (
            "401 Unauthorized",
            String::new(),
            401,
            "authentication_error",
            "401",
            Some("false"),
        ),
        (
            "429 Too Many Requests\r\nretry-after: 7",
            shaped("slow"),
            429,
            "given_error",
            "slow",
            None,
        ),
        (
            "429 Too Many Requests",
            spend.to_owned(),
            429,
            "given_error",
            "limit",
            Some("false"),
        ),
        ("529 Overloaded", shaped("busy"), 529, "given_error", "busy", None),
        (
            "529 Overloaded",
            "<html>busy</html>".to_owned(),
            529,
            "overloaded_error",
            "<html>busy</html>",
            None,
        ),
        ("500 Oh", "{\"oh\":1}".to_owned(), 500, "api_error", "{\"oh\":1}", None),
        (
            "302 Found\r\nlocation: https://elsewhere.example",
            String::new(),
            502,
            "api_error",
            "base_url",
            Some("false"),
        ),
    ] {
        let url = raw_upstream(move |_| Raw::new(head, &body)).await;
        for stream in [true, false] {
            let mut sandbox = Setup::http(&url).start();
            let answer = sandbox.ask("hello", stream).await;
            check(&answer, status, kind, &[says], retry);
            assert_eq!(
                answer.header("retry-after"),
                head.contains("retry-after").then_some("7")
            );
            assert_eq!(answer.header("location"), None);
            let used = sandbox.used();
            assert_eq!(
                (used.status, used.usage.requests, used.usage.cost_micros),
                (status, 1, 0)
            );
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_said_to_be_none() {
    for (head, body) in [
        (
            "200 OK\r\ncontent-type: text/html",
            "<html>\n<h1>Sign in</h1>\u{1}</html>",
        ),
        ("200 OK", ""),
        ("200 OK\r\ncontent-type: application/json", "{\"content\":"),
        ("200 OK\r\ncontent-type: application/json", "[1]"),
        ("200 OK\r\ncontent-type: application/json", "{\"choices\":[]}"),
        ("200 OK\r\ncontent-type: text/event-stream", ""),
    ] {
        let url = raw_upstream(move |_| Raw::new(head, body)).await;
        for stream in [true, false] {
            let answer = Setup::http(&url).start().ask("hello", stream).await;
            check(&answer, 502, "api_error", &["not a Messages API answer", &url], None);
        }
    }
}

#[tokio::test]
async fn a_compressed_answer_is_refused() {
    let url = raw_upstream(|_| {
        Raw::new(
            "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip",
            "x",
        )
    })
    .await;
    let answer = Setup::http(&url).start().ask("hello", true).await;
    check(&answer, 502, "api_error", &["compressed"], Some("false"));
}

#[tokio::test]
async fn a_broken_stream_passes_without_harm() {
    let body = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":7}\n\ndata: {\"usage\": \u{fffd}\n\nnothing\r\r";
    let url = raw_upstream(move |_| Raw::new("200 OK\r\ncontent-type: text/event-stream", body)).await;
    let mut sandbox = Setup::http(&url).start();
    let answer = sandbox.ask("hello", true).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.broken), (200, body, false));
    assert_eq!(sandbox.used().usage.input_tokens, 0);
}

const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9}}}\n\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn a_dropped_stream_is_dropped_for_the_sandbox_too() {
    let url = raw_upstream(|_| Raw::cut(&[STREAM_HEAD, &chunk(START)])).await;
    let mut sandbox = Setup::http(&url).start();
    let answer = sandbox.ask("hello", true).await;
    assert_eq!((answer.status, answer.broken), (200, true));
    assert_eq!(sandbox.used().usage.input_tokens, 9);
    let url = raw_upstream(|_| Raw::cut(&[STREAM_HEAD])).await;
    let answer = Setup::http(&url).start().ask("hello", true).await;
    check(&answer, 502, "api_error", &["broke off"], None);
    let url = raw_upstream(|_| Raw::cut(&[])).await;
    let answer = Setup::http(&url).start().ask("hello", true).await;
    check(&answer, 502, "api_error", &["cannot be reached"], None);
}

#[tokio::test]
async fn silence_ends_the_wait() {
    let url = raw_upstream(|_| Raw::open(&[])).await;
    for stream in [true, false] {
        let mut sandbox = Setup::http(&url).impatient().start();
        let answer = sandbox.ask("hello", stream).await;
        check(&answer, 504, "timeout_error", &["sent nothing for 0.1 s", &url], None);
        assert_eq!(sandbox.used().status, 504);
    }
    let url = raw_upstream(|_| Raw::open(&[STREAM_HEAD])).await;
    let answer = Setup::http(&url).impatient().start().ask("hello", true).await;
    check(&answer, 504, "timeout_error", &["sent nothing"], None);
    let url = raw_upstream(|_| Raw::open(&["HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\n", "{"])).await;
    let answer = Setup::http(&url).impatient().start().ask("hello", true).await;
    check(&answer, 504, "timeout_error", &["sent nothing"], None);
}

#[tokio::test]
async fn silence_in_a_stream_closes_it() {
    let url = raw_upstream(|_| Raw::open(&[STREAM_HEAD, &chunk(START)])).await;
    let mut sandbox = Setup::http(&url).impatient().start();
    let answer = sandbox.ask("hello", true).await;
    assert_eq!((answer.status, answer.broken), (200, true));
    assert!(answer.body.contains("message_start"));
    assert_eq!(sandbox.used().usage.input_tokens, 9);
}
