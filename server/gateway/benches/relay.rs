//! What keeping exchanges costs the stream that is kept: the same answer relayed without a log, with one, and sealed.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use aca_gateway::{Client, ExchangeLog, Gateway, GatewayConfig, ReplayOptions, UpstreamConfig};
use aca_protocol::AttemptId;
use aca_secrets::{MasterKey, SessionKey};
use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

const TOKEN: &str = "made-up-token";
/// The answer's text, in bytes: much for one answer.
const ANSWER: usize = 256 << 10;
/// The request's text, in bytes: that of a long conversation.
const QUESTION: usize = 400 << 10;

struct Relay {
    runtime: Runtime,
    gateway: Gateway,
    client: Client,
    body: Bytes,
}

impl Relay {
    fn new(exchanges: Option<ExchangeLog>) -> Self {
        let text = include_str!("../src/relay.rs")
            .replace(['\\', '"'], "'")
            .repeat(ANSWER / 10_000);
        let script = format!("[[turn]]\nreply.text = {text:?}");
        let upstream = UpstreamConfig::ReplayText {
            text: script,
            options: ReplayOptions::default(),
        };
        let (usage, _) = tokio::sync::mpsc::unbounded_channel();
        let asked = include_str!("../src/meter.rs").repeat(QUESTION / 10_000);
        let body = serde_json::json!({
            "model": "m", "stream": true, "messages": [{ "role": "user", "content": asked }],
        });
        Self {
            runtime: Runtime::new().unwrap(),
            gateway: Gateway::new(GatewayConfig::new(upstream)).unwrap(),
            client: Client {
                attempt: AttemptId::new("attempt-1"),
                token: TOKEN.to_owned(),
                usage,
                exchanges,
            },
            body: Bytes::from(body.to_string()),
        }
    }

    /// Asks once and reads the whole answer. Returns its length.
    fn ask(&self) -> usize {
        self.runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(64 << 10);
            let (gateway, client) = (self.gateway.clone(), self.client.clone());
            tokio::spawn(async move { gateway.serve(theirs, client).await });
            let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
            tokio::spawn(connection);
            let request = Request::post("/v1/messages")
                .header("host", "gateway")
                .header("x-api-key", TOKEN)
                .body(Full::new(self.body.clone()))
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            answer.into_body().collect().await.unwrap().to_bytes().len()
        })
    }
}

fn bench(bencher: Bencher<'_, '_>, exchanges: Option<ExchangeLog>) {
    let relay = Relay::new(exchanges);
    let length = relay.ask();
    bencher.counter(BytesCount::new(length)).bench(|| relay.ask());
}

#[divan::bench]
fn without_a_log(bencher: Bencher<'_, '_>) {
    bench(bencher, None);
}

#[divan::bench]
fn with_a_log(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().unwrap();
    let log = ExchangeLog::open(dir.path(), &AttemptId::new("attempt-1"), None).unwrap();
    bench(bencher, Some(log));
}

#[divan::bench]
fn with_a_sealed_log(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().unwrap();
    let (master, ..) = MasterKey::create(dir.path(), true).unwrap();
    let key = SessionKey::create(dir.path(), "s1", &master).unwrap();
    let log = ExchangeLog::open(&dir.path().join("exchanges"), &AttemptId::new("attempt-1"), Some(key)).unwrap();
    bench(bencher, Some(log));
}
