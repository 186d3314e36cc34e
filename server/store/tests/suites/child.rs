//! The programs of the suites as processes: started, listened to, stopped, killed, and gone when a suite ends.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

/// How long anything may take that a suite waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub(crate) struct Child {
    process: Process,
    lines: Receiver<String>,
}

/// Returns the command that runs a program of [`crate::programs`].
pub(crate) fn program<A: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(crate::PROGRAM).arg(name).args(args).env_clear();
    command
}

impl Child {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // The last line may be cut where the program was killed; it acknowledges nothing then.
            for line in out.split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { process, lines }
    }

    /// Returns the next line the program prints.
    pub(crate) fn line(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("the program says something more")
    }

    /// Lets the program go on that waits for a line.
    pub(crate) fn go_on(&mut self) {
        let mut stdin = self.process.stdin.as_ref().unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Stops the program and returns when it has stopped, or has ended.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        // What ended is waited for once more.
        let how = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), how).unwrap();
    }

    /// Kills the program and returns the lines nobody took.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines.iter().collect()
    }

    /// Waits until the program ends well, and returns the lines nobody took.
    pub(crate) fn end(self) -> Vec<String> {
        self.ended(|status| assert!(status.success(), "{status}"))
    }

    /// Waits until the program ends, lets `judge` look at how, and returns the lines nobody took.
    pub(crate) fn ended(mut self, judge: impl FnOnce(ExitStatus)) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the program does not end: {lines:?}"),
            }
        }
        judge(self.process.wait().unwrap());
        lines
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
