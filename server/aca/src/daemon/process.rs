//! What the system knows of a process: whether it is still the same one, and how much memory it uses.

use std::fs;

use serde::{Deserialize, Serialize};

/// What tells a process from a later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The run of the system that it belongs to.
    boot: String,
    /// When it started, in clock ticks of that run.
    start: u64,
}

impl Identity {
    /// Returns the identity of a process that exists, where the system tells.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self {
            boot: boot.trim().into(),
            start: start(&stat)?,
        })
    }
}

/// Finds the start time, the 22nd field. The second is the program's name in parentheses, which may hold anything.
fn start(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

/// Returns how much memory this process uses, in bytes, where the system tells.
pub(crate) fn memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_confuse() {
        let stat = "12 (a) b) (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 19 20";
        assert_eq!(start(stat), Some(4711));
        assert_eq!(start("12 (a"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_known_and_another_is_another() {
        let ours = Identity::of(std::process::id()).unwrap();
        assert_eq!(Identity::of(std::process::id()), Some(ours.clone()));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let theirs = Identity::of(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(theirs.boot == ours.boot && theirs.start >= ours.start);
        assert!(memory_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
