//! Snapshots of a repository of 10,000 files, beside `git add --all && git write-tree` with an index of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use aca_tests::{Settings, TestEnv, Workspace};
use aca_workspace::objects::Objects;

use crate::figures;

const FILES: usize = 10_000;
const ROUNDS: usize = 5;

/// Measures the first snapshot, and those after ten edited files.
pub(crate) fn measure() {
    let nowhere = Some("unix:///nonexistent/docker.sock".to_owned());
    let env = TestEnv::with(Settings {
        docker_host: nowhere,
        ..Settings::default()
    });
    let workspace = env.workspace(&files());
    let (mut own, mut other) = (Vec::new(), Vec::new());
    let (mut own_again, mut other_again) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let store = env.folder().join(format!("objects-{round}.git"));
        let objects = Objects::open(&store).expect("a store can be made");
        let index = env.folder().join(format!("index-{round}"));
        own.push(timed(|| {
            objects.snapshot(workspace.root(), &[]).expect("a snapshot");
        }));
        other.push(timed(|| git_snapshot(&env, &workspace, &index)));
        edit(&workspace, round);
        own_again.push(timed(|| {
            objects.snapshot(workspace.root(), &[]).expect("a snapshot");
        }));
        other_again.push(timed(|| git_snapshot(&env, &workspace, &index)));
    }
    let median = figures::median;
    figures::time(
        &format!("snapshot of {FILES} files, the first"),
        median(&own),
        median(&other),
        1.2,
    );
    figures::time("snapshot after 10 edits", median(&own_again), median(&other_again), 1.0);
}

fn files() -> String {
    let file = |number: usize| {
        let lines: String = (0..40).map(|line| format!("line {line} of file {number}\n")).collect();
        format!("//- /d{}/f{number}.txt\n{lines}", number % 100)
    };
    (0..FILES).map(file).collect()
}

fn edit(workspace: &Workspace, round: usize) {
    for number in 0..10 {
        workspace.write(
            &format!("d{number}/f{number}.txt"),
            &format!("edited in round {round}\n"),
        );
    }
}

fn git_snapshot(env: &TestEnv, workspace: &Workspace, index: &Path) {
    for arguments in [&["add", "--all", "."][..], &["write-tree"]] {
        let output = env
            .command("git")
            .current_dir(workspace.root())
            .env("GIT_INDEX_FILE", index)
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{output:?}");
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}
