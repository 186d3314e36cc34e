//! Typing in a file of 50,000 lines under review: from a keystroke, through the whole server, to the diagnostics that
//! follow it. The peer is a frame on a screen.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use aca_tests::lsp::{Options, initialize_params, uri};
use aca_tests::scenario::one_command;
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::{Value, json};

use crate::figures;
use crate::wire::Server;

const LINES: usize = 50_000;
const HUNKS: usize = 200;
const KEYSTROKES: i32 = 200;

/// What a person sees as at once.
const FRAME: Duration = Duration::from_millis(16);

/// How long the server gathers keystrokes before it publishes, on purpose: whoever types fast is told once.
const GATHERED: Duration = Duration::from_millis(20);

/// Measures keystrokes that move every hunk.
pub(crate) fn measure() {
    let env = TestEnv::with(Settings {
        level: "warn".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(&format!("//- /long.txt\n{}", text()));
    let every = LINES / HUNKS;
    let middle = every / 2;
    env.script(&one_command(&format!(
        "awk 'NR % {every} == {middle} {{ $0 = $0 \" changed\" }} 1' long.txt > t && cat t > long.txt && rm t"
    )));
    let mut server = Server::start(env.aca(&workspace, &["lsp"]));
    let params = initialize_params(&workspace, &Options::default(), std::process::id());
    server.call("initialize", params);
    server.notify("initialized", json!({}));
    propose(&mut server, &workspace);

    let document = uri(&workspace.path("long.txt"));
    let item = json!({ "uri": document, "languageId": "plaintext", "version": 1, "text": text() });
    server.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let first = first_line(&server.await_notification("textDocument/publishDiagnostics", |params| {
        params["uri"] == document.as_str() && params["diagnostics"].as_array().map(Vec::len) == Some(HUNKS)
    }));
    let mut times = Vec::new();
    let before = processor_time(&server);
    for stroke in 0..KEYSTROKES {
        // A line is typed at the top and taken back again, so that all hunks move each time.
        let moved = i64::from(stroke % 2 == 0);
        let start = json!({ "line": 0, "character": 0 });
        let end = json!({ "line": 1 - moved, "character": 0 });
        let change =
            json!({ "range": { "start": start, "end": end }, "text": "\n".repeat(moved.unsigned_abs() as usize) });
        let versioned = json!({ "uri": document, "version": stroke + 2 });
        let begun = Instant::now();
        let params = json!({ "textDocument": versioned, "contentChanges": [change] });
        server.notify("textDocument/didChange", params);
        server.await_notification("textDocument/publishDiagnostics", |params| {
            params["uri"] == document.as_str() && first_line(params) == first + moved
        });
        times.push(begun.elapsed());
    }
    let worked = (processor_time(&server) - before) / KEYSTROKES.unsigned_abs();
    server.end();
    let figure = |words: &str| format!("keystroke, {HUNKS} hunks in {LINES} lines: {words}");
    figures::time(&figure("work"), worked, FRAME, 1.0);
    figures::time(&figure("shown, p50"), figures::median(&times), FRAME + GATHERED, 1.0);
    figures::time(
        &figure("shown, p99"),
        figures::percentile(&times, 0.99),
        FRAME + GATHERED,
        1.5,
    );
}

fn text() -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let _ = writeln!(text, "line {line} of a long file that is under review");
    }
    text
}

fn propose(server: &mut Server, workspace: &Workspace) {
    let root = workspace.root();
    let params = json!({ "workspace": root, "origin": { "kind": "text", "text": "change lines" } });
    server.call("aca/run", params);
    wait::until_true("the proposal", wait::LONG, || {
        let tasks = server.call("aca/tasks", json!({ "workspace": root }));
        tasks["result"]["tasks"][0]["state"]["name"] == "ready"
    });
}

fn first_line(params: &Value) -> i64 {
    let lines = params["diagnostics"].as_array().into_iter().flatten();
    let lines = lines.filter_map(|diagnostic| diagnostic["range"]["start"]["line"].as_i64());
    lines.min().unwrap_or(-1)
}

/// Returns the processor time that the server has used so far.
fn processor_time(server: &Server) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("the server runs");
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().expect("a number")).sum();
    // Linux counts in hundredths of a second wherever programs see it.
    Duration::from_millis(ticks * 10)
}
