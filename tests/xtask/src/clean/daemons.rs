//! Daemons of tests: each was started with a data directory in the folder for temporary files.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Whether the test that a daemon belongs to may still run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Every daemon of any test.
    All,
    /// Those whose data directory is gone: their test has ended without them.
    Orphans,
}

/// Kills daemons of tests, each by a handle that stands for what was looked at. Returns how many.
pub(crate) fn end(which: Which) -> usize {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| end_one(pid, which)).count()
}

fn end_one(pid: i32, which: Which) -> Option<()> {
    let process = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    let data_dir = data_dir(pid)?;
    let is_of_a_test = data_dir.starts_with(std::env::temp_dir());
    let is_meant = which == Which::All || !data_dir.exists();
    if !(is_of_a_test && is_meant) {
        return None;
    }
    pidfd_send_signal(&process, Signal::KILL).ok()
}

/// Returns the data directory that a process was started with, if it is a daemon.
fn data_dir(pid: i32) -> Option<PathBuf> {
    let folder = Path::new("/proc").join(pid.to_string());
    let arguments = std::fs::read(folder.join("cmdline")).ok()?;
    let mut arguments = arguments.split(|byte| *byte == 0).skip(1);
    if arguments.next() != Some(b"daemon") || arguments.next() != Some(b"run") {
        return None;
    }
    let variables = std::fs::read(folder.join("environ")).ok()?;
    let value = variables
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"ACA_DATA_DIR="))?;
    Some(std::ffi::OsString::from_vec(value.to_vec()).into())
}
