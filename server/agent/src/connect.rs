//! `aca-agent connect`: a byte pipe between stdio and the agent's socket, run beside the agent.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use aca_protocol::agent::files;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::attempt;

/// How long to wait for the agent to listen.
const WAIT_FOR_AGENT: Duration = Duration::from_secs(5);

/// The exit code when the attempt has ended and nobody listens any more.
const ENDED: u8 = 3;

/// Connects stdio to the agent of the attempt in `out`, until either side ends.
pub(crate) fn main(out: &Path) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::fail(71, &format!("no runtime could be had: {error}")),
    };
    let code = runtime.block_on(connect(out));
    // A read of stdin may be under way in a thread that nothing can end.
    runtime.shutdown_background();
    code
}

async fn connect(out: &Path) -> ExitCode {
    if let Err(error) = attempt::enter(out) {
        return crate::fail(66, &error.to_string());
    }
    match reach().await {
        Ok(socket) => {
            pump(socket).await;
            ExitCode::SUCCESS
        }
        Err(_) if Path::new(files::OUTCOME).exists() => crate::fail(
            ENDED,
            &format!(
                "the attempt has ended; its outcome is in {}",
                out.join(files::OUTCOME).display()
            ),
        ),
        Err(error) => crate::fail(
            69,
            &format!(
                "no agent listens at {}: {error}; the sandbox has not started, or its agent has died",
                out.join(files::SOCKET).display()
            ),
        ),
    }
}

async fn reach() -> io::Result<UnixStream> {
    let deadline = Instant::now() + WAIT_FOR_AGENT;
    loop {
        match UnixStream::connect(files::SOCKET).await {
            Ok(socket) => return Ok(socket),
            Err(error) if Instant::now() > deadline || Path::new(files::OUTCOME).exists() => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn pump(socket: UnixStream) {
    let (from_agent, to_agent) = socket.into_split();
    tokio::select! {
        () = copy(tokio::io::stdin(), to_agent) => {}
        () = copy(from_agent, tokio::io::stdout()) => {}
    }
}

/// Copies and flushes every piece at once: the other side waits for it.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(got) = from.read(&mut buffer).await {
        let piece = buffer.get(..got).unwrap_or_default();
        if piece.is_empty() || to.write_all(piece).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}
