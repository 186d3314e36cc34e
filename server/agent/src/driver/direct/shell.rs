//! The shell tool: one command, bounded in time and output.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::tools::Output;
use crate::driver::Context;
use crate::driver::environment::environment;

/// How long a command may take if the model does not say, and at most, in seconds.
pub(super) const DEFAULT_SECS: u64 = 120;
const MAX_SECS: u64 = 1800;

/// How much output is kept from the beginning and from the end, in bytes.
const MAX_HALF: usize = 15 * 1024;

/// How long output may still come after the shell has ended; what it left running may hold the pipe forever.
const LINGER: Duration = Duration::from_millis(200);

/// Runs `command` in `directory` with a shell of its own process group.
pub(super) async fn run(context: &Context, directory: &Path, command: &str, timeout_secs: u64) -> Output {
    let timeout = Duration::from_secs(timeout_secs.clamp(1, MAX_SECS));
    let mut shell = Command::new(if Path::new("/bin/bash").exists() {
        "/bin/bash"
    } else {
        "/bin/sh"
    });
    shell
        .args(["-c", command])
        .current_dir(directory)
        .env_clear()
        .envs(environment(context))
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = match context.processes.spawn(&mut shell) {
        Ok(child) => child,
        Err(error) => return Output::failed(format!("The shell could not be started: {error}.")),
    };
    let pid = child.id();
    let kept = Arc::new(Mutex::new(Kept::default()));
    let readers = [
        child
            .stdout
            .take()
            .map(|pipe| tokio::spawn(drain(pipe, Arc::clone(&kept)))),
        child
            .stderr
            .take()
            .map(|pipe| tokio::spawn(drain(pipe, Arc::clone(&kept)))),
    ];
    let status = wait(context, &mut child, timeout).await;
    if status.is_none() {
        context.processes.kill_tree(pid);
        let _ = child.wait().await;
    }
    context.processes.forget(pid);
    let until = Instant::now() + LINGER;
    for reader in readers.into_iter().flatten() {
        // A reader that is not done goes on, so that nothing left running blocks on a full pipe.
        let _ = tokio::time::timeout_at(until, reader).await;
    }
    let output = kept.lock().unwrap_or_else(PoisonError::into_inner).text();
    match status {
        Some(status) if status.success() => Output::done(output),
        Some(status) => Output::failed(format!("{output}\n({status})")),
        None => Output::failed(format!(
            "{output}\n(The command took longer than {} s and was ended.)",
            timeout.as_secs()
        )),
    }
}

/// Waits for the shell, giving signs of life: a command is bounded by its own timeout.
async fn wait(context: &Context, child: &mut Child, timeout: Duration) -> Option<std::process::ExitStatus> {
    let hold = &context.steering.hold;
    let deadline = hold.now() + timeout;
    loop {
        context.life.sign();
        let step = deadline
            .saturating_duration_since(hold.now())
            .min(Duration::from_secs(1));
        match hold.limit(step, child.wait()).await {
            Some(status) => return status.ok(),
            None if hold.now() >= deadline => return None,
            None => {}
        }
    }
}

async fn drain(mut pipe: impl AsyncRead + Unpin, kept: Arc<Mutex<Kept>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(got) = pipe.read(&mut buffer).await {
        if got == 0 {
            return;
        }
        let piece = buffer.get(..got).unwrap_or_default();
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// The beginning and the end of an output.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    lost: usize,
}

impl Kept {
    fn push(&mut self, piece: &[u8]) {
        let room = MAX_HALF.saturating_sub(self.head.len()).min(piece.len());
        let (first, rest) = piece.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * MAX_HALF {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        let over = self.tail.len().saturating_sub(MAX_HALF);
        self.tail.drain(..over);
        self.lost += over;
    }

    fn text(&mut self) -> String {
        self.shorten();
        let gap = match self.lost {
            0 => String::new(),
            lost => format!("\n… {lost} bytes are left out here …\n"),
        };
        format!(
            "{}{gap}{}",
            String::from_utf8_lossy(&self.head),
            String::from_utf8_lossy(&self.tail)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_beginning_and_the_end() {
        let mut kept = Kept::default();
        kept.push(b"begin ");
        for _ in 0..10_000 {
            kept.push(b"0123456789");
        }
        kept.push(b" end");
        let text = kept.text();
        assert!(text.starts_with("begin ") && text.ends_with(" end"));
        assert!(text.len() < 2 * MAX_HALF + 100 && text.contains("bytes are left out here"));
    }

    #[test]
    fn keeps_short_output_whole() {
        let mut kept = Kept::default();
        kept.push(b"a\n");
        kept.push(b"b\n");
        assert_eq!(kept.text(), "a\nb\n");
    }
}
