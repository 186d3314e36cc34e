//! A program that a test started, and that ends with the test.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// A child process that is killed, by its own id, when this is dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Takes charge of a child.
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Sends a signal to it.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).expect("a process id is not zero");
        kill_process(pid, signal).expect("the process runs");
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it runs on for longer than `limit`.
    pub fn await_exit(&mut self, limit: Duration) -> ExitStatus {
        wait::until("the end of a process", limit, || self.0.try_wait().unwrap())
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a process exists and has not ended.
pub fn process_alive(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    status.is_ok_and(|text| !text.contains("State:\tZ"))
}
