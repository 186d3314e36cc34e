//! What a keystroke and a code action cost on a 5,000-line document, message in to message out.
//!
//! Everything a real editor causes is in the figures: framing, JSON, routing, the edit, its TODOs, the engine's buffer,
//! and the reply. Only the pipe is in memory.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::path::PathBuf;
use std::sync::Arc;

use aca_engine::config::Config;
use aca_engine::{ClaudeSource, Engine, EngineConfig};
use aca_lsp::{ServeOptions, serve};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;

const LINES: usize = 5_000;
const EDITS: usize = 1_000;

fn main() {
    divan::main();
}

/// A single code action on a TODO.
#[divan::bench(sample_count = 2_000)]
fn code_action(bencher: Bencher<'_, '_>) {
    let mut session = Session::start();
    bencher.bench_local(move || session.actions());
}

/// 1,000 keystrokes in the middle of the document, and a code action that waits for all of them.
#[divan::bench(sample_count = 20)]
fn a_thousand_edits_and_a_code_action(bencher: Bencher<'_, '_>) {
    let mut session = Session::start();
    bencher.counter(ItemsCount::new(EDITS)).bench_local(move || {
        session.edit();
        session.actions()
    });
}

struct NoClaude;

#[async_trait::async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        Err("There is none.".to_owned())
    }
}

/// A client with one large document open.
struct Session {
    runtime: Runtime,
    stream: DuplexStream,
    uri: String,
    version: i32,
    _dir: tempfile::TempDir,
}

impl Session {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = dir.path().join("work");
        std::fs::create_dir(&workspace).unwrap();
        let runtime = Runtime::new().unwrap();
        let (stream, theirs) = tokio::io::duplex(1 << 20);
        let config = EngineConfig {
            data_dir: dir.path().join("data"),
            agent: dir.path().join("no-agent"),
            claude: Arc::new(NoClaude),
            version: "bench".to_owned(),
        };
        runtime.spawn(async move {
            let (input, output) = tokio::io::split(theirs);
            serve(Engine::start(config), input, output, ServeOptions::default()).await
        });
        let uri = format!("file://{}/a.rs", workspace.display());
        let mut session = Self {
            runtime,
            stream,
            uri,
            version: 1,
            _dir: dir,
        };
        let literals = json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
        let capabilities = json!({ "textDocument": { "codeAction": literals } });
        let root = format!("file://{}", workspace.display());
        session.send(
            &json!({ "id": 0, "method": "initialize", "params": { "capabilities": capabilities, "rootUri": root } }),
        );
        session.read();
        let document = json!({ "uri": session.uri, "languageId": "rust", "version": 1, "text": text() });
        session.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        session
    }

    /// Types and removes characters in turn, inside a function in the middle.
    fn edit(&mut self) {
        for number in 0..EDITS {
            self.version += 1;
            let end = if number % 2 == 0 { 4 } else { 5 };
            let text = if number % 2 == 0 { "x" } else { "" };
            let line = LINES / 2 + 1;
            let range = json!({ "start": { "line": line, "character": 4 }, "end": { "line": line, "character": end } });
            let params = json!({
                "textDocument": { "uri": self.uri, "version": self.version },
                "contentChanges": [{ "range": range, "text": text }],
            });
            self.send(&json!({ "method": "textDocument/didChange", "params": params }));
        }
    }

    fn actions(&mut self) -> usize {
        let at = json!({ "line": LINES / 2, "character": 3 });
        let params = json!({
            "textDocument": { "uri": self.uri },
            "range": { "start": at, "end": at },
            "context": { "diagnostics": [] },
        });
        self.send(&json!({ "id": 1, "method": "textDocument/codeAction", "params": params }));
        let reply = self.read();
        assert!(reply.contains("Do this"), "{reply}");
        reply.len()
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        if let Some(message) = message.as_object_mut() {
            message.insert("jsonrpc".to_owned(), json!("2.0"));
        }
        let body = message.to_string();
        let bytes = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.runtime.block_on(self.stream.write_all(bytes.as_bytes())).unwrap();
    }

    fn read(&mut self) -> String {
        self.runtime.block_on(async {
            let mut headers = Vec::new();
            while !headers.ends_with(b"\r\n\r\n") {
                headers.push(self.stream.read_u8().await.unwrap());
            }
            let headers = String::from_utf8(headers).unwrap();
            let length = headers.trim().trim_start_matches("Content-Length: ").parse().unwrap();
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.unwrap();
            String::from_utf8(body).unwrap()
        })
    }
}

/// A TODO in every hundredth line, the one in the middle included.
fn text() -> String {
    let line = |number: usize| match number % 100 {
        0 => format!("    // TODO look at case {number}: it is not the common one\n"),
        _ => format!("    let value_{number} = compute(\"a string // with slashes\", {number}); // why\n"),
    };
    (0..LINES).map(line).collect()
}
