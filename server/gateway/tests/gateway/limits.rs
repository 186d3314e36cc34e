//! Sizes and numbers.

use bytes::Bytes;
use futures::future::join_all;
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Setup, TOKEN, question, replay_service, send_over};

const SCRIPT: &str = "[[turn]]\nreply.text = 'x'\n";

#[tokio::test]
async fn a_body_of_three_megabytes_passes() {
    let (url, replay) = replay_service(SCRIPT).await;
    let text = "words and words ".repeat(3 << 16);
    for setup in [Setup::http(&url), Setup::replay(SCRIPT)] {
        let answer = setup.start().ask(&text, true).await;
        assert_eq!(answer.status, 200);
    }
    assert!(replay.requests()[0].body.len() > 3_000_000);
}

#[tokio::test]
async fn an_answer_of_three_megabytes_passes() {
    let text = "words and words ".repeat(3 << 16);
    let (url, _replay) = replay_service(&format!("[[turn]]\nreply.text = '{text}'\n")).await;
    let setup = Setup::http(&url);
    assert_eq!(
        setup.start().ask("hello", false).await.json()["content"][0]["text"],
        text
    );
    let streamed = setup.start().ask("hello", true).await;
    assert!(!streamed.broken && streamed.body.len() > text.len() && streamed.body.ends_with("\"message_stop\"}\n\n"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let mut setup = Setup::replay(SCRIPT);
    let body = question("hello", false).to_string();
    for (most, status) in [(body.len(), 200), (body.len() - 1, 413)] {
        setup.config.max_body_bytes = most as u64;
        let sandbox = setup.start();
        let answer = sandbox
            .send(
                Method::POST,
                "/v1/messages",
                &[("x-api-key", TOKEN)],
                Bytes::from(body.clone()),
            )
            .await;
        assert_eq!(answer.status, status);
        if status == 413 {
            assert_eq!(answer.error().0, "request_too_large");
            assert_eq!(answer.header("x-should-retry"), Some("false"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_streams_are_served_at_once() {
    let (url, replay) = replay_service(SCRIPT).await;
    let mut sandbox = Setup::http(&url).start();
    let asks = (0..100).map(|number| {
        let stream = sandbox.stream(&format!("attempt-{}", number % 10));
        let body = Bytes::from(question(&format!("question {number}"), number % 2 == 0).to_string());
        tokio::spawn(send_over(
            stream,
            Method::POST,
            "/v1/messages",
            &[("x-api-key", TOKEN)],
            body,
        ))
    });
    for answer in join_all(asks).await {
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.broken), (200, false), "{answer:?}");
    }
    assert_eq!(replay.requests().len(), 100);
    for _ in 0..100 {
        assert_eq!(sandbox.used().status, 200);
    }
}

#[tokio::test]
async fn an_attempt_waits_for_its_turn_and_others_do_not() {
    let script = "[[turn]]\nmatch.user = 'hang'\nreply.hang = true\n[[turn]]\nreply.text = 'x'\n";
    let (url, replay) = replay_service(script).await;
    let mut setup = Setup::http(&url);
    setup.config.concurrency_per_attempt = 1;
    let sandbox = setup.start();
    let ask = |attempt: &str, text: &str| {
        let body = Bytes::from(question(text, true).to_string());
        tokio::spawn(send_over(
            sandbox.stream(attempt),
            Method::POST,
            "/v1/messages",
            &[("x-api-key", TOKEN)],
            body,
        ))
    };
    let hanging = ask("one", "hang");
    replay.wait_for_requests(1).await;
    let waiting = ask("one", "hello");
    assert_eq!(ask("two", "hello").await.unwrap().status, 200);
    assert!(!waiting.is_finished());
    // Giving up the first request lets the second one through.
    hanging.abort();
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn one_stream_carries_many_requests_and_noise_ends_it() {
    let sandbox = Setup::replay(SCRIPT).start();
    let mut stream = sandbox.stream("attempt-1");
    for _ in 0..3 {
        stream.write_all(b"HEAD / HTTP/1.1\r\nhost: g\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
        assert!(
            seen.starts_with(b"HTTP/1.1 200 OK\r\n"),
            "{}",
            String::from_utf8_lossy(&seen)
        );
    }
    stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&rest));
}
