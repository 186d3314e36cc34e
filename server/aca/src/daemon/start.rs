//! Starting a daemon that outlives whoever needs it first.
//!
//! The client runs `aca daemon run --detach`, which begins a session of its own, starts the daemon in it and ends. So the
//! daemon is in no process group, session or tree of an editor, and leads no session that could get a terminal. It says
//! on a pipe that it listens, or why it does not; nobody has to guess how long that takes.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::io::FdFlags;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use super::{environment, find};
use crate::exit::{Exit, Failure};
use crate::{log, private};

/// What a daemon says when it listens.
const READY: &str = "ready\n";
/// How long it may take to say so: it may have to wait for one that ends.
const STARTING: Duration = Duration::from_secs(40);
/// How much of the log a failure quotes, in lines and in bytes.
const QUOTED: (usize, u64) = (6, 4096);

/// Starts a daemon and waits until it listens. One that ends without a word, as when it is killed, is started once more.
///
/// # Errors
///
/// When it does not come to that; with the reason it gave, or else the end of its log.
pub(super) async fn start(data_dir: &Path, verbose: u8) -> Result<(), Failure> {
    let mut said = begin(data_dir, verbose).await?;
    if said.is_empty() {
        tracing::warn!("the daemon ended while it started, and is started again");
        said = begin(data_dir, verbose).await?;
    }
    if said.ends_with(READY) {
        Ok(())
    } else {
        Err(failure(data_dir, &said))
    }
}

/// Starts a daemon and returns what it says before it lets go of whoever started it.
async fn begin(data_dir: &Path, verbose: u8) -> Result<String, Failure> {
    let unable = |error: io::Error| Failure::while_doing("The daemon cannot be started", error);
    let (read, write) = io::pipe().map_err(unable)?;
    let mut command = tokio::process::Command::from(command(data_dir, verbose, "--detach").map_err(unable)?);
    command.stdout(write.try_clone().map_err(unable)?).stderr(write);
    command.status().await.map_err(unable)?;
    // Closes this process's ends, so that the pipe ends with the daemon.
    drop(command);
    let mut said = String::new();
    let mut read = pipe::Receiver::from_owned_fd(read.into()).map_err(unable)?;
    match tokio::time::timeout(STARTING, read.read_to_string(&mut said)).await {
        Ok(read) => read.map(|_| said).map_err(unable),
        Err(_) => Err(find::silent(data_dir, STARTING)),
    }
}

/// Begins a session of its own and starts the daemon in it. The caller ends then.
///
/// # Errors
///
/// When the daemon cannot be started.
pub(crate) fn detach(data_dir: &Path, verbose: u8) -> Result<(), Failure> {
    let unable = |error: io::Error| Failure::while_doing("The daemon cannot be started", error);
    // It fails only for the leader of a group, which is in no editor's group either.
    let _ = rustix::process::setsid();
    close_on_exec().map_err(unable)?;
    command(data_dir, verbose, "--detached")
        .and_then(|mut command| command.spawn())
        .map_err(unable)?;
    Ok(())
}

/// Keeps files that an editor left open from the daemon: all but the standard ones are closed where it begins.
fn close_on_exec() -> io::Result<()> {
    let open = fs::read_dir("/dev/fd")?.flatten();
    let open: Vec<i32> = open
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for number in open.into_iter().filter(|number| *number > 2) {
        #[expect(
            unsafe_code,
            reason = "nobody here owns what an editor left open; nothing is closed by this"
        )]
        let file = unsafe { BorrowedFd::borrow_raw(number) };
        // The one that the directory was read through is closed by now.
        let _ = rustix::io::fcntl_setfd(file, FdFlags::CLOEXEC);
    }
    Ok(())
}

/// Says to whoever started this process that it listens, and lets go of them: from now on everything goes to the log.
pub(super) fn say_ready(data_dir: &Path) {
    let mut out = io::stdout();
    // Whoever started it may be gone; others are served all the same.
    let _ = out.write_all(READY.as_bytes()).and_then(|()| out.flush());
    let log = private::open_to_append(&log::path(data_dir)).or_else(|_| File::options().write(true).open("/dev/null"));
    if let Ok(log) = log {
        let _ = rustix::stdio::dup2_stdout(&log).and_then(|()| rustix::stdio::dup2_stderr(&log));
    }
}

/// Says that the daemon did not start, and why: by its own words if it said some, else by the end of its log.
pub(super) fn failure(data_dir: &Path, said: &str) -> Failure {
    let said = said.trim().trim_start_matches("aca: ");
    let log = log::path(data_dir);
    let reason = if said.is_empty() {
        let end = tail(&log).unwrap_or_default();
        format!("It gave no reason. {} ends with:\n{end}", log.display())
    } else {
        said.to_owned()
    };
    Failure::new(Exit::Unavailable, format!("The daemon could not be started. {reason}"))
}

fn command(data_dir: &Path, verbose: u8, how: &str) -> io::Result<Command> {
    let mut command = Command::new(program()?);
    command
        .args(["daemon", "run", how])
        .args((0..verbose).map(|_| "-v"))
        .env_clear()
        .envs(environment::kept(data_dir))
        .current_dir("/")
        .stdin(Stdio::null());
    Ok(command)
}

/// Returns this program, or what has taken its place: an upgrade removes the file that a running process came from.
fn program() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    if program.exists() {
        return Ok(program);
    }
    let text = program.to_str().and_then(|text| text.strip_suffix(" (deleted)"));
    Ok(text.map_or(program.clone(), PathBuf::from))
}

fn tail(path: &Path) -> io::Result<String> {
    let (lines, bytes) = QUOTED;
    let mut file = File::open(path)?;
    let length = fs::metadata(path)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let all: Vec<&str> = end.lines().collect();
    let last = all.get(all.len().saturating_sub(lines)..).unwrap_or_default();
    Ok(last.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let said = failure(dir.path(), "aca: There is no room.\n");
        assert_eq!(said.message, "The daemon could not be started. There is no room.");
        assert_eq!(said.exit, Exit::Unavailable);
        let log = log::path(dir.path());
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let lines: Vec<String> = (0..9).map(|line| format!("line {line}")).collect();
        fs::write(&log, lines.join("\n")).unwrap();
        let message = failure(dir.path(), "").message;
        assert!(
            message.ends_with("line 3\nline 4\nline 5\nline 6\nline 7\nline 8"),
            "{message}"
        );
    }
}
