//! Exchanges as they are kept: what was asked and answered, without secrets, whatever became of it.

use std::path::Path;
use std::time::Duration;

use aca_gateway::exchange::{list, read};
use aca_gateway::{Client, ExchangeLog};
use aca_protocol::AttemptId;
use aca_protocol::session::{ExchangeInfo, ExchangeRecord};
use aca_secrets::{MasterKey, SessionKey};
use serde_json::{Value, json};

use crate::support::{KEY, Raw, Sandbox, Setup, TOKEN, question, raw_upstream};

const SECONDS: u64 = 20;

struct Kept {
    dir: tempfile::TempDir,
    key: Option<SessionKey>,
}

impl Kept {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            key: None,
        }
    }

    fn sealed() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (master, ..) = MasterKey::create(dir.path(), true).unwrap();
        let key = SessionKey::create(dir.path(), "s1", &master).unwrap();
        Self { dir, key: Some(key) }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("exchanges")
    }

    fn attempt() -> AttemptId {
        AttemptId::new("attempt-1")
    }

    /// A sandbox whose exchanges are kept here.
    fn watch(&self, setup: &Setup) -> Sandbox {
        let mut sandbox = setup.start();
        let log = ExchangeLog::open(&self.folder(), &Self::attempt(), self.key.clone()).unwrap();
        sandbox.exchanges = Some(log);
        sandbox
    }

    fn list(&self) -> Vec<ExchangeInfo> {
        list(&self.folder(), &Self::attempt(), self.key.clone()).unwrap()
    }

    fn read(&self, number: u32) -> ExchangeRecord {
        read(&self.folder(), &Self::attempt(), number, self.key.clone())
            .unwrap()
            .expect("the record is there")
    }

    /// Waits for the writer, which has a thread of its own.
    async fn until(&self, holds: impl Fn(&[ExchangeInfo]) -> bool) -> Vec<ExchangeInfo> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(SECONDS);
        loop {
            let listed = self.list();
            if holds(&listed) {
                return listed;
            }
            assert!(tokio::time::Instant::now() < deadline, "not in time: {listed:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_ended(&self, count: usize) -> Vec<ExchangeInfo> {
        let ended = |infos: &[ExchangeInfo]| infos.iter().filter(|info| info.took_ms.is_some()).count();
        self.until(|infos| ended(infos) >= count).await
    }

    /// Every byte that lies in files, unpacked where it is packed.
    fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.folder()).unwrap() {
            let packed = std::fs::read(entry.unwrap().path()).unwrap();
            all.extend(zstd::stream::decode_all(packed.as_slice()).unwrap_or_default());
            all.extend(packed);
        }
        all
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

const SCRIPT: &str = r#"
[[turn]]
reply.text = "All done, as asked."
"#;

fn stream(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

fn text_delta(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

fn start() -> Value {
    json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 7, "output_tokens": 1}}})
}

fn github_token() -> String {
    concat!("ghp", "_a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo").to_owned()
}

#[tokio::test]
async fn a_stream_is_kept_with_what_it_used_and_without_secrets() {
    let token = github_token();
    let (one, two) = token.split_at(9);
    let events = [
        start(),
        text_delta("use "),
        text_delta(one),
        text_delta(two),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
    ];
    let body = stream(&events);
    let url = raw_upstream(move |_| Raw::new("200 OK\r\ncontent-type: text/event-stream", &body)).await;
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::http(&url));
    let asked = format!("the key is {KEY}, the token {TOKEN}, and {token}");
    let answer = sandbox.ask(&asked, true).await;
    assert!(answer.body.contains(one), "the agent gets what the model said");

    let infos = kept.until_ended(1).await;
    let info = &infos[0];
    assert_eq!((info.number, info.status, info.error.as_deref()), (1, Some(200), None));
    assert_eq!((info.usage.input_tokens, info.usage.output_tokens), (7, 9));
    assert_eq!(info.model.as_deref(), Some("m"));
    let record = kept.read(1);
    assert_eq!(record.left_out, 0);
    assert_eq!(record.request["path"], "/v1/messages?beta=true");
    assert_eq!(record.request["headers"]["anthropic-version"], "2023-06-01");
    let said = record.request["body"]["messages"][0]["content"].as_str().unwrap();
    assert_eq!(
        said,
        "the key is [redacted], the token [redacted], and [redacted:github-token]"
    );
    let frames = record.response["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[1]["delta"]["text"], "use [redacted:github-token]");
    assert_eq!(frames[1]["joined"], 3);

    let bytes = kept.bytes();
    assert!(holds(&bytes, "anthropic-version"), "the files were not unpacked");
    for secret in [KEY, TOKEN, &token, one] {
        assert!(!holds(&bytes, secret), "{secret} is in a file");
    }
    let mut sandbox = sandbox;
    assert_eq!(sandbox.used().exchange, Some(1));
}

#[tokio::test]
async fn answers_that_are_no_stream_and_refusals_are_kept_too() {
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    let answer = sandbox.ask("hello", false).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let url = raw_upstream(|_| Raw::new("529 Overloaded", "busy")).await;
    let second = kept.watch(&Setup::http(&url));
    assert_eq!(second.ask("hello again", true).await.status, 529);

    kept.until_ended(2).await;
    let body = &kept.read(1).response["body"];
    assert_eq!(body["content"][0]["text"], "All done, as asked.");
    let refused = kept.read(2);
    assert_eq!(refused.info.status, Some(529));
    assert!(
        refused.response["body"]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("busy")
    );
}

#[tokio::test]
async fn what_is_cut_is_told_apart_from_what_has_ended() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let body = stream(&[start(), text_delta("half of it")]);
    let url = raw_upstream(move |_| Raw::open(&[head, &body])).await;
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::http(&url));
    let asking = tokio::spawn(async move { sandbox.ask("go on for ever", true).await });
    // Written although nothing has ended: this is what a process that is killed now leaves.
    let under_way = kept
        .until(|infos| infos.first().is_some_and(|info| info.status == Some(200)))
        .await;
    assert_eq!(under_way[0].took_ms, None);
    assert!(
        under_way[0].error.as_deref().unwrap().contains("No end"),
        "{under_way:?}"
    );
    kept.until(|_| {
        kept.read(1).response["frames"]
            .as_array()
            .is_some_and(|frames| frames.len() == 2)
    })
    .await;
    assert_eq!(kept.read(1).response["frames"][1]["delta"]["text"], "half of it");

    asking.abort();
    let ended = kept.until_ended(1).await;
    assert!(
        ended[0].error.as_deref().unwrap().contains("closed the connection"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so() {
    let body = stream(&[start(), text_delta("half")]);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n";
    let url = raw_upstream(move |_| Raw::cut(&[head, &body])).await;
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::http(&url));
    assert!(sandbox.ask("hello", true).await.broken);
    let ended = kept.until_ended(1).await;
    assert!(ended[0].error.as_deref().unwrap().contains("broke off"), "{ended:?}");
    assert_eq!(ended[0].usage.input_tokens, 7, "what it had told until then counts");
}

#[tokio::test]
async fn a_large_exchange_keeps_its_beginning_and_end() {
    let long: Vec<Value> = (0..64)
        .map(|index| {
            let text = format!("{index} {}", "word ".repeat(6_000));
            json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}})
        })
        .collect();
    let body = stream(&long);
    let url = raw_upstream(move |_| Raw::new("200 OK\r\ncontent-type: text/event-stream", &body)).await;
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::http(&url));
    let asked = format!("first {} last", "w\u{f6}rd ".repeat(900_000));
    sandbox.ask(&asked, true).await;
    kept.until_ended(1).await;
    let record = kept.read(1);
    let request = &record.request["body"];
    assert!(request["head"].as_str().unwrap().contains("first "));
    assert!(request["tail"].as_str().unwrap().contains(" last"));
    let frames = record.response["frames"].as_array().unwrap();
    assert!(frames.len() < 64 && frames[0]["index"] == 0 && frames[frames.len() - 1]["index"] == 63);
    assert!(record.left_out > 3_000_000, "{}", record.left_out);
}

#[tokio::test]
async fn sealed_records_open_with_their_key_alone() {
    let kept = Kept::sealed();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    sandbox.ask("words that nobody else may read", true).await;
    kept.until_ended(1).await;
    let bytes = kept.bytes();
    assert!(!bytes.is_empty() && !holds(&bytes, "nobody else") && !holds(&bytes, "All done"));
    assert!(kept.read(1).request.to_string().contains("nobody else"));
    assert!(list(&kept.folder(), &Kept::attempt(), Kept::sealed().key).is_err());
    let elsewhere = AttemptId::new("attempt-2");
    assert!(
        list(&kept.folder(), &elsewhere, kept.key.clone()).is_err(),
        "it is bound to its attempt"
    );
}

#[tokio::test]
async fn the_oldest_bodies_go_when_an_attempt_has_too_many() {
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    for number in 0..30 {
        // Nothing here can be compressed to less than three quarters.
        let noise = noise(number, 3 << 20);
        sandbox.ask(&noise, false).await;
    }
    let infos = kept.until_ended(30).await;
    assert_eq!(infos.len(), 30);
    let size: u64 = std::fs::read_dir(kept.folder())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size <= 50 << 20, "{size}");
    let (oldest, newest) = (kept.read(1), kept.read(30));
    assert_eq!(oldest.request["body"], Value::Null);
    assert_eq!(
        (oldest.info.status, oldest.request["method"].as_str()),
        (Some(200), Some("POST"))
    );
    assert!(oldest.left_out >= 3 << 20, "{}", oldest.left_out);
    assert_ne!(newest.request["body"], Value::Null);
}

/// Text that hardly compresses.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state % 64).unwrap())
    };
    (0..length)
        .map(|_| next())
        .map(|char| if char == '"' { 'x' } else { char })
        .collect()
}

#[tokio::test]
async fn numbers_go_on_after_a_restart_and_half_a_record_is_passed_over() {
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    sandbox.ask("one", true).await;
    kept.until_ended(1).await;
    // A kill in the middle of a write.
    let whole = std::fs::read(kept.folder().join("0001.jsonl.zst")).unwrap();
    std::fs::write(kept.folder().join("0002.jsonl.zst"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(kept.folder().join("0003.jsonl.zst"), []).unwrap();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    sandbox.ask("two", true).await;
    let infos = kept.until_ended(2).await;
    assert_eq!(infos.last().unwrap().number, 4);
    assert!(read(&kept.folder(), &Kept::attempt(), 3, None).unwrap().is_none());
    assert!(read(&kept.folder(), &Kept::attempt(), 9, None).unwrap().is_none());
    assert_eq!(list(Path::new("/nowhere"), &Kept::attempt(), None).unwrap(), []);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_does_not_hold_the_answer_up() {
    let kept = Kept::new();
    let sandbox = kept.watch(&Setup::replay(SCRIPT));
    std::fs::remove_dir_all(kept.folder()).unwrap();
    std::fs::write(kept.folder(), "not a directory").unwrap();
    assert_eq!(sandbox.ask("hello", true).await.status, 200);
}

/// The client that a stream is served for has what the sandbox was set up with.
#[tokio::test]
async fn without_a_log_nothing_is_kept() {
    let kept = Kept::new();
    let sandbox = Setup::replay(SCRIPT).start();
    let (to, mut used) = tokio::sync::mpsc::unbounded_channel();
    let client = Client {
        attempt: Kept::attempt(),
        token: TOKEN.to_owned(),
        usage: to,
        exchanges: None,
    };
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let gateway = sandbox.gateway.clone();
    let serving = tokio::spawn(async move { gateway.serve(theirs, client).await });
    let body = bytes::Bytes::from(question("hello", true).to_string());
    let headers = [("x-api-key", TOKEN)];
    let answer = crate::support::send_over(ours, hyper::Method::POST, "/v1/messages", &headers, body).await;
    assert_eq!(answer.status, 200);
    serving.await.unwrap();
    assert_eq!(used.recv().await.unwrap().exchange, None);
    assert!(!kept.folder().exists());
}
