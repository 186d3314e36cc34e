//! A run is stopped in the middle of a long shell command: nothing of it is left.

use std::time::{Duration, Instant};

use aca_tests::lsp::Editor;
use aca_tests::scenario::{SHOP, one_command, state_name};
use aca_tests::{TestEnv, wait};
use serde_json::json;

/// Whether any process of this machine has a word on its command line.
fn someone_runs(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.into_iter().any(|line| {
        line.split(|byte| *byte == 0)
            .any(|argument| argument == word.as_bytes())
    })
}

#[test]
fn stopping_leaves_no_process_and_takes_no_time() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let mark = format!("86{}.5", std::process::id());
    env.script(&one_command(&format!(
        "setsid sleep {mark} & trap '' TERM INT; sleep {mark}; sleep {mark}"
    )));
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "wait for a long time");
    wait::until_true("the shell command", wait::LONG, || someone_runs(&mark));

    let asked = Instant::now();
    let answer = editor.client().call("aca/stop", json!({ "task": task.id }));
    let answered = asked.elapsed();
    assert!(
        matches!(answer["state"]["name"].as_str(), Some("stopping" | "stopped")),
        "{answer:#}"
    );
    let stopped = editor.await_task(&workspace, "the stop", wait::SHORT, |task| {
        state_name(task) == "stopped"
    });
    let settled = asked.elapsed();
    wait::until_true("the end of every process", wait::SHORT, || !someone_runs(&mark));
    let gone = asked.elapsed();
    println!("stop: answered after {answered:?}, stopped after {settled:?}, no process left after {gone:?}");
    assert!(gone < Duration::from_secs(2), "the last process lived for {gone:?}");
    assert!(settled < Duration::from_secs(4), "the state followed after {settled:?}");
    assert_eq!(stopped.id, task.id);
    wait::until_true("the container to go", wait::SHORT, || {
        env.running_containers().is_empty()
    });

    let again = editor.client().try_call("aca/stop", json!({ "task": task.id }));
    assert!(again.is_err(), "what is stopped cannot be stopped again: {again:?}");
}
