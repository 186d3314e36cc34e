//! Ends the connection when the process that started the server is gone.
//!
//! An editor that crashes may leave our input open (a shell or a wrapper holds it), and a server without an editor
//! would stay for ever. The watch has a thread of its own, so that nothing the runtime does can delay it.

use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::Stop;
use crate::ServeEnd;

/// How long it takes at most to see that the parent is gone, or that nobody needs to know any more.
const INTERVAL: Duration = Duration::from_millis(500);

/// Watches the process `pid` until it is gone or the connection ends.
pub(crate) fn watch(pid: u32, stop: Stop) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        tracing::warn!(
            pid,
            "the client's processId is not the number of a process; it is not watched"
        );
        return;
    };
    let watch = move || {
        wait_for_end(pid, &stop);
        stop.ask(ServeEnd::ParentDied);
    };
    if let Err(error) = thread::Builder::new().name("aca-parent-watch".to_owned()).spawn(watch) {
        tracing::warn!(%error, "the client's process cannot be watched");
    }
}

/// Returns when the process is gone or the connection ends for another reason.
#[cfg(target_os = "linux")]
fn wait_for_end(pid: Pid, stop: &Stop) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{PidfdFlags, pidfd_open};

    // The descriptor stands for this one process, whoever gets its number later.
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return,
        Err(_) => return wait_for_end_by_signal(pid, stop),
    };
    let interval = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(INTERVAL.subsec_nanos()),
    };
    while !stop.is_asked() {
        match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&interval)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn wait_for_end(pid: Pid, stop: &Stop) {
    wait_for_end_by_signal(pid, stop);
}

fn wait_for_end_by_signal(pid: Pid, stop: &Stop) {
    while !stop.is_asked() {
        if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            return;
        }
        thread::sleep(INTERVAL);
    }
}
