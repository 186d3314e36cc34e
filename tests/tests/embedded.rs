//! The embedded pair: aca's own small agent loop, and a confined plain process for where no container engine is. Both
//! speak the same stream as the container with Claude Code does, so each can stand beside the other's partner.

use aca_tests::lsp::Editor;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::{FIRST_HUNK, SHOP, hunk_states, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::json;

const OLD: &str = "    // TODO: reject empty names\n    pub fn new(name: &str) -> Self {\n";
const NEW: &str = "    pub fn new(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n";

fn script() -> Script {
    Script::new()
        .tools([tool("read_file", json!({ "path": "src/user.rs" }))])
        .tools([tool(
            "edit_file",
            json!({ "path": "src/user.rs", "old_text": OLD, "new_text": NEW }),
        )])
        .tools([tool("shell", json!({ "command": FACTS }))])
        .text("Empty names are rejected now.")
}

/// What the shell tells the model about where it is; the model's next request carries it.
const FACTS: &str = "echo caps-$(sed -n 's/^CapEff:.//p' /proc/self/status); \
                     echo routes-$(tail -n +2 /proc/net/route | wc -l); \
                     touch /etc/mark 2>/dev/null && echo etc-$((40 + 2)); \
                     touch /root/mark 2>/dev/null && echo root-$((40 + 2)); echo end-$((40 + 2))";

fn lands(env: &TestEnv, workspace: &Workspace) -> Editor {
    env.script(&script());
    let mut editor = Editor::start(env, workspace);
    let task = editor.run_text(workspace, "reject empty names");
    let ready = editor.await_ready(workspace);
    assert_eq!(hunk_states(&editor.proposal(&ready)), ["clean"]);
    editor.decide(&task, "accept", json!({ "kind": "all" }));
    editor.await_task(workspace, "the end", wait::SHORT, |task| state_name(task) == "landed");
    assert!(workspace.read("src/user.rs").contains(FIRST_HUNK));
    let requests = env.model().requests();
    let last = String::from_utf8_lossy(&requests.last().expect("the model was asked").body).into_owned();
    for (fact, wanted) in [
        ("end-42", true),
        ("caps-0000000000000000", true),
        ("routes-0", true),
        ("etc-42", false),
        ("root-42", false),
    ] {
        assert_eq!(last.contains(fact), wanted, "{fact}: {last}");
    }
    for request in &requests {
        assert_eq!(request.header("x-api-key"), Some(env.api_key()));
    }
    editor
}

#[test]
fn the_confined_process_works_without_an_engine() {
    let env = TestEnv::with(Settings {
        docker_host: Some("unix:///nonexistent/docker.sock".to_owned()),
        more: "[sandbox]\nbackend = \"process\"\n\n[agent]\ndriver = \"direct\"\n".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    lands(&env, &workspace);
}

#[test]
fn the_small_loop_works_in_a_container() {
    let env = TestEnv::with(Settings {
        more: "[agent]\ndriver = \"direct\"\n".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    let mut editor = lands(&env, &workspace);
    wait::until_true("the container to go", wait::SHORT, || env.containers().is_empty());
    assert_eq!(editor.client().call("aca/status", json!({}))["problems"], json!([]));
}
