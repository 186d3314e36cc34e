//! The daemon of a test's world: found by what it was started with, signalled by its own id, ended with the world.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long a killed process may take to be gone.
const DYING: Duration = Duration::from_secs(10);
/// How often daemons are looked for at the end: one may be starting another.
const ATTEMPTS: usize = 5;

/// A daemon, whatever becomes of its id later.
#[derive(Debug)]
pub struct Daemon {
    pid: u32,
    process: OwnedFd,
}

impl Daemon {
    /// Returns the daemons of a data directory: processes of `aca daemon run` that were started with it.
    pub fn all(data_dir: &Path) -> Vec<Self> {
        // One that only starts another one ends at once.
        let is_one = |line: &[&[u8]]| is_daemon(line) && line.get(3) != Some(&&b"--detach"[..]);
        let mut all = Self::find(data_dir, is_one);
        // What a daemon starts looks like it until it has become its own program. No daemon is another's child, and what
        // has no parent any more is gone.
        let pids: Vec<u32> = all.iter().map(|daemon| daemon.pid).collect();
        all.retain(|daemon| parent(daemon.pid).is_some_and(|parent| !pids.contains(&parent)));
        all
    }

    fn find(data_dir: &Path, is_one: impl Fn(&[&[u8]]) -> bool) -> Vec<Self> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(|pid| Self::open(pid, data_dir, &is_one)).collect()
    }

    /// Opens a process first and looks at it then, so that what was looked at is what is open.
    fn open(pid: u32, data_dir: &Path, is_one: impl Fn(&[&[u8]]) -> bool) -> Option<Self> {
        let raw = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let process = pidfd_open(raw, PidfdFlags::empty()).ok()?;
        let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let line = read("cmdline");
        let line: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let variable = format!("ACA_DATA_DIR={}", data_dir.display());
        let is_of_it = read("environ")
            .split(|byte| *byte == 0)
            .any(|it| it == variable.as_bytes());
        (is_one(&line) && is_of_it).then_some(Self { pid, process })
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        !self.ends_within(Duration::ZERO)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.process, signal).expect("the daemon runs");
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    ///
    /// # Panics
    ///
    /// When it has ended already.
    pub fn kill(self) {
        self.signal(Signal::KILL);
        self.await_end(DYING);
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it runs on for longer than `limit`.
    pub fn await_end(&self, limit: Duration) {
        assert!(
            self.ends_within(limit),
            "the daemon {} runs on after {limit:?}",
            self.pid
        );
    }

    fn ends_within(&self, limit: Duration) -> bool {
        let limit = Timespec::try_from(limit).unwrap();
        let mut ended = [PollFd::new(&self.process, PollFlags::IN)];
        poll(&mut ended, Some(&limit)).is_ok_and(|ready| ready > 0)
    }
}

fn is_daemon(line: &[&[u8]]) -> bool {
    line.get(1..)
        .is_some_and(|arguments| arguments.starts_with(&[b"daemon", b"run"]))
}

fn is_aca(line: &[&[u8]]) -> bool {
    line.first().is_some_and(|program| program.ends_with(b"aca"))
}

/// Returns the parent of a process, if that exists; see proc_pid_stat(5).
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Ends every daemon of a data directory, and every other `aca` that was started with it: the pipe of an editor that has
/// just ended may be about to start a daemon.
pub(crate) fn end_all(data_dir: &Path) {
    for _ in 0..ATTEMPTS {
        let all = Daemon::find(data_dir, |line| is_daemon(line) || is_aca(line));
        if all.is_empty() {
            return;
        }
        for daemon in &all {
            // One that has just ended is what was wanted.
            let _ = pidfd_send_signal(&daemon.process, Signal::KILL);
            daemon.ends_within(DYING);
        }
    }
    // A second panic would hide the first one.
    assert!(
        std::thread::panicking(),
        "daemons of {} cannot be ended",
        data_dir.display()
    );
}
