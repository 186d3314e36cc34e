//! `aca lsp`: serves an editor on stdin and stdout.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use aca_lsp::ServeEnd;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Stdin};
use tokio::net::UnixStream;

use crate::context::{Context, Place};
use crate::exit::{Exit, Failure};
use crate::host::Host;
use crate::terminal;

/// How much is carried at once, in bytes.
const BUFFER: usize = 64 << 10;
/// How long the owner may still talk after the editor's last word.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Serves the editor: in this process if it becomes the owner, else by joining it with the owner's socket.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    // One handle for the whole life: a second one would lose what the first has read ahead.
    let mut stdin = tokio::io::stdin();
    let mut said = Vec::new();
    loop {
        match context.place().await? {
            Place::Owner(host) => return Ok(serve(*host, stdin, said).await),
            Place::Guest(stream) => match join(stream, &mut stdin, &mut said).await {
                // The owner ended before it answered anything: nothing is lost, the next one hears all of it.
                Joined::Unheard => tracing::debug!("the owner ended during the introduction"),
                Joined::Ended => return Ok(Exit::Done),
            },
        }
    }
}

/// Serves in this process; `said` is what the editor has said already.
async fn serve(host: Host, stdin: Stdin, said: Vec<u8>) -> Exit {
    let stop = host.stopper();
    let end = {
        let input = io::Cursor::new(said).chain(stdin);
        let serving = host.serve(input, tokio::io::stdout());
        tokio::pin!(serving);
        tokio::select! {
            end = &mut serving => end,
            () = terminal::interrupted() => {
                stop.cancel();
                serving.await
            }
        }
    };
    tracing::info!(?end, "the editor's connection ends");
    if end != ServeEnd::Stopped && host.guests() > 0 {
        // Other editors and commands are served from here.
        tokio::select! {
            () = host.wait_for_guests() => {}
            () = terminal::interrupted() => {}
        }
    }
    host.shutdown().await;
    match end {
        ServeEnd::Exit { after_shutdown: false } => Exit::Failed,
        _ => Exit::Done,
    }
}

/// How joining the editor with the owner ended.
enum Joined {
    /// The owner ended without a single byte of answer.
    Unheard,
    /// Either end ended, or a signal came.
    Ended,
}

/// Carries bytes both ways until either end ends. What the editor says is kept in `said` until the first answer.
async fn join(stream: UnixStream, stdin: &mut Stdin, said: &mut Vec<u8>) -> Joined {
    let (mut from_owner, mut to_owner) = stream.into_split();
    if to_owner.write_all(said).await.is_err() {
        return Joined::Unheard;
    }
    let kept = RefCell::new(said);
    let answered = Cell::new(false);
    let up = async {
        let mut buffer = vec![0; BUFFER];
        while let Some(bytes) = stdin
            .read(&mut buffer)
            .await
            .ok()
            .and_then(|length| buffer.get(..length))
        {
            if bytes.is_empty() {
                break;
            }
            if !answered.get() {
                kept.borrow_mut().extend_from_slice(bytes);
            }
            if to_owner.write_all(bytes).await.is_err() {
                break;
            }
        }
        let _ = to_owner.shutdown().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    let down = async {
        let mut stdout = tokio::io::stdout();
        let mut buffer = vec![0; BUFFER];
        while let Some(bytes) = from_owner
            .read(&mut buffer)
            .await
            .ok()
            .and_then(|length| buffer.get(..length))
        {
            if bytes.is_empty() || stdout.write_all(bytes).await.is_err() || stdout.flush().await.is_err() {
                break;
            }
            answered.set(true);
            kept.borrow_mut().clear();
        }
    };
    tokio::select! {
        () = down => if answered.get() { Joined::Ended } else { Joined::Unheard },
        () = up => Joined::Ended,
        () = terminal::interrupted() => Joined::Ended,
    }
}
