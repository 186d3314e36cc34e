//! The container engine: `dockerd`, started in the background where none answers.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell::{as_root, parts_dir, read, run, say, succeeds, which};

const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A container engine that this program started, to be stopped by its process id.
#[derive(Debug)]
pub(crate) struct Started {
    pid: u32,
}

impl Started {
    /// Returns the engine that an earlier run of this program started, if it still runs.
    pub(crate) fn earlier() -> Option<Self> {
        let pid = fs::read_to_string(pid_file()).ok()?.trim().parse().ok()?;
        is_dockerd(pid).then_some(Self { pid })
    }

    /// Stops it and waits for its end. Failure is told, not returned: it happens while something else ends.
    pub(crate) fn stop(self) {
        let pid = self.pid.to_string();
        if let Err(error) = run(as_root("kill").args(["-TERM", &pid])) {
            say(&format!(
                "The container engine with the process id {pid} cannot be stopped: {error:#}"
            ));
            return;
        }
        let deadline = Instant::now() + STOP_LIMIT;
        while is_dockerd(self.pid) {
            if Instant::now() > deadline {
                say(&format!(
                    "The container engine with the process id {pid} does not end; stop it yourself."
                ));
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = fs::remove_file(pid_file());
    }
}

/// Makes sure that an engine answers. Returns it if this call started it.
pub(super) fn start() -> Result<Option<Started>> {
    if answers() {
        return Ok(None);
    }
    let program = which("dockerd").context("There is no `dockerd`; install Debian's docker.io")?;
    fs::create_dir_all(parts_dir())?;
    let log_path = parts_dir().join("dockerd.log");
    let log = File::create(&log_path)?;
    // A session of its own: a terminal's Ctrl-C ends the tests, and their clean-up still needs the engine.
    let pid_path = pid_file();
    let script = r#"echo $$ > "$1"; exec "$2""#;
    as_root("setsid")
        .args(["sh", "-c", script, "sh"])
        .arg(&pid_path)
        .arg(program)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("`dockerd` cannot be started")?;
    let deadline = Instant::now() + START_LIMIT;
    while !answers() {
        if Instant::now() > deadline {
            bail!(
                "The container engine did not answer within {} s; its log is {}",
                START_LIMIT.as_secs(),
                log_path.display()
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(Started::earlier())
}

/// Whether an engine answers.
pub(crate) fn answers() -> bool {
    succeeds(Command::new("docker").arg("info"))
}

/// Returns what the `docker` program prints for these arguments.
pub(crate) fn docker(arguments: &[&str]) -> Result<String> {
    read(Command::new("docker").args(arguments))
}

fn is_dockerd(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "dockerd")
}

fn pid_file() -> PathBuf {
    parts_dir().join("dockerd.pid")
}
