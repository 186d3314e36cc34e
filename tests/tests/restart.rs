//! The daemon is killed and started again: the same tasks, the same attempt, the same proposal.

use aca_tests::lsp::Editor;
use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, hunk_states, state_name, two_hunks};
use aca_tests::{TestEnv, engine, wait};
use serde_json::json;

#[test]
fn an_attempt_outlives_a_killed_daemon() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut first = Editor::start(&env, &workspace);
    let task = first.run_text(&workspace, "reject empty names");
    env.model().await_requests(2, wait::LONG);
    let attempt = first
        .await_task(&workspace, "the agent at work", wait::LONG, |task| {
            state_name(task) == "running"
        })
        .attempt
        .expect("a running task has an attempt");
    let containers = env.running_containers();
    assert_eq!(containers.len(), 1, "{containers:?}");
    let started = engine::inspect(&containers[0])["State"]["StartedAt"].clone();
    drop(first);
    env.daemon().kill();

    let mut second = Editor::start(&env, &workspace);
    let found = second.task(&workspace).expect("the task is still known");
    assert_eq!((&found.id, found.attempt.as_ref()), (&task.id, Some(&attempt)));
    assert_eq!(
        env.running_containers(),
        containers,
        "the attempt was started again or ended"
    );
    assert_eq!(engine::inspect(&containers[0])["State"]["StartedAt"], started);
    env.model().go_on();
    let ready = second.await_ready(&workspace);
    assert_eq!((&ready.id, ready.attempt.as_ref()), (&task.id, Some(&attempt)));
    assert_eq!(hunk_states(&second.proposal(&ready)), ["clean", "clean"]);
}

#[test]
fn proposals_and_decisions_outlive_a_killed_daemon() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut first = Editor::start(&env, &workspace);
    first.run_text(&workspace, "reject empty names");
    let task = first.await_ready(&workspace);
    let before = first.proposal(&task);
    let hunk = &before.files[0].hunks[0].id;
    first.decide(&task, "accept", json!({ "kind": "hunks", "ids": [hunk] }));
    let landed = workspace.read("src/user.rs");
    drop(first);
    env.daemon().kill();

    let mut second = Editor::start(&env, &workspace);
    let found = second.await_ready(&workspace);
    let after = second.proposal(&found);
    assert_eq!(found.id, task.id);
    assert_eq!(hunk_states(&after), ["landed", "clean"]);
    let ids = |proposal: &aca_protocol::proposal::ProposalView| {
        proposal.files[0]
            .hunks
            .iter()
            .map(|hunk| hunk.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&after), ids(&before), "hunks have other names after a restart");
    assert_eq!(workspace.read("src/user.rs"), landed);
    assert!(
        env.running_containers().is_empty(),
        "a finished attempt was started again"
    );
}

#[test]
fn landings_on_one_file_and_what_was_saved_between_them_outlive_a_killed_daemon() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut first = Editor::start(&env, &workspace);
    first.run_text(&workspace, "reject empty names");
    let task = first.await_ready(&workspace);
    let hunks = first.proposal(&task).files[0].hunks.clone();
    first.decide(&task, "accept", json!({ "kind": "hunks", "ids": [hunks[0].id] }));
    let path = workspace.path("src/user.rs");
    let saved = format!("{}// saved between the landings\n", workspace.read("src/user.rs"));
    std::fs::write(&path, saved).unwrap();
    first.decide(&task, "accept", json!({ "kind": "hunks", "ids": [hunks[1].id] }));
    let landed = workspace.read("src/user.rs");
    assert!(landed.contains(FIRST_HUNK) && landed.contains(SECOND_HUNK), "{landed}");
    assert!(landed.ends_with("// saved between the landings\n"), "{landed}");
    drop(first);
    env.daemon().kill();

    let mut second = Editor::start(&env, &workspace);
    let found = second.task(&workspace).expect("the task is still known");
    assert_eq!(hunk_states(&second.proposal(&found)), ["landed", "landed"]);
    assert_eq!(workspace.read("src/user.rs"), landed);
}

#[test]
fn what_is_decided_while_the_daemon_is_replaced_is_decided_as_it_was_seen() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "reject empty names");
    let task = editor.await_ready(&workspace);
    let shown = editor.proposal(&task);
    let daemon = env.daemon();
    let pid = daemon.pid();
    daemon.kill();
    // From here on the relay keeps what is asked until the next daemon listens, so this is its first question.
    env.next_daemon(pid);
    let hunk = &shown.files[0].hunks[0].id;
    let params = json!({
        "task": task.id, "decision": "accept", "selection": { "kind": "hunks", "ids": [hunk] }, "seen": shown.revision,
    });
    let decided = editor.call_serving("aca/decide", params, wait::LONG);
    assert_eq!(decided["refused"], json!([]), "{decided:#}");
    assert_eq!(decided["decided"], json!([hunk]), "{decided:#}");
}
