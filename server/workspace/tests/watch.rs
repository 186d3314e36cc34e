//! Watching real directories: every way of saving, directories that come, go and move, what git ignores, a branch of
//! 10,000 files, a root that goes away.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use aca_workspace::watch::{Changes, Watcher};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Workspace {
    dir: tempfile::TempDir,
    watcher: Watcher,
    reports: Receiver<Changes>,
}

impl Workspace {
    /// A watched directory that has files at these paths.
    fn new(paths: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("w")).unwrap();
        for path in paths {
            write(&dir.path().join("w").join(path), "before");
        }
        let (sender, reports) = channel();
        let watcher = Watcher::new(&dir.path().join("w"), move |changes| drop(sender.send(changes)));
        let mut workspace = Self { dir, watcher, reports };
        workspace.wait_for_rescan();
        workspace
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("w")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Returns the next report in time.
    fn next(&mut self, deadline: Instant) -> Option<Changes> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.reports.recv_timeout(left).ok()
    }

    fn wait_for_rescan(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.next(deadline).expect("a rescan is reported").rescan {}
    }

    /// Waits until all these paths have been reported one by one, and returns all that were.
    fn wait_for(&mut self, paths: &[&str]) -> Vec<PathBuf> {
        let mut missing: Vec<PathBuf> = paths.iter().map(|path| self.path(path)).collect();
        let mut reported = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while !missing.is_empty() {
            let Some(changes) = self.next(deadline) else {
                panic!("{missing:?} were not reported, {reported:?} were")
            };
            assert!(!changes.rescan, "a rescan instead of {missing:?}");
            missing.retain(|path| !changes.concern(path));
            reported.extend(changes.paths);
        }
        reported
    }
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn git(dir: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0"]);
    let status = command.arg("-C").arg(dir).args(args).status().unwrap();
    assert!(status.success(), "git {args:?}");
}

#[test]
fn every_way_of_saving_is_a_change_of_that_file() {
    type Save = fn(&Path);
    let ways: [(&str, Save); 7] = [
        ("truncate and write", |path| fs::write(path, "after").unwrap()),
        ("in place", |path| {
            OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .write_all(b"after")
                .unwrap();
        }),
        ("append", |path| {
            OpenOptions::new()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"after")
                .unwrap();
        }),
        ("temporary file renamed over it", |path| {
            let next = path.with_file_name(".f.swp");
            fs::write(&next, "after").unwrap();
            fs::rename(&next, path).unwrap();
        }),
        ("original renamed to a backup, then a new file, as vim does", |path| {
            let backup = path.with_file_name("f~");
            fs::rename(path, &backup).unwrap();
            let mut file = File::create_new(path).unwrap();
            file.write_all(b"after").unwrap();
            file.sync_all().unwrap();
            fs::remove_file(&backup).unwrap();
        }),
        ("temporary file in another directory renamed over it", |path| {
            let next = path.parent().unwrap().parent().unwrap().join("elsewhere");
            fs::write(&next, "after").unwrap();
            fs::rename(&next, path).unwrap();
        }),
        ("mode", |path| {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }),
    ];
    for (way, save) in ways {
        let mut workspace = Workspace::new(&["f", "g"]);
        save(&workspace.path("f"));
        let reported = workspace.wait_for(&["f"]);
        assert!(!reported.contains(&workspace.path("g")), "{way}: {reported:?}");
    }
}

#[test]
fn real_vim_saves_in_all_its_ways() {
    for options in [
        "backupcopy=yes",
        "backupcopy=no",
        "backupcopy=no backup",
        "nowritebackup",
    ] {
        let mut workspace = Workspace::new(&["f"]);
        let mut vim = Command::new("vim");
        vim.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TERM", "dumb");
        vim.args([
            "-u",
            "NONE",
            "-es",
            "-c",
            &format!("set {options}"),
            "-c",
            "normal Anew",
            "-c",
            "wq",
        ]);
        assert!(vim.arg(workspace.path("f")).status().unwrap().success());
        assert_eq!(fs::read_to_string(workspace.path("f")).unwrap(), "beforenew\n");
        workspace.wait_for(&["f"]);
    }
}

#[test]
fn removal_and_renaming_are_changes_of_both_names() {
    let mut workspace = Workspace::new(&["removed", "from"]);
    fs::remove_file(workspace.path("removed")).unwrap();
    fs::rename(workspace.path("from"), workspace.path("to")).unwrap();
    workspace.wait_for(&["removed", "from", "to"]);
}

#[test]
fn nothing_is_lost_in_directories_that_come_at_once() {
    let mut workspace = Workspace::new(&[]);
    let leaves: Vec<String> = (0..200).map(|n| format!("{n}/d/e/f/leaf")).collect();
    for leaf in &leaves {
        write(&workspace.path(leaf), "new");
    }
    workspace.wait_for(&leaves.iter().map(String::as_str).collect::<Vec<_>>());
    // And they are watched from now on.
    for leaf in &leaves {
        write(&workspace.path(leaf), "newer");
    }
    workspace.wait_for(&leaves.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_renamed_directory_changes_what_was_and_is_in_it() {
    let mut workspace = Workspace::new(&["a/b/f", "x/y"]);
    fs::rename(workspace.path("a"), workspace.path("x/c")).unwrap();
    workspace.wait_for(&["a/b/f", "x/c/b/f"]);
    write(&workspace.path("x/c/b/f"), "after");
    workspace.wait_for(&["x/c/b/f"]);
    // The old name is free for another directory.
    write(&workspace.path("a/b/f"), "another");
    workspace.wait_for(&["a/b/f"]);
    write(&workspace.path("a/b/f"), "once more");
    workspace.wait_for(&["a/b/f"]);
}

#[test]
fn directories_that_swap_names_over_and_over_stay_watched() {
    let mut workspace = Workspace::new(&["a/f", "b/f"]);
    for _ in 0..200 {
        fs::rename(workspace.path("a"), workspace.path("t")).unwrap();
        fs::rename(workspace.path("b"), workspace.path("a")).unwrap();
        fs::rename(workspace.path("t"), workspace.path("b")).unwrap();
    }
    write(&workspace.path("mark"), "");
    workspace.wait_for(&["mark"]);
    for _ in 0..5 {
        write(&workspace.path("a/f"), "after");
        workspace.wait_for(&["a/f"]);
        write(&workspace.path("b/f"), "after");
        workspace.wait_for(&["b/f"]);
    }
}

#[test]
fn a_directory_that_is_held_open_while_it_is_replaced_stays_watched() {
    let mut workspace = Workspace::new(&["a/f"]);
    for _ in 0..50 {
        let held = File::open(workspace.path("a")).unwrap();
        fs::remove_dir_all(workspace.path("a")).unwrap();
        write(&workspace.path("a/f"), "new");
        // Only now the system says that the directory which was here has gone.
        drop(held);
        workspace.wait_for(&["a/f"]);
        write(&workspace.path("mark"), "");
        workspace.wait_for(&["mark"]);
        write(&workspace.path("a/f"), "newer");
        workspace.wait_for(&["a/f"]);
    }
}

#[test]
fn a_removed_tree_is_reported() {
    let mut workspace = Workspace::new(&["a/b/c/f", "a/g"]);
    fs::remove_dir_all(workspace.path("a")).unwrap();
    workspace.wait_for(&["a/b/c/f", "a/g"]);
    write(&workspace.path("a/b/c/f"), "again");
    workspace.wait_for(&["a/b/c/f"]);
}

#[test]
fn a_directory_moved_out_is_not_watched_any_more() {
    let mut workspace = Workspace::new(&["a/b/f"]);
    let outside = workspace.dir.path().join("outside");
    fs::rename(workspace.path("a"), &outside).unwrap();
    workspace.wait_for(&["a/b/f"]);
    write(&outside.join("b/f"), "after");
    write(&workspace.path("mark"), "");
    assert_eq!(workspace.wait_for(&["mark"]), [workspace.path("mark")]);
}

#[test]
fn what_git_ignores_is_not_reported_unless_it_is_asked_for() {
    let mut workspace = Workspace::new(&["f"]);
    write(&workspace.path(".gitignore"), "*.log\nbuild/\n");
    workspace.wait_for_rescan();
    for path in [
        "a.log",
        "b.log",
        "build/out/x",
        "build/out/y",
        "f",
        ".git/index",
        "f.log",
    ] {
        write(&workspace.path(path), "after");
    }
    assert_eq!(workspace.wait_for(&["f"]), [workspace.path("f")]);
    let also = [
        "a.log",
        "build/out/x",
        "build/not/yet/there",
        "build/out/x/never",
        "../outside",
    ];
    for path in also {
        workspace.watcher.watch_also(&workspace.path(path));
    }
    // Each is reported once, because it may have changed before it was watched.
    workspace.wait_for(&also);
    for path in [
        "b.log",
        "build/out/y",
        "build/not/yet/other",
        "a.log",
        "build/out/x",
        "build/not/yet/there",
        "../outside",
    ] {
        write(&workspace.path(path), "once more");
    }
    let reported = workspace.wait_for(&["a.log", "build/out/x", "build/not/yet/there", "../outside"]);
    let quiet = ["b.log", "build/out/y", "build/not/yet/other"];
    assert!(
        !quiet.iter().any(|path| reported.contains(&workspace.path(path))),
        "{reported:?}"
    );
    fs::remove_dir_all(workspace.path("build")).unwrap();
    workspace.wait_for(&["build/out/x"]);
    write(&workspace.path("build/out/x"), "again");
    workspace.wait_for(&["build/out/x"]);
}

#[test]
fn rules_that_change_take_effect() {
    let mut workspace = Workspace::new(&["build/x"]);
    write(&workspace.path(".gitignore"), "build/\n");
    workspace.wait_for_rescan();
    write(&workspace.path("build/x"), "after");
    write(&workspace.path("mark"), "");
    assert_eq!(workspace.wait_for(&["mark"]), [workspace.path("mark")]);
    fs::remove_file(workspace.path(".gitignore")).unwrap();
    workspace.wait_for_rescan();
    write(&workspace.path("build/x"), "after");
    workspace.wait_for(&["build/x"]);
}

#[test]
fn a_branch_of_10_000_changed_files_is_reported_completely() {
    let mut workspace = Workspace::new(&[]);
    let root = workspace.root();
    git(&root, &["init", "-q"]);
    let files: Vec<String> = (0..10_000).map(|n| format!("d{}/e{}/f{n}", n % 100, n % 7)).collect();
    for content in ["one", "two"] {
        for file in &files {
            write(&workspace.path(file), content);
        }
        git(&root, &["checkout", "-q", "-b", content]);
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-q", "-m", content]);
    }
    write(&workspace.path("mark"), "");
    workspace.wait_for(&["mark"]);
    git(&root, &["checkout", "-q", "one"]);
    let reported = workspace.wait_for(&files.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!reported.iter().any(|path| path.starts_with(root.join(".git"))));
}

#[test]
fn more_changes_than_are_worth_listing_are_a_rescan() {
    let mut workspace = Workspace::new(&[]);
    let made = workspace.dir.path().join("made");
    for n in 0..30_000 {
        write(&made.join(format!("d{}/f{n}", n % 100)), "");
    }
    fs::rename(&made, workspace.path("made")).unwrap();
    workspace.wait_for_rescan();
    write(&workspace.path("made/d7/f7"), "after");
    workspace.wait_for(&["made/d7/f7"]);
}

#[test]
fn a_root_that_goes_away_is_watched_again_when_it_is_back() {
    let mut workspace = Workspace::new(&["f"]);
    let (root, moved) = (workspace.root(), workspace.dir.path().join("moved"));
    fs::rename(&root, &moved).unwrap();
    workspace.wait_for_rescan();
    fs::rename(&moved, &root).unwrap();
    workspace.wait_for_rescan();
    write(&workspace.path("f"), "after");
    workspace.wait_for(&["f"]);
    fs::remove_dir_all(&root).unwrap();
    workspace.wait_for_rescan();
    write(&workspace.path("d/f"), "new");
    workspace.wait_for_rescan();
    write(&workspace.path("d/f"), "newer");
    workspace.wait_for(&["d/f"]);
}

#[test]
fn a_root_replaced_with_its_parent_is_watched_again() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("parent");
    write(&parent.join("w/f"), "before");
    let (sender, reports) = channel();
    let watcher = Watcher::new(&parent.join("w"), move |changes| drop(sender.send(changes)));
    let mut workspace = Workspace { dir, watcher, reports };
    workspace.wait_for_rescan();
    fs::rename(&parent, parent.with_file_name("other")).unwrap();
    write(&parent.join("w/f"), "another");
    workspace.wait_for_rescan();
    write(&parent.join("w/f"), "after");
    let deadline = Instant::now() + PATIENCE;
    let file = parent.join("w/f");
    while !workspace.next(deadline).expect("the file is reported").concern(&file) {}
}

#[test]
fn constant_change_is_reported_in_time() {
    let mut workspace = Workspace::new(&["f"]);
    let path = workspace.path("f");
    let end = Instant::now() + Duration::from_secs(1);
    let writer = std::thread::spawn(move || {
        while Instant::now() < end {
            fs::write(&path, "x").unwrap();
        }
    });
    let mut reports = 0;
    while workspace.next(end).is_some() {
        reports += 1;
    }
    writer.join().unwrap();
    // One in 30 ms would be 33, and more than that would be no batches.
    assert!((5..=40).contains(&reports), "{reports} reports in a second");
}

#[test]
fn nothing_is_reported_after_the_end() {
    let mut workspace = Workspace::new(&["f"]);
    let (sender, ended) = channel();
    workspace.watcher = Watcher::new(&workspace.root(), move |changes| drop(sender.send(changes)));
    assert!(ended.recv_timeout(PATIENCE).unwrap().rescan);
    let (sender, reports) = channel();
    drop(std::mem::replace(&mut workspace.reports, reports));
    workspace.watcher = Watcher::new(&workspace.root(), move |changes| drop(sender.send(changes)));
    workspace.wait_for_rescan();
    write(&workspace.path("f"), "after");
    workspace.wait_for(&["f"]);
    // The channel is closed: the closure of the ended watcher is gone, and with it the thread.
    assert_eq!(
        ended.recv_timeout(PATIENCE).err(),
        Some(std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
}
