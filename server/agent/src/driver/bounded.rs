//! One program of the run, bounded in time and output.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use super::Context;
use super::environment::environment;

/// How long output may still come after the program has ended; what it left running may hold the pipe forever.
const LINGER: Duration = Duration::from_millis(200);

/// How a program ended.
pub(super) struct Ran {
    /// Its exit status; nothing if it took too long and was ended with everything below it.
    pub(super) status: Option<ExitStatus>,
    /// What it printed, standard output and error in the order in which they came.
    pub(super) output: Vec<u8>,
}

/// Runs `program` in the workspace's environment with a process group of its own and nothing on its standard input. Of
/// what it prints, `half` bytes of the beginning and as many of the end are kept.
///
/// # Errors
///
/// If it cannot be started.
pub(super) async fn run(context: &Context, program: &mut Command, timeout: Duration, half: usize) -> io::Result<Ran> {
    let (from, to) = io::pipe()?;
    program
        .env_clear()
        .envs(environment(context))
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(to.try_clone()?)
        .stderr(to)
        .process_group(0);
    let mut child = context.processes.spawn(program)?;
    // The writing ends in there would keep the pipe open.
    program.stdout(Stdio::null()).stderr(Stdio::null());
    let pid = child.id();
    let kept = Arc::new(Mutex::new(Kept::new(half)));
    let reader = tokio::spawn(drain(Receiver::from_owned_fd(from.into())?, Arc::clone(&kept)));
    let status = wait(context, &mut child, timeout).await;
    if status.is_none() {
        context.processes.kill_tree(pid);
        let _ = child.wait().await;
    }
    context.processes.forget(pid);
    // A reader that is not done goes on, so that nothing left running blocks on a full pipe.
    let _ = tokio::time::timeout(LINGER, reader).await;
    let output = kept.lock().unwrap_or_else(PoisonError::into_inner).bytes();
    Ok(Ran { status, output })
}

/// Waits for the program, giving signs of life: it is bounded by its own timeout.
async fn wait(context: &Context, child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
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

async fn drain(mut pipe: Receiver, kept: Arc<Mutex<Kept>>) {
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
struct Kept {
    half: usize,
    head: Vec<u8>,
    tail: Vec<u8>,
    lost: usize,
}

impl Kept {
    fn new(half: usize) -> Self {
        Self {
            half,
            head: Vec::new(),
            tail: Vec::new(),
            lost: 0,
        }
    }

    fn push(&mut self, piece: &[u8]) {
        let room = self.half.saturating_sub(self.head.len()).min(piece.len());
        let (first, rest) = piece.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * self.half {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        let over = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..over);
        self.lost += over;
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.shorten();
        let gap = match self.lost {
            0 => String::new(),
            lost => format!("\n… {lost} bytes are left out here …\n"),
        };
        [&self.head, gap.as_bytes(), &self.tail].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: usize = 1000;

    #[test]
    fn keeps_the_beginning_and_the_end() {
        let mut kept = Kept::new(HALF);
        kept.push(b"begin ");
        for _ in 0..10_000 {
            kept.push(b"0123456789");
        }
        kept.push(b" end");
        let text = String::from_utf8(kept.bytes()).unwrap();
        assert!(text.starts_with("begin ") && text.ends_with(" end"));
        assert!(text.len() < 2 * HALF + 100 && text.contains("bytes are left out here"));
    }

    #[test]
    fn keeps_short_output_whole() {
        let mut kept = Kept::new(HALF);
        kept.push(b"a\n");
        kept.push(b"b\n");
        assert_eq!(kept.bytes(), b"a\nb\n");
    }
}
