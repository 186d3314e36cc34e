//! Checks of this machine: settings, data directory, owner, git, file watching.

use std::fs;
use std::path::Path;

use aca_engine::config::{self, Config};
use tokio::process::Command;

use super::Check;
use crate::context::Context;
use crate::daemon::greeting::{Answer, Ask};
use crate::daemon::{find, version};

/// Free space below which work may fail, and below which it is worth a word, in bytes.
const LITTLE: u64 = 1 << 30;
const PLENTY: u64 = 5 << 30;
/// Directories that can be watched, below which large repositories are not watched whole.
const WATCHES: u64 = 65_536;
/// Oldest git that is supported: Debian 11 has it.
const GIT: (u32, u32) = (2, 30);

/// Loads the settings; broken ones are said, and the defaults stand in for the other checks.
pub(super) fn settings(context: &Context, all: &mut Vec<Check>) -> Config {
    let loaded = context.root().and_then(|root| Ok(config::load(Some(&root))?));
    match loaded {
        Ok(loaded) => {
            let file = config::user_file();
            let found = if file.exists() {
                format!("{}", file.display())
            } else {
                "defaults".into()
            };
            all.push(Check::good("settings", found));
            loaded.config
        }
        Err(failure) => {
            all.push(Check::missing(
                "settings",
                failure.message,
                "Correct that line; `aca config --default` shows what is allowed.",
            ));
            Config::default()
        }
    }
}

pub(super) fn data_directory(data_dir: &Path) -> Check {
    const NAME: &str = "data directory";
    let writable = fs::create_dir_all(data_dir).and_then(|()| tempfile::tempfile_in(data_dir));
    if let Err(error) = writable {
        let mend = "Make it writable, or set ACA_DATA_DIR to another directory.";
        return Check::missing(NAME, format!("{} cannot be written: {error}", data_dir.display()), mend);
    }
    let Ok(system) = rustix::fs::statvfs(data_dir) else {
        return Check::warning(NAME, "its free space cannot be asked for", "Look with `df`.");
    };
    space(data_dir, system.f_bavail.saturating_mul(system.f_frsize))
}

fn space(data_dir: &Path, free: u64) -> Check {
    const NAME: &str = "data directory";
    let found = format!("{}, {:.1} GiB free", data_dir.display(), (free >> 20) as f64 / 1024.0);
    let mend = "Free some space, or set ACA_DATA_DIR to a directory on another disk.";
    match free {
        PLENTY.. => Check::good(NAME, found),
        LITTLE.. => Check::warning(NAME, found, mend),
        _ => Check::missing(NAME, found, mend),
    }
}

/// Whether a daemon runs, and answers.
pub(super) async fn daemon(context: &Context) -> Check {
    const NAME: &str = "daemon";
    match find::knock(&context.data_dir, Ask::Status).await {
        Ok(Some(owner)) => judge_daemon(&owner.answer),
        Ok(None) => match aca_store::OwnerLock::acquire(&context.data_dir) {
            Ok(Some(_lock)) => Check::good(NAME, "none runs; the next command starts it"),
            Ok(None) => Check::warning(
                NAME,
                "a process holds the data directory and does not listen; it starts or ends just now",
                "Look again in a moment; if it stays so: aca daemon restart --force",
            ),
            Err(error) => Check::missing(
                NAME,
                error.to_string(),
                "Set ACA_DATA_DIR to a directory on a local disk.",
            ),
        },
        Err(failure) => Check::missing(
            NAME,
            failure.message,
            "aca daemon restart --force ends it; no work is lost by that.",
        ),
    }
}

fn judge_daemon(answer: &Answer) -> Check {
    const NAME: &str = "daemon";
    let found = format!("process {} (aca {}) serves", answer.pid, answer.version());
    let problems = answer.status.iter().flat_map(|status| &status.problems);
    let problems: Vec<&str> = problems.map(String::as_str).collect();
    if !problems.is_empty() {
        return Check::warning(
            NAME,
            format!("{found}, and says: {}", problems.join(" ")),
            "Do what it says; the log has more: aca daemon logs",
        );
    }
    if answer.version() != version() {
        return Check::warning(
            NAME,
            format!("{found}, and this is aca {}", version()),
            "An older one is replaced by the next command; to do it now: aca daemon restart",
        );
    }
    Check::good(NAME, found)
}

pub(super) async fn git() -> Check {
    const NAME: &str = "git";
    let mend = "Install git 2.30 or newer, for example: sudo apt-get install git";
    let output = Command::new("git")
        .arg("--version")
        .stdin(std::process::Stdio::null())
        .output()
        .await;
    match output {
        Ok(output) => judge_git(&String::from_utf8_lossy(&output.stdout), mend),
        Err(error) => Check::missing(NAME, format!("cannot be run: {error}"), mend),
    }
}

fn judge_git(said: &str, mend: &str) -> Check {
    let version = said.split_whitespace().nth(2).unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= GIT => Check::good("git", version),
        (Some(_), Some(_)) => Check::missing("git", format!("{version} is too old"), mend),
        _ => Check::missing("git", "`git --version` does not say one", mend),
    }
}

pub(super) fn watches() -> Check {
    let read = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/proc/sys/fs/inotify/{name}"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    judge_watches(read("max_user_watches"), read("max_user_instances"))
}

fn judge_watches(watches: Option<u64>, instances: Option<u64>) -> Check {
    const NAME: &str = "file watching";
    let (Some(watches), Some(instances)) = (watches, instances) else {
        return Check::warning(
            NAME,
            "the limits of inotify cannot be read",
            "Changes of closed files may show late.",
        );
    };
    let found = format!("{watches} watches, {instances} instances");
    if watches >= WATCHES && instances >= 128 {
        return Check::good(NAME, found);
    }
    let mend = "Raise them: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512";
    Check::warning(NAME, found, mend)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_daemon_of_another_version_and_its_problems_are_worth_a_word() {
        let mut answer = Answer::new(false, None);
        assert_eq!(judge_daemon(&answer).state, State::Good);
        answer.program = "aca/0.0.1".into();
        let other = judge_daemon(&answer);
        assert!(
            other.state == State::Warning && other.found.contains("aca 0.0.1"),
            "{other:?}"
        );
        let status = serde_json::json!({
            "pid": 1, "version": "0.0.1", "startedMs": 0, "clients": 0, "workspaces": [], "running": 0,
            "memoryBytes": null, "dataDir": "/d", "socket": "/s", "problems": ["The disk is full."],
        });
        answer.status = serde_json::from_value(status).unwrap();
        assert!(judge_daemon(&answer).found.ends_with("says: The disk is full."));
    }

    #[test]
    fn versions_of_git() {
        for (said, expected) in [
            ("git version 2.39.5\n", State::Good),
            ("git version 2.30.2\n", State::Good),
            ("git version 2.50.1 (Apple Git-155)\n", State::Good),
            ("git version 2.29.9\n", State::Missing),
            ("git version 1.9\n", State::Missing),
            ("", State::Missing),
        ] {
            assert_eq!(judge_git(said, "").state, expected, "{said}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(space(Path::new("/d"), 6 << 30).state, State::Good);
        assert_eq!(space(Path::new("/d"), 2 << 30).state, State::Warning);
        assert_eq!(space(Path::new("/d"), 1 << 20).state, State::Missing);
        assert_eq!(judge_watches(Some(524_288), Some(512)).state, State::Good);
        assert_eq!(judge_watches(Some(8192), Some(128)).state, State::Warning);
        assert_eq!(judge_watches(None, Some(128)).state, State::Warning);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let check = data_directory(&dir.path().join("file"));
        assert_eq!(check.state, State::Missing, "{check:?}");
        assert!(check.mend.unwrap().contains("ACA_DATA_DIR"));
    }
}
