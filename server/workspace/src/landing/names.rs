//! The names of the files that a landing makes: whose they are, for which file, and what may be in them.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sha1::{Digest as _, Sha1};

/// How these names begin. Neither a snapshot nor the watcher sees such files.
pub(crate) const PREFIX: &str = ".aca-landing-";

/// How far a landing is with a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being written. Nothing in it is the user's.
    Unfinished,
    /// It is complete, or has changed places with the user's. It may hold content of the user's.
    Ready,
}

/// Returns a name that no other file has, for a landing on `path`, which is relative to the root.
pub(super) fn unused(path: &str, stage: Stage) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (count, process) = (COUNT.fetch_add(1, Ordering::Relaxed), &*PROCESS);
    let stage = match stage {
        Stage::Unfinished => "unfinished",
        Stage::Ready => "ready",
    };
    format!("{PREFIX}{}-{process}-{count}-{stage}", short_hash(path))
}

/// Returns the stage of a file if it was left by a landing on `path` whose process is gone.
pub(super) fn abandoned(name: &str, path: &str) -> Option<Stage> {
    let rest = name.strip_prefix(PREFIX)?.strip_prefix(&short_hash(path))?;
    let mut parts = rest.strip_prefix('-')?.split('-');
    let process = parts.next()?;
    let stage = match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some("unfinished"), None) => Stage::Unfinished,
        (Some(_), Some("ready"), None) => Stage::Ready,
        _ => return None,
    };
    let (id, _) = process.split_once('.')?;
    let alive = id
        .parse()
        .ok()
        .and_then(running)
        .is_some_and(|running| running == process);
    (!alive).then_some(stage)
}

/// This process.
static PROCESS: LazyLock<String> = LazyLock::new(|| {
    let id = std::process::id();
    running(id).unwrap_or_else(|| format!("{id}.0"))
});

/// Returns what tells a running process from all others that have or had its number: the number and its start time.
/// Numbers are used again, and a killed process keeps its number until its parent has taken note; see proc_pid_stat(5).
fn running(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let start = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| format!("{id}.{start}"))
}

fn short_hash(path: &str) -> String {
    let hash = Sha1::digest(path.as_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_running_process_is_not_abandoned() {
        assert_eq!(abandoned(&unused("a/f", Stage::Ready), "a/f"), None);
    }

    #[test]
    fn a_name_of_a_process_that_is_gone_is_abandoned() {
        let hash = short_hash("a/f");
        // Above the largest number a process can have; this process, but another start.
        for process in ["4294967295.7".to_owned(), format!("{}.1", std::process::id())] {
            let name = |stage: &str| format!("{PREFIX}{hash}-{process}-0-{stage}");
            assert_eq!(abandoned(&name("ready"), "a/f"), Some(Stage::Ready));
            assert_eq!(abandoned(&name("unfinished"), "a/f"), Some(Stage::Unfinished));
            assert_eq!(abandoned(&name("ready"), "a/g"), None);
            assert_eq!(abandoned(&name("other"), "a/f"), None);
            assert_eq!(abandoned(&format!("{}-more", name("ready")), "a/f"), None);
        }
        assert_eq!(abandoned("f", "a/f"), None);
    }

    #[test]
    fn a_killed_process_that_nobody_waited_for_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let name = format!("{PREFIX}{}-{}-0-ready", short_hash("f"), running(child.id()).unwrap());
        assert_eq!(abandoned(&name, "f"), None);
        child.kill().unwrap();
        while running(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(Path::new(&format!("/proc/{}", child.id())).exists());
        assert_eq!(abandoned(&name, "f"), Some(Stage::Ready));
        child.wait().unwrap();
    }
}
