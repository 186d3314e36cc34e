//! Landings and takings back that are killed at their storage calls, and what an engine that opens the session finds.
//!
//! With the first argument `land` or `undo` this program opens the session in the directory in the second, accepts
//! everything or takes the newest landing back, and ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../review/fixture.rs"]
#[expect(dead_code, reason = "what the other tests need of it")]
mod fixture;

use std::path::Path;
use std::process::{Command, ExitCode};

use aca_protocol::proposal::{FileChange, FileView, HunkState};
use fixture::{Contents, Fixture, seed};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;

/// The calls that storage is made of, and how many of them are passed over between two kills: the database writes page
/// by page, and what it makes of a page that is missing is its own concern.
const CALLS: [(&str, usize); 8] = [
    ("fsync", 1),
    ("syncfs", 1),
    ("renameat2", 1),
    ("unlinkat", 1),
    ("mkdirat", 1),
    ("fchmod", 1),
    ("unlink", 2),
    ("pwrite64", 17),
];

const LONG: &str = "line\nanother line\nand a third that is long enough\n";
const BEFORE: &Contents<'_> = &[
    ("a.txt", b"one\ntwo\nthree\nfour\nfive\nsix\nseven\n"),
    ("gone", b"bye\n"),
    ("old/name", LONG.as_bytes()),
];
const AFTER: &Contents<'_> = &[
    ("a.txt", b"one\nTWO\nthree\nfour\nfive\nSIX\nseven\n"),
    ("deep/new", b"new\n"),
    ("moved/name", LONG.as_bytes()),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, what, home] = &args[..]
        && (what == "land" || what == "undo")
    {
        run(async { operate(what, Path::new(home)).await });
        return ExitCode::SUCCESS;
    }
    let mut tests = Vec::new();
    for what in ["land", "undo"] {
        for (call, stride) in CALLS {
            let name = format!("{what}_is_killed_at_{call}");
            tests.push(Trial::test(name, move || every_point(what, call, stride)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Runs on one thread, with one more for calls that block, so that calls come in the same order each time.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build();
    runtime.unwrap().block_on(work)
}

async fn operate(what: &str, home: &Path) {
    let fixture = Fixture::at(home, None).await;
    match what {
        "land" => drop(fixture.accept_all().await),
        _ => drop(fixture.undo(None, None).await),
    }
    fixture.engine.shutdown().await;
}

/// Kills an operation at the first of these calls, later ones, and so on, until it comes through.
fn every_point(what: &str, call: &str, stride: usize) -> Result<(), Failed> {
    let dir = TempDir::new()?;
    let (home, spare) = (dir.path().join("home"), dir.path().join("spare"));
    std::fs::create_dir(&home)?;
    seed(&home, BEFORE, &[AFTER]);
    if what == "undo" {
        // In a process of its own, as what a living one displaced is not looked at.
        let landed = Command::new(std::env::current_exe()?).arg("land").arg(&home).status()?;
        assert!(landed.success());
    }
    copy(&home, &spare)?;
    for count in (1..).step_by(stride) {
        std::fs::remove_dir_all(&home)?;
        copy(&spare, &home)?;
        let killed = kill(what, &home, &format!("{call}:signal=KILL:when={count}"))?;
        run(check(&home)).map_err(|error| format!("{call} {count}: {error}"))?;
        if !killed {
            // A call that is not made any more is not what storage is made of.
            return if count > 1 {
                Ok(())
            } else {
                Err(format!("{call} was never called").into())
            };
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let copied = Command::new("cp").arg("-a").args([from, to]).status()?;
    if copied.success() {
        Ok(())
    } else {
        Err(std::io::Error::other("cp failed"))
    }
}

/// Runs the operation in a process that a signal ends at a call. Returns whether it, or a git that it ran, was reached.
fn kill(what: &str, home: &Path, injected: &str) -> std::io::Result<bool> {
    let output = Command::new("strace")
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .args(["-f", "-qq", "-e", "signal=none", "-e"])
        .arg(format!("inject={injected}"))
        .arg("-e")
        .arg(format!("trace={}", injected.split(':').next().unwrap_or_default()))
        .arg(std::env::current_exe()?)
        .arg(what)
        .arg(home)
        .output()?;
    let trace = String::from_utf8_lossy(&output.stderr);
    Ok(!output.status.success() || trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL"))
}

/// Opens the session as the next engine does and looks at everything.
async fn check(home: &Path) -> Result<(), String> {
    let fixture = Fixture::at(home, None).await;
    let result = agree(&fixture).await;
    fixture.engine.shutdown().await;
    result
}

async fn agree(fixture: &Fixture) -> Result<(), String> {
    for file in &fixture.proposal().files {
        let landed = file.hunks.iter().filter(|hunk| hunk.state == HunkState::Landed).count();
        if landed != 0 && landed != file.hunks.len() {
            return Err(format!("{} is landed by half", file.path));
        }
        let (wanted, other) = if landed > 0 { (AFTER, BEFORE) } else { (BEFORE, AFTER) };
        for path in paths(file) {
            let now = std::fs::read(fixture.path(path)).ok();
            if now.as_deref() != content(wanted, path) {
                let state = if now.as_deref() == content(other, path) {
                    "the other"
                } else {
                    "neither"
                };
                return Err(format!("{path} says {state} content: {:?}", file.hunks));
            }
        }
    }
    let known: Vec<&str> = BEFORE.iter().chain(AFTER).map(|(path, _)| *path).collect();
    let odd: Vec<String> = fixture
        .everything()
        .into_iter()
        .filter(|path| !known.contains(&path.as_str()))
        .collect();
    if !odd.is_empty() {
        return Err(format!("{odd:?} were left behind"));
    }
    // What was displaced is looked after for some seconds. All of it is content that was decided about.
    let kept = std::fs::read_dir(fixture.session().join("displaced"));
    let mut kept = kept.into_iter().flatten().flatten();
    let is_known = |content: &[u8]| BEFORE.iter().chain(AFTER).any(|(_, known)| *known == content);
    if let Some(left) = kept.find(|entry| !std::fs::read(entry.path()).is_ok_and(|content| is_known(&content))) {
        return Err(format!("{} has content that nobody knows", left.path().display()));
    }
    // And all of it can go on.
    let refused = fixture.accept_all().await.refused;
    if !refused.is_empty() {
        return Err(format!("{refused:?}"));
    }
    for (path, wanted) in AFTER {
        if std::fs::read(fixture.path(path)).ok().as_deref() != Some(*wanted) {
            return Err(format!("{path} did not land afterwards"));
        }
    }
    Ok(())
}

fn paths(file: &FileView) -> Vec<&str> {
    match &file.change {
        FileChange::Rename { from } => vec![file.path.as_str(), from.as_str()],
        _ => vec![file.path.as_str()],
    }
}

fn content<'a>(files: &'a Contents<'_>, path: &str) -> Option<&'a [u8]> {
    files
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, content)| *content)
}
