//! Bad input gets a clear error, changes nothing, and the server stays up.

use aca_tests::lsp::{Client, Editor, Options, uri};
use aca_tests::scenario::{SHOP, TODO, one_command, titles, two_hunks};
use aca_tests::{Settings, TestEnv, wait};
use serde_json::{Value, json};

/// The server is there and well.
fn assert_up(client: &mut Client) {
    let status = client.call("aca/status", json!({}));
    assert!(status["version"].is_string(), "{status}");
}

#[test]
fn malformed_messages_do_not_stop_the_server() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    for body in [
        &b"{"[..],
        b"not json at all",
        b"[]",
        b"null",
        b"{\"jsonrpc\":\"2.0\"}",
        b"{\"jsonrpc\":\"2.0\",\"method\":7}",
        b"{\"jsonrpc\":\"1.0\",\"id\":\"x\",\"method\":\"aca/status\"}",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"no/suchNotification\"}",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{\"contentChanges\":7}}",
        b"\xff\xfe\x00",
    ] {
        client.send_raw(body);
        assert_up(&mut client);
    }
    client.take_unexpected();
    let unknown = client.try_call("no/suchRequest", json!({})).unwrap_err();
    assert_eq!(unknown.code, -32601, "{unknown:?}");
    for params in [Value::Null, json!([]), json!({ "task": 7 }), json!({ "tusk": "x" })] {
        let error = client.try_call("aca/proposal", params).unwrap_err();
        assert_eq!(error.code, -32602, "{error:?}");
    }
    assert_up(&mut client);
}

#[test]
fn unknown_names_and_foreign_paths_are_refused() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    std::fs::write(env.folder().join("outside.rs"), "// TODO: not yours\n").unwrap();
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let root = workspace.root();
    let todo = |path: &str, line: u32| json!({ "workspace": root, "origin": { "kind": "todo", "path": path, "line": line, "text": "" } });
    for (method, params, says) in [
        ("aca/stop", json!({ "task": "no-such" }), "no-such"),
        ("aca/proposal", json!({ "task": "no-such" }), "no-such"),
        ("aca/transcript", json!({ "task": "no-such" }), "no-such"),
        (
            "aca/decide",
            json!({ "task": "no-such", "decision": "accept", "selection": { "kind": "all" } }),
            "no-such",
        ),
        ("aca/run", todo("../outside.rs", 0), "outside.rs"),
        ("aca/run", todo("/etc/passwd", 0), "/etc/passwd"),
        ("aca/run", todo("src/nowhere.rs", 0), "nowhere.rs"),
        ("aca/run", todo("src/user.rs", 0), "TODO"),
        ("aca/run", todo("src/user.rs", 99_999), "TODO"),
        (
            "aca/run",
            json!({ "workspace": root, "origin": { "kind": "text", "text": "  " } }),
            "empty",
        ),
        (
            "aca/run",
            json!({ "workspace": "/no/such/place", "origin": { "kind": "text", "text": "x" } }),
            "/no/such/place",
        ),
        ("aca/tasks", json!({ "workspace": "/" }), "workspace"),
        (
            "workspace/executeCommand",
            json!({ "command": "no.such", "arguments": [] }),
            "no.such",
        ),
    ] {
        let error = client
            .try_call(method, params.clone())
            .expect_err(&format!("{method} {params}"));
        assert!(error.message.contains(says), "{method} {params}: {error:?}");
        assert!(error.message.len() > 20, "{method} {params} says too little: {error:?}");
    }
    let tasks = client.call("aca/tasks", json!({ "workspace": root }));
    assert_eq!(tasks["tasks"], json!([]), "a refused request left a task");
    assert_up(&mut client);
}

#[test]
fn a_todo_that_vanished_starts_nothing() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    let action = editor.action("src/user.rs", TODO, titles::DO_THIS);
    editor.replace("src/user.rs", "    // TODO: reject empty names\n", "");
    let command = action["command"].clone();
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    let error = editor
        .try_call_serving("workspace/executeCommand", params, wait::SHORT)
        .unwrap_err();
    assert!(error.message.contains("TODO"), "{error:?}");
    assert!(editor.task(&workspace).is_none(), "a TODO that vanished started a task");
}

#[test]
fn a_stale_version_never_corrupts_the_document() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    let task = editor.run_text(&workspace, "reject empty names");
    editor.await_ready(&workspace);
    // The answer to the server's edit is on its way while the user types: the edit no longer fits and is refused by the
    // editor; the server computes it again.
    let params = json!({ "task": task.id, "decision": "accept", "selection": { "kind": "all" } });
    let id = editor.client().request("aca/decide", params);
    editor.replace("src/user.rs", "//! Users of the shop.\n", "//! Users.\n");
    editor.serve_until("the decision", wait::SHORT, |editor| editor.client().has_answer(id));
    let result = editor
        .client()
        .await_response(id, wait::SHORT)
        .expect("the decision is taken");
    assert_eq!(result["refused"], json!([]), "{result:#}");
    let text = editor.text("src/user.rs");
    assert!(
        text.starts_with("//! Users.\n") && text.contains("Welcome back"),
        "{text}"
    );
    assert_eq!(text.matches("assert!").count(), 1, "{text}");
}

#[test]
fn a_broken_workspace_file_is_named_and_the_server_stays() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    workspace.write("aca.toml", "[session\nmax_parallel = 2\n");
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "anything" } });
    let problem = match client.try_call("aca/run", params) {
        Err(error) => error.message,
        Ok(task) => await_failure(&mut client, &workspace, &task),
    };
    assert!(problem.contains("aca.toml"), "{problem}");
    assert_up(&mut client);
}

#[test]
fn without_an_engine_the_error_says_what_to_do_and_nothing_runs_on_the_host() {
    let dead = "unix:///nonexistent/docker.sock".to_owned();
    let env = TestEnv::with(Settings {
        docker_host: Some(dead),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    env.script(&one_command("touch /tmp/aca-was-here"));
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "anything" } });
    let problem = match client.try_call("aca/run", params) {
        Err(error) => error.message,
        Ok(task) => await_failure(&mut client, &workspace, &task),
    };
    assert!(
        problem.contains("/nonexistent/docker.sock") || problem.contains("Docker"),
        "{problem}"
    );
    assert!(env.model().requests().is_empty(), "something ran without a sandbox");
    assert_up(&mut client);
}

#[test]
fn a_claude_code_that_dies_or_prints_garbage_fails_with_a_reason() {
    // `false` ends at once; `echo` prints its arguments, which are no frames, and ends.
    for program in ["/usr/bin/false", "/usr/bin/echo"] {
        let env = TestEnv::with(Settings {
            claude: Some(program.into()),
            ..Settings::default()
        });
        let workspace = env.workspace(SHOP);
        let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
        let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "anything" } });
        let task = client.call("aca/run", params);
        let reason = await_failure(&mut client, &workspace, &task);
        assert!(
            reason.contains("Claude Code") && reason.len() > 30,
            "{program}: {reason}"
        );
        wait::until_true("the container to go", wait::SHORT, || {
            env.running_containers().is_empty()
        });
        assert_up(&mut client);
    }
}

#[test]
fn documents_outside_the_workspace_and_odd_ones_are_tolerated() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let (mut client, _) = Client::initialized(&env, &workspace, &Options::default());
    for target in [
        "untitled:Untitled-1",
        "file:///etc/hostname",
        &uri(&workspace.path("with space/ü.rs")),
    ] {
        let item = json!({ "uri": target, "languageId": "rust", "version": 1, "text": "// TODO: x\n" });
        client.notify("textDocument/didOpen", json!({ "textDocument": item }));
        let start = json!({ "line": 0, "character": 0 });
        let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
        for end in [&start, &far] {
            let params = json!({
                "textDocument": { "uri": target },
                "range": { "start": start, "end": end },
                "context": { "diagnostics": [] },
            });
            client.call("textDocument/codeAction", params);
        }
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": target } }));
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": target } }));
    }
    assert_up(&mut client);
}

/// Waits until a task has failed and returns the reason.
fn await_failure(client: &mut Client, workspace: &aca_tests::Workspace, task: &Value) -> String {
    wait::until("the task to fail", wait::LONG, || {
        let tasks = client.call("aca/tasks", json!({ "workspace": workspace.root() }));
        let state = &tasks["tasks"]
            .as_array()?
            .iter()
            .find(|known| known["id"] == task["id"])?["state"];
        state["reason"].as_str().map(str::to_owned)
    })
}
