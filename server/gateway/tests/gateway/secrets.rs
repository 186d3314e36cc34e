//! The credential is at the upstream and nowhere else.

use aca_gateway::{CredentialSource, Gateway};

use crate::support::{KEY, Raw, Setup, raw_upstream, replay_service};

#[tokio::test]
async fn an_upstream_that_echoes_the_credential_is_redacted() {
    let (start, end) = KEY.split_at(7);
    let error = format!(r#"{{"type":"error","error":{{"type":"x","message":"key {KEY} is bad"}}}}"#);
    let stream_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    for (raw, seen) in [
        (
            Raw::new(&format!("403 Forbidden\r\nrequest-id: {KEY}"), &error),
            "key [redacted] is bad",
        ),
        (Raw::new("500 Oh", &format!("<p>{KEY}</p>")), "[redacted]"),
        (Raw::new("200 OK", &format!("<p>{KEY}</p>")), "[redacted]"),
        (Raw::new("200 OK", &format!(r#"{{"content":["{KEY}"]}}"#)), "[redacted]"),
        (
            Raw::cut(&[stream_head, "data: ", start, end, "\n\n"]),
            "data: [redacted]\n\n",
        ),
    ] {
        let raw = std::sync::Arc::new(raw);
        let url = raw_upstream(move |request| {
            assert!(request.contains(KEY));
            Raw {
                chunks: raw.chunks.clone(),
                stay_open: false,
            }
        })
        .await;
        let mut sandbox = Setup::http(&url).start();
        let answer = sandbox.ask("hello", true).await;
        let shown = format!("{answer:?} {:?}", sandbox.used());
        assert!(!shown.contains(KEY), "{shown}");
        assert!(answer.body.contains(seen), "{answer:?}");
    }
}

#[tokio::test]
async fn nothing_shows_the_credential() {
    let (url, replay) = replay_service("[[turn]]\nreply.text = 'x'").await;
    let setup = Setup::http(&url);
    let mut sandbox = setup.start();
    let answer = sandbox.ask("hello", true).await;
    assert_eq!(replay.requests()[0].header("x-api-key"), Some(KEY));
    let probe = sandbox.gateway.probe().await.unwrap();
    assert!(
        probe.contains(&url) && probe.contains("API key from the file"),
        "{probe}"
    );
    for shown in [
        format!("{:?}", sandbox.gateway),
        format!("{:?}", setup.config),
        format!("{answer:?}"),
        format!("{:?}", sandbox.used()),
        format!("{:?}", replay),
        probe,
    ] {
        assert!(!shown.contains(KEY), "{shown}");
    }
}

#[tokio::test]
async fn an_address_with_a_password_is_refused_without_showing_it() {
    let setup = Setup::with_credential("https://me:geheim@api.example", CredentialSource::None);
    let error = Gateway::new(setup.config.clone()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
}
