//! The processes of the run: starting them, reaping orphans, and leaving none behind.
//!
//! As process 1 or as a child subreaper, every orphan below becomes this process's child, also one that made itself
//! a session of its own. So what descends from this process is the run, and nothing else is: a bridge that a
//! container engine started beside it has another parent and is not touched.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long processes may take to die, and after what time process 1 signals everyone at once.
const KILL_TIME: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_millis(300);

/// How long it may take until every process is held.
const HOLD_TIME: Duration = Duration::from_millis(600);

/// The children that this process started itself and waits for itself.
#[derive(Default)]
pub(crate) struct Processes {
    own: Mutex<HashSet<i32>>,
}

/// A line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    pid: i32,
    parent: i32,
    zombie: bool,
    stopped: bool,
}

impl Processes {
    /// Makes this process the parent of the orphans below it.
    pub(crate) fn adopt_orphans(&self) -> io::Result<()> {
        let own_pid = rustix::process::getpid();
        if !own_pid.is_init() {
            rustix::process::set_child_subreaper(Some(own_pid))?;
        }
        Ok(())
    }

    /// Starts `command`. Its exit status is the caller's to wait for; [`Processes::forget`] it afterwards.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // Under the lock, so that the reaper cannot take a child that ends before it is known.
        let mut own = self.own();
        let child = command.spawn()?;
        own.extend(child.id().and_then(|id| i32::try_from(id).ok()));
        Ok(child)
    }

    /// Hands a child that was waited for, or is of no more interest, to the reaper.
    pub(crate) fn forget(&self, pid: Option<u32>) {
        if let Some(pid) = pid.and_then(|id| i32::try_from(id).ok()) {
            self.own().remove(&pid);
        }
    }

    /// Reaps the orphans that have ended.
    pub(crate) fn reap_orphans(&self) {
        let own = self.own();
        let me = own_pid();
        for entry in table() {
            if entry.zombie && entry.parent == me && !own.contains(&entry.pid) {
                let _ = rustix::process::waitpid(Pid::from_raw(entry.pid), WaitOptions::NOHANG);
            }
        }
    }

    /// Kills everything below `pid`, and `pid`.
    pub(crate) fn kill_tree(&self, pid: Option<u32>) {
        let Some(pid) = pid.and_then(|id| i32::try_from(id).ok()) else {
            return;
        };
        for below in descendants(&table(), pid) {
            signal(below, Signal::KILL);
        }
        signal(pid, Signal::KILL);
    }

    /// Kills all processes of the run and waits until none is left. Returns how many are left after all.
    pub(crate) async fn kill_all(&self) -> usize {
        let began = Instant::now();
        loop {
            self.reap_orphans();
            let table = table();
            let alive = |pid: &i32| table.iter().any(|entry| entry.pid == *pid && !entry.zombie);
            let left: Vec<i32> = descendants(&table, own_pid()).into_iter().filter(alive).collect();
            if left.is_empty() || began.elapsed() > KILL_TIME {
                return left.len();
            }
            left.iter().for_each(|pid| signal(*pid, Signal::KILL));
            // Something that forks faster than the table can be read: only process 1 can signal all at once,
            // at the price of the bridge that carries the daemon's connection. The daemon connects again.
            if own_pid() == 1 && began.elapsed() > PATIENCE {
                let _ = rustix::process::kill_process_group(Pid::INIT, Signal::KILL);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops all processes of the run where they are, those included that they start meanwhile. Returns how many still
    /// run after all.
    pub(crate) async fn hold(&self) -> usize {
        let began = Instant::now();
        loop {
            let table = table();
            let runs = |pid: &i32| {
                let mut entries = table.iter().filter(|entry| entry.pid == *pid);
                entries.any(|entry| !entry.zombie && !entry.stopped)
            };
            let running: Vec<i32> = descendants(&table, own_pid()).into_iter().filter(runs).collect();
            if running.is_empty() || began.elapsed() > HOLD_TIME {
                return running.len();
            }
            running.iter().for_each(|pid| signal(*pid, Signal::STOP));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lets all processes of the run go on.
    pub(crate) fn release(&self) {
        for pid in descendants(&table(), own_pid()) {
            signal(pid, Signal::CONT);
        }
    }

    fn own(&self) -> MutexGuard<'_, HashSet<i32>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Reads the process table. Processes that end meanwhile are missing.
fn table() -> Vec<Entry> {
    let Ok(directory) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    directory
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse_stat(&std::fs::read(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// Parses `/proc/PID/stat`: `pid (name) state parent …`, where the name may hold anything, parentheses too.
fn parse_stat(stat: &[u8]) -> Option<Entry> {
    let stat = String::from_utf8_lossy(stat);
    let (pid, rest) = stat.split_once(' ')?;
    let (_, rest) = rest.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    Some(Entry {
        pid: pid.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        zombie: matches!(state, "Z" | "X"),
        stopped: matches!(state, "T" | "t"),
    })
}

/// Returns everything below `root`, which is itself not included.
fn descendants(table: &[Entry], root: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for entry in table
            .iter()
            .filter(|entry| entry.parent == parent && entry.pid != parent)
        {
            found.push(entry.pid);
            parents.push(entry.pid);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_that_hold_parentheses() {
        let cases = [
            (
                "7 (sleep) S 1 7 7 0",
                Some(Entry {
                    pid: 7,
                    parent: 1,
                    zombie: false,
                    stopped: false,
                }),
            ),
            (
                "8 (a) b) (c) Z 7 1",
                Some(Entry {
                    pid: 8,
                    parent: 7,
                    zombie: true,
                    stopped: false,
                }),
            ),
            (
                "9 (sh) T 7 1",
                Some(Entry {
                    pid: 9,
                    parent: 7,
                    zombie: false,
                    stopped: true,
                }),
            ),
            ("", None),
            ("9 (x", None),
        ];
        for (stat, want) in cases {
            assert_eq!(parse_stat(stat.as_bytes()), want, "{stat}");
        }
    }

    #[test]
    fn finds_everything_below_and_nothing_beside() {
        let entry = |(pid, parent)| Entry {
            pid,
            parent,
            zombie: false,
            stopped: false,
        };
        let table: Vec<Entry> = [(1, 0), (2, 1), (3, 2), (4, 1), (5, 0), (6, 5)].map(entry).to_vec();
        let mut below = descendants(&table, 1);
        below.sort_unstable();
        assert_eq!(below, [2, 3, 4]);
        assert_eq!(descendants(&table, 3), Vec::<i32>::new());
    }

    #[test]
    fn the_table_holds_this_process() {
        assert!(table().iter().any(|entry| entry.pid == own_pid()));
    }
}
