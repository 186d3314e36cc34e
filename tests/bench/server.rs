//! The language server: its start, its answers during a flood of edits, its memory at rest.

use std::process::Command;
use std::time::{Duration, Instant};

use aca_tests::lsp::{Options, initialize_params, uri};
use aca_tests::{Settings, TestEnv, Workspace};
use serde_json::{Value, json};

use crate::figures;
use crate::wire::Server;

const STARTS: usize = 30;
const LINES: usize = 5_000;
const REQUESTS: usize = 2_000;
const EDITS_PER_REQUEST: usize = 5;

/// A world without an engine, which the language server does not need.
fn world() -> (TestEnv, Workspace) {
    let nowhere = Some("unix:///nonexistent/docker.sock".to_owned());
    let env = TestEnv::with(Settings {
        docker_host: nowhere,
        level: "warn".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace("//- /README.md\n# Bench\n");
    (env, workspace)
}

fn aca(env: &TestEnv, workspace: &Workspace) -> Command {
    env.aca(workspace, &["lsp"])
}

fn peer(env: &TestEnv) -> Command {
    let beside = std::env::current_exe().expect("a program knows itself");
    env.command(beside.with_file_name("aca-bench-peer"))
}

fn initialized(command: Command, workspace: &Workspace) -> (Server, Duration) {
    let begun = Instant::now();
    let mut server = Server::start(command);
    server.call(
        "initialize",
        initialize_params(workspace, &Options::default(), std::process::id()),
    );
    let time = begun.elapsed();
    server.notify("initialized", json!({}));
    (server, time)
}

/// From the start of the process to the reply to `initialize`.
pub(crate) fn start() {
    let (env, workspace) = world();
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (server, time) = initialized(aca(&env, &workspace), &workspace);
        own.push(time);
        server.end();
        let (server, time) = initialized(peer(&env), &workspace);
        other.push(time);
        server.end();
    }
    figures::time(
        "start to initialize reply, median",
        figures::median(&own),
        figures::median(&other),
        2.0,
    );
}

/// Code actions on a document of 5,000 lines, each asked for behind a burst of edits.
pub(crate) fn actions() {
    let (env, workspace) = world();
    let own = flood(aca(&env, &workspace), &workspace);
    let other = flood(peer(&env), &workspace);
    for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
        let figure = format!("codeAction behind {EDITS_PER_REQUEST} edits, {LINES} lines, {name}");
        figures::time(
            &figure,
            figures::percentile(&own, share),
            figures::percentile(&other, share),
            1.0,
        );
    }
}

fn flood(command: Command, workspace: &Workspace) -> Vec<Duration> {
    let (mut server, _) = initialized(command, workspace);
    let document = uri(&workspace.path("src/long.rs"));
    open(&mut server, &document);
    let mut version = 1;
    let mut times = Vec::new();
    for request in 0..REQUESTS {
        let line = (request * 37) % LINES;
        for _ in 0..EDITS_PER_REQUEST {
            version += 1;
            let at = json!({ "line": line, "character": 0 });
            let change = json!({ "range": { "start": at, "end": at }, "text": "x" });
            let versioned = json!({ "uri": document, "version": version });
            let params = json!({ "textDocument": versioned, "contentChanges": [change] });
            server.notify("textDocument/didChange", params);
        }
        let begun = Instant::now();
        let range = json!({ "start": { "line": line, "character": 0 }, "end": { "line": line + 20, "character": 0 } });
        let params = json!({ "textDocument": { "uri": document }, "range": range, "context": { "diagnostics": [] } });
        let answer = server.call("textDocument/codeAction", params);
        times.push(begun.elapsed());
        assert!(
            answer["result"].is_array() || answer["result"] == Value::Null,
            "{answer}"
        );
    }
    server.end();
    times
}

fn open(server: &mut Server, document: &str) {
    let text: String = (0..LINES)
        .map(|line| match line % 50 {
            0 => format!("// TODO: number {line}\n"),
            _ => format!("fn number_{line}() -> usize {{ {line} }}\n"),
        })
        .collect();
    let item = json!({ "uri": document, "languageId": "rust", "version": 1, "text": text });
    server.notify("textDocument/didOpen", json!({ "textDocument": item }));
}

/// The resident memory of the process at rest, with a document open.
pub(crate) fn memory() {
    let (env, workspace) = world();
    let own = resident(aca(&env, &workspace), &workspace);
    let other = resident(peer(&env), &workspace);
    figures::memory("resident memory at rest, one document", own, other, 4.0);
}

fn resident(command: Command, workspace: &Workspace) -> u64 {
    let (mut server, _) = initialized(command, workspace);
    let document = uri(&workspace.path("src/long.rs"));
    open(&mut server, &document);
    let at = json!({ "line": 0, "character": 0 });
    let params = json!({
        "textDocument": { "uri": document },
        "range": { "start": at, "end": at },
        "context": { "diagnostics": [] },
    });
    server.call("textDocument/codeAction", params);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the server runs");
    server.end();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a resident size");
    line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}
