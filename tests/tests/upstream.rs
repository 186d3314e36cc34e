//! Upstreams that refuse, are busy, answer garbage or nothing: the task ends with a reason, or goes on when they recover.

use aca_protocol::task::{TaskState, TaskView};
use aca_tests::lsp::Editor;
use aca_tests::model::Script;
use aca_tests::scenario::{SHOP, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::json;

fn run(script: &Script, settings: Settings) -> (TestEnv, Workspace, Editor) {
    let env = TestEnv::with(settings);
    let workspace = env.workspace(SHOP);
    env.script(script);
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "say something");
    (env, workspace, editor)
}

fn failure(script: &Script, settings: Settings) -> String {
    let (_env, workspace, mut editor) = run(script, settings);
    let task = editor.await_task(&workspace, "the failure", wait::LONG, |task| {
        state_name(task) == "failed"
    });
    let status = editor.client().call("aca/status", json!({}));
    assert_eq!(status["running"], 0, "{status}");
    match task.state {
        TaskState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn recovers(script: &Script, settings: Settings) -> TaskView {
    let (_env, workspace, mut editor) = run(script, settings);
    editor.await_task(&workspace, "the end", wait::LONG, |task| {
        state_name(task) == "nothingToDo"
    })
}

#[test]
fn a_refused_credential_fails_at_once_and_says_so() {
    let script = Script::new().raw("[[turn]]\nreply.error = { status = 401, message = 'invalid x-api-key' }");
    let reason = failure(&script, Settings::default());
    assert!(
        reason.contains("401") || reason.contains("credential") || reason.contains("key"),
        "{reason}"
    );
}

#[test]
fn a_busy_upstream_is_asked_again() {
    for status in [429, 529] {
        let script = Script::new()
            .raw(&format!(
                "[[turn]]\ntimes = 2\nreply.error = {{ status = {status}, retry_after = 1, message = 'busy' }}"
            ))
            .text("All is well.");
        let task = recovers(&script, Settings::default());
        assert!(task.usage.requests >= 1, "{task:?}");
    }
}

#[test]
fn an_answer_that_is_no_answer_is_asked_for_again() {
    let script = Script::new()
        .raw("[[turn]]\ntimes = 2\nreply.garbage = '<html>a proxy says hello</html>'")
        .text("It was only the proxy.");
    recovers(&script, Settings::default());
}

#[test]
fn an_upstream_that_hangs_is_given_up_and_asked_again() {
    let script = Script::new()
        .raw("[[turn]]\ntimes = 1\nreply.hang = true")
        .text("Here I am.");
    recovers(
        &script,
        Settings {
            idle_timeout_secs: 5,
            ..Settings::default()
        },
    );
}

#[test]
fn a_stream_that_breaks_off_is_asked_again() {
    let script = Script::new()
        .raw("[[turn]]\nmatch.turn = 0\nreply = { text = 'A long answer that breaks off.', drop_after_chunks = 3 }");
    recovers(&script, Settings::default());
}

#[test]
fn an_upstream_that_is_not_there_is_named_while_it_is_tried() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = Settings {
        upstream: Some(format!("http://{nobody}")),
        ..Settings::default()
    };
    let (_env, workspace, mut editor) = run(&Script::new().text("never said"), settings);
    let task = editor.task(&workspace).expect("the task was made");
    let said = wait::until("a word about the upstream", wait::LONG, || {
        let transcript = editor.client().call("aca/transcript", json!({ "task": task.id }));
        let task = editor.task(&workspace).expect("the task is known");
        let told = format!("{transcript}{task:?}");
        (told.contains(&nobody.to_string()) || told.contains("retry")).then_some(told)
    });
    println!("{said}");
    editor.client().call("aca/stop", json!({ "task": task.id }));
    editor.await_task(&workspace, "the stop", wait::SHORT, |task| {
        state_name(task) == "stopped"
    });
}
