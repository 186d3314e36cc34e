//! What a keystroke, a code action and a change of diagnostics cost, message in to message out: on a 5,000-line document
//! with TODOs, and on one of 50,000 lines with 200 hunks under review.
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

#[path = "../tests/stdio/seed.rs"]
mod seed;

const LINES: usize = 5_000;
const EDITS: usize = 1_000;

const REVIEWED_LINES: usize = 50_000;
const HUNKS: usize = 200;

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

/// A code action on one of 200 pending hunks.
#[divan::bench(sample_count = 2_000)]
fn a_code_action_on_a_hunk(bencher: Bencher<'_, '_>) {
    let mut session = Session::review();
    bencher.bench_local(move || session.actions_at(REVIEWED_LINES / 2, "Accept this hunk"));
}

/// A keystroke that moves no hunk, until it is handled.
#[divan::bench(sample_count = 2_000)]
fn a_keystroke_beside_200_hunks(bencher: Bencher<'_, '_>) {
    let mut session = Session::review();
    let mut is_typed = false;
    bencher.bench_local(move || {
        let text = if is_typed { "" } else { "x" };
        session.change(1, [4, 4 + u32::from(is_typed)], text);
        is_typed = !is_typed;
        session.status()
    });
}

/// A new line above all hunks: from the keystroke to the diagnostics of all of them on their new lines. Of this, 20 ms
/// are waited for more keystrokes.
#[divan::bench(sample_count = 100)]
fn a_new_line_to_its_diagnostics(bencher: Bencher<'_, '_>) {
    let mut session = Session::review();
    bencher.bench_local(move || {
        session.change(1, [4, 4], "\n");
        session.published()
    });
}

/// 1,000 new lines above all hunks, until the diagnostics are right for the last of them.
#[divan::bench(sample_count = 10)]
fn a_thousand_new_lines_to_their_diagnostics(bencher: Bencher<'_, '_>) {
    let mut session = Session::review();
    bencher.counter(ItemsCount::new(EDITS)).bench_local(move || {
        for _ in 0..EDITS {
            session.change(1, [4, 4], "\n");
        }
        session.settled()
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
    /// New lines that were typed.
    new_lines: usize,
    _dir: tempfile::TempDir,
}

impl Session {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("work")).unwrap();
        Self::on(dir, &text())
    }

    /// A large document, of which every 250th line is to be replaced by two.
    fn review() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let line = |number: usize| format!("    let value_{number} = compute(\"some words\", {number});\n");
        let base: String = (0..REVIEWED_LINES).map(line).collect();
        let replaced = |number: usize| {
            if number > 0 && number.is_multiple_of(REVIEWED_LINES / HUNKS) {
                format!("    let value_{number} = other(\"words\");\n    check(value_{number});\n")
            } else {
                line(number)
            }
        };
        // The first line is where the keystrokes are; a hunk behind the last line stands for it.
        let mut result: String = (0..REVIEWED_LINES).map(replaced).collect();
        result.push_str("// the end\n");
        let (data, work) = (dir.path().join("data"), dir.path().join("work"));
        seed::seed(&data, &work, &[("a.rs", &base)], &[("a.rs", &result)]);
        let mut session = Self::on(dir, &base);
        session.settled();
        session
    }

    fn on(dir: tempfile::TempDir, text: &str) -> Self {
        let workspace = dir.path().canonicalize().unwrap().join("work");
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
            new_lines: 0,
            _dir: dir,
        };
        let literals = json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
        let capabilities = json!({ "textDocument": { "codeAction": literals } });
        let root = format!("file://{}", workspace.display());
        session.send(
            &json!({ "id": 0, "method": "initialize", "params": { "capabilities": capabilities, "rootUri": root } }),
        );
        session.read();
        session.send(&json!({ "method": "initialized", "params": {} }));
        let document = json!({ "uri": session.uri, "languageId": "rust", "version": 1, "text": text });
        session.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        session
    }

    /// Types over characters of a line.
    fn change(&mut self, line: usize, [start, end]: [u32; 2], text: &str) {
        self.version += 1;
        self.new_lines += text.matches('\n').count();
        let range = json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } });
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.send(&json!({ "method": "textDocument/didChange", "params": params }));
    }

    /// Returns once everything that was sent is handled.
    fn status(&mut self) -> usize {
        self.send(&json!({ "id": 1, "method": "aca/status", "params": {} }));
        self.reply().len()
    }

    /// Returns once diagnostics are published.
    fn published(&mut self) -> String {
        loop {
            let message = self.read();
            if message.contains("textDocument/publishDiagnostics") {
                return message;
            }
        }
    }

    /// Returns once the diagnostics of all hunks are published where the hunks are now.
    fn settled(&mut self) -> usize {
        // The hunk behind the last line.
        let last = format!("\"line\":{}}}", REVIEWED_LINES + self.new_lines);
        loop {
            let message = self.published();
            if message.matches("aca proposes").count() == HUNKS && message.contains(&last) {
                return message.len();
            }
        }
    }

    fn reply(&mut self) -> String {
        loop {
            let message = self.read();
            if message.contains("\"id\":1") {
                return message;
            }
        }
    }

    /// Types and removes characters in turn, inside a function in the middle.
    fn edit(&mut self) {
        for number in 0..EDITS {
            let (end, text) = if number % 2 == 0 { (4, "x") } else { (5, "") };
            self.change(LINES / 2 + 1, [4, end], text);
        }
    }

    fn actions(&mut self) -> usize {
        self.actions_at(LINES / 2, "Do this")
    }

    fn actions_at(&mut self, line: usize, expected: &str) -> usize {
        let at = json!({ "line": line, "character": 3 });
        let params = json!({
            "textDocument": { "uri": self.uri },
            "range": { "start": at, "end": at },
            "context": { "diagnostics": [] },
        });
        self.send(&json!({ "id": 1, "method": "textDocument/codeAction", "params": params }));
        let reply = self.reply();
        assert!(reply.contains(expected), "{reply}");
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
