//! The disk of the data directory is full: what cannot be recorded is refused, nothing is lost, and when there is room
//! again the same server goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use aca_tests::lsp::Editor;
use aca_tests::scenario::{SHOP, hunk_states, state_name, two_hunks};
use aca_tests::{Settings, TestEnv, wait};
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
        let mut file = std::fs::File::create(self.0.join("ballast")).unwrap();
        while std::io::Write::write_all(&mut file, &zeroes).is_ok() {}
        let small = [0; 64];
        while std::io::Write::write_all(&mut file, &small).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_survived() {
    let place = tempfile::Builder::new().prefix("aca-disk-").tempdir().unwrap();
    let disk = SmallDisk::mount(&place.path().join("data"));
    let env = TestEnv::with(Settings {
        data_dir: Some(disk.0.clone()),
        ..Settings::default()
    });
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
    let known = second.task(&workspace).expect("the task is still known");
    assert_eq!(known.id, task.id);
    let proposal = second.proposal(&task);
    assert_eq!(hunk_states(&proposal), ["landed", "landed"], "a decision was lost");
    drop(second);
    drop(env);
}
