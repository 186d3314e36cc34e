//! The disk of the data directory is full: what cannot be recorded is refused, nothing is lost, and when there is room
//! again the same server goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use aca_protocol::TaskId;
use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::scenario::{SHOP, hunk_states, state_name, two_hunks};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::json;

/// A small file system of its own. Needs root, as the whole run does.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=192m", "tmpfs"])
            .arg(at)
            .status()
            .unwrap();
        assert!(
            status.success(),
            "a small file system cannot be mounted; run the tests as root"
        );
        Self(at.to_owned())
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let zeroes = vec![0; 1 << 16];
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &zeroes).is_ok() {}
        let small = [0; 64];
        while std::io::Write::write_all(&mut file, &small).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A world whose data is on the small disk, where work needs little room to be started.
fn world(disk: &SmallDisk) -> TestEnv {
    TestEnv::with(Settings {
        data_dir: Some(disk.0.clone()),
        more: "[cleanup]\nmin_free_mb = 32\n".to_owned(),
        ..Settings::default()
    })
}

/// Serves the editor until a task, which need not be the newest, is in a state.
fn await_state(editor: &mut Editor, workspace: &Workspace, task: &TaskId, state: &str) {
    let params = json!({ "workspace": workspace.root() });
    editor.serve_until(state, wait::LONG, |editor| {
        let all = editor.client().call("aca/tasks", params.clone());
        let all: Vec<TaskView> = serde_json::from_value(all["tasks"].clone()).expect("tasks as documented");
        all.iter().any(|known| known.id == *task && state_name(known) == state)
    });
}

/// What the server says is wrong with the disk.
fn said(editor: &mut Editor) -> Vec<String> {
    let status = editor.client().call("aca/status", json!({}));
    let problems = status["problems"].as_array().expect("problems as documented").iter();
    let problems = problems.filter_map(|problem| problem.as_str());
    problems
        .filter(|problem| problem.contains("disk"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_disk_that_fills_up_in_a_run_is_said_once_and_the_run_completes() {
    let place = tempfile::Builder::new().prefix("aca-disk-").tempdir().unwrap();
    let disk = SmallDisk::mount(&place.path().join("data"));
    let env = world(&disk);
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    // The edits are made; the model's last words are still to come.
    env.model().hold_after(3);
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    wait::until_true("the last request", wait::LONG, || {
        env.model().request_times().len() >= 4
    });
    let ballast = disk.0.join("ballast");
    assert!(ballast.exists(), "work was started without a ballast");

    disk.fill();
    // This has to be recorded, so the ballast is given up for it.
    let held = editor.client().call("aca/pause", json!({ "task": task.id }));
    assert_eq!(held["state"]["name"], "paused");
    assert!(!ballast.exists());
    wait::until_true("the full disk is said", wait::SHORT, || said(&mut editor).len() == 1);
    assert!(said(&mut editor)[0].contains("is full"), "{:?}", said(&mut editor));
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "one more" } });
    let refused = editor.client().call("aca/run", params);
    let refused = TaskId::new(refused["id"].as_str().expect("a task"));
    await_state(&mut editor, &workspace, &refused, "failed");
    assert_eq!(env.model().request_times().len(), 4, "nothing was paid for");

    editor.client().call("aca/resume", json!({ "task": task.id }));
    env.model().go_on();
    await_state(&mut editor, &workspace, &task.id, "ready");
    assert_eq!(hunk_states(&editor.proposal(&task)), ["clean", "clean"]);

    disk.free();
    wait::until_true("nothing is wrong any more", wait::LONG, || said(&mut editor).is_empty());
    assert!(ballast.exists(), "the ballast comes back first");
    let again = editor.run_text(&workspace, "once more");
    await_state(&mut editor, &workspace, &again.id, "ready");
    let verified = editor
        .client()
        .call("aca/verifyAudit", json!({ "session": task.session }));
    assert_eq!(verified["problem"], json!(null), "{verified}");
}

#[test]
fn a_full_disk_is_said_and_survived() {
    let place = tempfile::Builder::new().prefix("aca-disk-").tempdir().unwrap();
    let disk = SmallDisk::mount(&place.path().join("data"));
    let env = world(&disk);
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    editor.await_ready(&workspace);

    disk.fill();
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "one more" } });
    match editor.client().try_call("aca/run", params) {
        Err(error) => assert!(
            error.message.contains("space") || error.message.contains("full"),
            "{error:?}"
        ),
        Ok(view) => {
            let failed = editor.await_task(&workspace, "the failure", wait::LONG, |task| {
                state_name(task) == "failed"
            });
            assert_eq!(failed.id.as_str(), view["id"], "{failed:?}");
        }
    }
    assert!(editor.client().call("aca/status", json!({}))["version"].is_string());
    let proposal = editor.proposal(&task);
    assert_eq!(
        hunk_states(&proposal),
        ["clean", "clean"],
        "a full disk changed a proposal"
    );

    disk.free();
    editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert!(
        workspace.read("src/user.rs").contains("Welcome back"),
        "after there is room again, hunks land"
    );
    drop(editor);
    env.daemon().kill();
    let mut second = Editor::start(&env, &workspace);
    await_state(&mut second, &workspace, &task.id, "landed");
    let proposal = second.proposal(&task);
    assert_eq!(hunk_states(&proposal), ["landed", "landed"], "a decision was lost");
    drop(second);
    drop(env);
}
