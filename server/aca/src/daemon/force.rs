//! Ending an owner that does not answer.

use std::path::Path;
use std::time::Duration;

use aca_store::OwnerLock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::greeting::Answer;
use super::note;
use super::process::Identity;
use crate::exit::{Exit, Failure};

/// How long a killed process may take to be gone.
const DYING: Duration = Duration::from_secs(10);

/// Kills the owner of a data directory, after making sure that its process is still the one that took ownership.
/// Everything that was promised is on disk, and sandboxes go on.
///
/// # Errors
///
/// When nobody is the owner, when it is not known who, or when the process does not end.
pub(crate) async fn kill(data_dir: &Path) -> Result<Answer, Failure> {
    if let Ok(Some(_lock)) = OwnerLock::acquire(data_dir) {
        return Err(Failure::new(Exit::Nothing, "No daemon runs."));
    }
    let unknown = || {
        let message = format!(
            "It is not known which process holds {}. Find it with `fuser {0}/owner.lock` and end it.",
            data_dir.display()
        );
        Failure::new(Exit::Unavailable, message)
    };
    let owner = note::read(data_dir).ok_or_else(unknown)?;
    let pid = i32::try_from(owner.pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(unknown)?;
    // The descriptor stands for one process; what is compared afterwards is that process's.
    let process = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| unknown())?;
    if owner.identity.is_none() || Identity::of(owner.pid) != owner.identity {
        return Err(unknown());
    }
    let failed = |error| Failure::while_doing(&format!("The process {} cannot be killed", owner.pid), error);
    pidfd_send_signal(&process, Signal::KILL).map_err(failed)?;
    let limit = Timespec {
        tv_sec: DYING.as_secs().cast_signed(),
        tv_nsec: 0,
    };
    let gone = tokio::task::spawn_blocking(move || poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)));
    match gone.await {
        Ok(Ok(1..)) => Ok(Answer {
            pid: owner.pid,
            ..Answer::new(false, None)
        }),
        _ => Err(Failure::new(
            Exit::Failed,
            format!("The process {} was killed and does not end.", owner.pid),
        )),
    }
}
