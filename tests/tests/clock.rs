//! The wall clock jumps: while an agent works, while a daemon is down, and between a landing and its undoing. It is
//! libfaketime's, in the daemon only.

use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use aca_tests::lsp::Editor;
use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, hunk_states, two_hunks};
use aca_tests::{Running, TestEnv, Workspace, parts, wait};
use rustix::process::Signal;
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A daemon whose clock the test sets.
struct Daemon {
    process: Running,
    clock: PathBuf,
}

impl Daemon {
    fn start(env: &TestEnv, clock: &str) -> Self {
        let file = env.folder().join("clock");
        std::fs::write(&file, clock).unwrap();
        let mut command = env.command(parts::aca());
        command
            .args(["daemon", "run", "--detached"])
            .env("LD_PRELOAD", parts::faketime())
            .env("FAKETIME_TIMESTAMP_FILE", &file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Running::new(command.spawn().expect("aca can be started"));
        // It says one line when it listens, and closes its end.
        let mut said = String::new();
        process.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!said.is_empty(), "the daemon does not listen");
        Self { process, clock: file }
    }

    fn jump(&self, clock: &str) {
        let next = self.clock.with_extension("next");
        std::fs::write(&next, clock).unwrap();
        std::fs::rename(&next, &self.clock).unwrap();
    }

    fn kill(mut self) {
        self.process.signal(Signal::KILL);
        self.process.await_exit(wait::SHORT);
    }
}

/// Runs `aca`, which must do what it is asked.
fn done(env: &TestEnv, workspace: &Workspace, arguments: &[&str]) {
    let finished = env.run(workspace, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
}

#[test]
fn work_goes_on_whatever_the_clock_says() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let at = |ms: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
    let now = SystemTime::now();

    // While the agent works it jumps back by more than a year, from a month ahead.
    let first = Daemon::start(&env, "+30d");
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    assert!(at(task.created_ms) > now + 29 * DAY, "{task:?}");
    env.model().await_requests(2, wait::LONG);
    first.jump("-400d");
    env.model().go_on();
    let ready = editor.await_ready(&workspace);
    assert_eq!(ready.id, task.id);
    assert!(at(ready.changed_ms) < now - 399 * DAY, "{ready:?}");
    let proposal = editor.proposal(&ready);
    assert_eq!(hunk_states(&proposal), ["clean", "clean"]);
    drop(editor);
    first.kill();

    // The next one has the right time.
    let second = Daemon::start(&env, "+0");
    let mut editor = Editor::start(&env, &workspace);
    let found = editor.await_ready(&workspace);
    let hunks = editor.proposal(&found).files[0].hunks.clone();
    editor.decide(&found, "accept", json!({ "kind": "hunks", "ids": [hunks[0].id] }));
    assert!(workspace.read("src/user.rs").contains(FIRST_HUNK));
    second.jump("-4000d");
    editor.decide(&found, "accept", json!({ "kind": "hunks", "ids": [hunks[1].id] }));
    assert!(workspace.read("src/user.rs").contains(SECOND_HUNK));
    done(&env, &workspace, &["checkpoint", "create", "both"]);
    drop(editor);
    second.kill();

    // The newest landing is the one that was made last, whatever the clock said then.
    let third = Daemon::start(&env, "-2000d");
    done(&env, &workspace, &["undo"]);
    let text = workspace.read("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && !text.contains(SECOND_HUNK), "{text}");
    done(&env, &workspace, &["checkpoint", "restore", "both"]);
    let text = workspace.read("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && text.contains(SECOND_HUNK), "{text}");
    for arguments in [&["audit", "verify"][..], &["usage"], &["session", "list"], &["show"]] {
        done(&env, &workspace, arguments);
    }
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.task(&workspace).expect("the task is known");
    assert_eq!(hunk_states(&editor.proposal(&task)), ["landed", "landed"]);
    drop(editor);
    third.kill();
}
