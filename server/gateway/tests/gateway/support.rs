//! What the gateway's tests share: a sandbox's end of a stream, and upstreams on loopback.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aca_gateway::{
    Client, CredentialSource, ExchangeLog, Gateway, GatewayConfig, Replay, ReplayOptions, RequestUsage, UpstreamConfig,
    serve_replay_on,
};
use aca_protocol::AttemptId;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub(crate) const TOKEN: &str = "sandbox-token-1";
pub(crate) const KEY: &str = "made-up-upstream-key";

/// An upstream's end: what the gateway says to it is read, what the test says is written back.
pub(crate) async fn raw_upstream(answer: impl Fn(&str) -> Raw + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let answer = Arc::new(answer);
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    let mut buffer = [0; 4096];
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => return,
                        Ok(n) => request.extend_from_slice(&buffer[..n]),
                    }
                }
                let raw = answer(&String::from_utf8_lossy(&request));
                for chunk in &raw.chunks {
                    stream.write_all(chunk.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                }
                if raw.stay_open {
                    let _ = stream.read(&mut [0; 1]).await;
                }
            });
        }
    });
    url
}

/// What a raw upstream writes.
pub(crate) struct Raw {
    pub(crate) chunks: Vec<String>,
    pub(crate) stay_open: bool,
}

impl Raw {
    pub(crate) fn new(head: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
        Self {
            chunks: vec![head + body],
            stay_open: false,
        }
    }

    pub(crate) fn open(chunks: &[&str]) -> Self {
        Self {
            chunks: chunks.iter().map(|chunk| (*chunk).to_owned()).collect(),
            stay_open: true,
        }
    }

    pub(crate) fn cut(chunks: &[&str]) -> Self {
        Self {
            stay_open: false,
            ..Self::open(chunks)
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// A configuration for tests: short limits, the credential in a file.
pub(crate) struct Setup {
    pub(crate) config: GatewayConfig,
    dir: Arc<tempfile::TempDir>,
}

impl Setup {
    pub(crate) fn http(base_url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, KEY).unwrap();
        Self::with(dir, base_url, CredentialSource::ApiKeyFile(path))
    }

    pub(crate) fn with_credential(base_url: &str, credential: CredentialSource) -> Self {
        Self::with(tempfile::tempdir().unwrap(), base_url, credential)
    }

    fn with(dir: tempfile::TempDir, base_url: &str, credential: CredentialSource) -> Self {
        let upstream = UpstreamConfig::Http {
            base_url: base_url.to_owned(),
            credential,
        };
        Self {
            config: GatewayConfig::new(upstream),
            dir: Arc::new(dir),
        }
    }

    pub(crate) fn replay(script: &str) -> Self {
        let upstream = UpstreamConfig::ReplayText {
            text: script.to_owned(),
            options: ReplayOptions::default(),
        };
        Self {
            config: GatewayConfig::new(upstream),
            dir: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    pub(crate) fn impatient(mut self) -> Self {
        self.config.idle_timeout = Duration::from_millis(100);
        self.config.unstreamed_timeout = Duration::from_millis(100);
        self
    }

    pub(crate) fn start(&self) -> Sandbox {
        let (to, usage) = mpsc::unbounded_channel();
        Sandbox {
            gateway: Gateway::new(self.config.clone()).unwrap(),
            usage,
            to,
            exchanges: None,
            _dir: self.dir.clone(),
        }
    }
}

/// The sandbox's side of a gateway.
pub(crate) struct Sandbox {
    pub(crate) gateway: Gateway,
    pub(crate) usage: mpsc::UnboundedReceiver<RequestUsage>,
    to: mpsc::UnboundedSender<RequestUsage>,
    /// Keeps the exchanges, in tests that look at them.
    pub(crate) exchanges: Option<ExchangeLog>,
    /// Keeps the credential's file.
    _dir: Arc<tempfile::TempDir>,
}

/// An answer as the sandbox sees it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// Whether the connection broke off before the body's end.
    pub(crate) broken: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error's type and message.
    pub(crate) fn error(&self) -> (String, String) {
        let body = self.json();
        assert_eq!(body["type"], "error", "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        let text = |key: &str| body["error"][key].as_str().unwrap().to_owned();
        (text("type"), text("message"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Sandbox {
    /// Opens a stream of this attempt to the gateway.
    pub(crate) fn stream(&self, attempt: &str) -> tokio::io::DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let gateway = self.gateway.clone();
        let client = Client {
            attempt: AttemptId::new(attempt),
            token: TOKEN.to_owned(),
            usage: self.to.clone(),
            exchanges: self.exchanges.clone(),
        };
        tokio::spawn(async move { gateway.serve(theirs, client).await });
        ours
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        send_over(self.stream("attempt-1"), method, path, headers, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [
            ("x-api-key", TOKEN),
            ("content-type", "application/json"),
            ("anthropic-version", "2023-06-01"),
        ];
        self.send(Method::POST, path, &headers, Bytes::from(body.to_string()))
            .await
    }

    pub(crate) async fn ask(&self, text: &str, stream: bool) -> Answer {
        self.post("/v1/messages?beta=true", &question(text, stream)).await
    }

    pub(crate) fn used(&mut self) -> RequestUsage {
        self.usage.try_recv().expect("a request was reported")
    }
}

pub(crate) fn question(text: &str, stream: bool) -> Value {
    json!({
        "model": "claude-opus-4-8", "max_tokens": 1000, "stream": stream,
        "system": "Working directory: /ws\nBe brief.",
        "tools": [{"name": "Write"}, {"name": "Bash"}],
        "messages": [{"role": "user", "content": text}],
    })
}

pub(crate) async fn send_over(
    stream: tokio::io::DuplexStream,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Answer {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "gateway");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender
        .send_request(request.body(Full::new(body)).unwrap())
        .await
        .unwrap();
    let (head, mut incoming) = response.into_parts();
    let (mut text, mut broken) = (Vec::new(), false);
    while let Some(frame) = incoming.frame().await {
        match frame {
            Ok(frame) => text.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    Answer {
        status: head.status.as_u16(),
        headers: head.headers.iter().map(header).collect(),
        body: String::from_utf8(text).unwrap(),
        broken,
    }
}

/// The replay as a service on loopback.
pub(crate) async fn replay_service(script: &str) -> (String, Replay) {
    let replay = Replay::from_text(script, ReplayOptions::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve_replay_on(listener, replay.clone()));
    (url, replay)
}
