//! `aca lsp`: serves an editor on stdin and stdout.
//!
//! This process is a pipe to the daemon. It goes on when the daemon is killed or replaced: it introduces the editor to the
//! next one. The daemon goes on when this process is killed.

use std::sync::{Arc, Mutex, PoisonError};

use aca_lsp::{Connector, RelayEnd, RelayOptions, Want};
use tokio_util::sync::CancellationToken;

use crate::context::{self, Attached, Context, Stream};
use crate::exit::{Exit, Failure};
use crate::host::Host;
use crate::terminal;

/// Joins the editor with the daemon until the editor is done.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let stop = CancellationToken::new();
    let ours = Arc::new(Mutex::default());
    let owners = Owners {
        context,
        ours: Arc::clone(&ours),
    };
    let options = RelayOptions { stop: stop.clone() };
    let relay = aca_lsp::relay(tokio::io::stdin(), tokio::io::stdout(), owners, options);
    tokio::pin!(relay);
    let end = tokio::select! {
        end = &mut relay => end,
        () = terminal::interrupted() => {
            stop.cancel();
            relay.await
        }
    };
    tracing::info!(?end, "the editor's connection ends");
    let host = ours.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(host) = host {
        context::leave(*host).await;
    }
    match end {
        RelayEnd::Exit { after_shutdown: false } => Ok(Exit::Failed),
        RelayEnd::Exit { .. } | RelayEnd::EditorGone | RelayEnd::Stopped => Ok(Exit::Done),
        RelayEnd::NoServer(reason) => Err(Failure::new(Exit::Unavailable, reason)),
    }
}

/// Finds owners for the editor. It may become one itself, with `--in-process`.
struct Owners<'c> {
    context: &'c Context,
    ours: Arc<Mutex<Option<Box<Host>>>>,
}

impl Connector for Owners<'_> {
    type Stream = Box<dyn Stream>;

    async fn connect(&mut self, want: Want) -> Result<Option<Self::Stream>, String> {
        let found = match want {
            Want::Start => self.context.attach().await.map(Some),
            Want::IfThere => self.context.attach_if_there().await,
        };
        let found = found.map_err(|failure| failure.message)?;
        Ok(found.map(|Attached { stream, host }| {
            *self.ours.lock().unwrap_or_else(PoisonError::into_inner) = host;
            stream
        }))
    }
}
