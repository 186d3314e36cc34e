//! The server as an editor sees it: order under load, and an end in time, over the stdio of the real program.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aca_tests::lsp::{Client, Editor, Options, uri};
use aca_tests::scenario::{SHOP, TODO, titles};
use aca_tests::{Running, TestEnv, Workspace, wait};
use rustix::process::Signal;
use serde_json::{Value, json};

/// How long the end of the server may take, whatever ends it.
const END: Duration = Duration::from_secs(3);

fn world() -> (TestEnv, Workspace) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    (env, workspace)
}

#[test]
fn thousands_of_edits_beside_hundreds_of_requests_stay_in_order() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let document = uri(&workspace.path("src/order.rs"));
    let item = json!({ "uri": document, "languageId": "rust", "version": 0, "text": "\n" });
    client.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let start = json!({ "line": 0, "character": 0 });
    let mut actions = Vec::new();
    for version in 1..=2_000 {
        // Each edit replaces the whole first line, so any change of order leaves another number.
        let old = if version == 1 {
            0
        } else {
            format!("// TODO: number {}", version - 1).len()
        };
        let end = json!({ "line": 0, "character": old });
        let change = json!({ "range": { "start": start, "end": end }, "text": format!("// TODO: number {version}") });
        let versioned = json!({ "uri": document, "version": version });
        client.notify(
            "textDocument/didChange",
            json!({ "textDocument": versioned, "contentChanges": [change] }),
        );
        if version % 2 == 0 && version <= 1_800 {
            let params = json!({
                "textDocument": { "uri": document },
                "range": { "start": start, "end": start },
                "context": { "diagnostics": [] },
            });
            actions.push((version, client.request("textDocument/codeAction", params)));
        }
    }
    assert_eq!(actions.len(), 900);
    for (version, id) in actions {
        let answer = client
            .await_response(id, wait::SHORT)
            .expect("a code action is never an error");
        let text = answer.to_string();
        assert!(
            text.contains(&format!("number {version}\"")) || text.contains(titles::DO_THIS),
            "{text}"
        );
    }
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "todo", "path": "src/order.rs", "line": 0, "text": "" } });
    let task = client.call("aca/run", params);
    assert_eq!(task["title"], "TODO: number 2000");
    let _ = client.try_call("aca/stop", json!({ "task": task["id"] }));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn a_cancelled_request_is_answered_once() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let mut asked = Vec::new();
    for _ in 0..100 {
        let id = client.request("aca/tasks", json!({ "workspace": workspace.root() }));
        client.notify("$/cancelRequest", json!({ "id": id }));
        asked.push(id);
    }
    client.notify("$/cancelRequest", json!({ "id": 987_654 }));
    for id in asked {
        if let Err(error) = client.await_response(id, wait::SHORT) {
            assert_eq!(error.code, -32800, "{error:?}");
        }
    }
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn exit_ends_the_server_while_its_input_stays_open() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    client.call("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.process().await_exit(END).code(), Some(0));
}

#[test]
fn exit_without_shutdown_is_told_by_the_exit_code() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    client.notify("exit", Value::Null);
    assert_eq!(client.process().await_exit(END).code(), Some(1));
}

#[test]
fn the_end_of_input_ends_the_server() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    client.request("aca/tasks", json!({ "workspace": workspace.root() }));
    client.close_input();
    client.process().await_exit(END);
}

#[test]
fn a_termination_signal_ends_the_server() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    client.process().signal(Signal::TERM);
    client.process().await_exit(END);
}

#[test]
fn the_death_of_the_editor_ends_the_server() {
    let (env, workspace) = world();
    let parent = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let mut parent = Running::new(parent);
    let mut client = Client::start(&env, &workspace);
    let params = aca_tests::lsp::initialize_params(&workspace, &Options::default(), parent.id());
    client.call("initialize", params);
    client.notify("initialized", json!({}));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let asked = Instant::now();
    client.process().await_exit(Duration::from_secs(12));
    println!("the server ended {:?} after its editor", asked.elapsed());
}

#[test]
fn a_second_editor_shares_the_sessions_and_outlives_the_first() {
    let (env, workspace) = world();
    env.script(&aca_tests::scenario::two_hunks(&workspace));
    let mut first = Editor::start(&env, &workspace);
    first.open("src/user.rs");
    let mut second = Editor::start(&env, &workspace);
    first.choose("src/user.rs", TODO, titles::DO_THIS);
    let task = first.await_ready(&workspace);
    assert_eq!(second.await_ready(&workspace).id, task.id);
    first.client().call("shutdown", Value::Null);
    first.client().notify("exit", Value::Null);
    first.client().close_input();
    second.open("src/user.rs");
    let result = second.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(result["refused"], json!([]), "{result:#}");
    assert!(second.text("src/user.rs").contains("Welcome back"));
    assert_eq!(second.client().shut_down(), Some(0));
    first.client().process().await_exit(END);
}

#[test]
fn a_client_that_sends_null_for_no_params_is_understood() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    client.send_raw(br#"{"jsonrpc":"2.0","id":"last","method":"shutdown","params":null}"#);
    client.send_raw(br#"{"jsonrpc":"2.0","method":"exit","params":null}"#);
    assert_eq!(client.process().await_exit(END).code(), Some(0));
    client.pump(wait::SHORT);
    let answers = client.take_unexpected();
    assert_eq!(answers, [json!({ "jsonrpc": "2.0", "id": "last", "result": null })]);
}

#[test]
fn no_process_but_the_daemon_is_left_behind() {
    let (env, workspace) = world();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let pid = client.call("aca/status", json!({}))["pid"].as_u64();
    assert_eq!(pid, Some(env.daemon().pid().into()));
    assert_eq!(client.shut_down(), Some(0));
    let daemon = env.daemon();
    assert_eq!(env.run(&workspace, &["daemon", "stop"]).code, Some(0));
    daemon.await_end(END);
}

#[test]
fn without_a_daemon_the_server_ends_with_its_editor() {
    let (env, workspace) = world();
    let mut client = Client::start_with(&env, &workspace, &["lsp", "--in-process"]);
    client.call(
        "initialize",
        aca_tests::lsp::initialize_params(&workspace, &Options::default(), std::process::id()),
    );
    client.notify("initialized", json!({}));
    let pid = client.call("aca/status", json!({}))["pid"].as_u64();
    assert_eq!(pid, Some(client.process().id().into()));
    assert!(env.daemons().is_empty(), "nobody asked for a daemon");
    let tasks = env.run(&workspace, &["status", "--json"]);
    assert_eq!(
        tasks.code,
        Some(0),
        "a command is served by the editor's process: {tasks:?}"
    );
    let stop = env.run(&workspace, &["daemon", "stop"]);
    assert_eq!(stop.code, Some(3), "{stop:?}");
    assert!(stop.err.contains("--in-process"), "{stop:?}");
    assert_eq!(client.shut_down(), Some(0));
    assert!(env.daemons().is_empty());
}
