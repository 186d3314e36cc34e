//! Serves one connection from its first byte to its end.

use std::sync::Arc;
use std::time::Duration;

use aca_engine::Engine;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::connection::Connection;
use crate::transport::{Ingress, Stop, buffered, drive};
use crate::{follow, landing, publish, service};

/// How long requests may take to finish once the connection is to end.
const GRACE: Duration = Duration::from_millis(500);

/// How long the client may take to read the last replies.
const FLUSH: Duration = Duration::from_millis(500);

/// How long a client may take to hear that the server rests.
const FAREWELL: Duration = Duration::from_millis(200);

/// The name of the notification that tells a [`relay`](crate::relay()) not to start another server until it is needed.
pub(crate) const REST: &str = "$/aca/rest";

/// [`REST`].
enum Rest {}

impl lsp_types::notification::Notification for Rest {
    type Params = ();
    const METHOD: &'static str = REST;
}

/// How a connection is served.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Whether to end when the process that the client names in `initialize` is gone. For a server on stdio.
    pub watch_parent: bool,
    /// Ends the connection from outside: a signal, or the host shutting down.
    pub stop: CancellationToken,
    /// Cancelled before [`stop`](Self::stop) where nobody is to start another server until it is needed; the client is
    /// told by `$/aca/rest`.
    pub rest: CancellationToken,
    /// How long an editor may take to show the text of a landing, in its own `didChange`.
    pub landing_timeout: Duration,
    /// Adds methods by which a test can see inside: one that never ends, one that panics, one that shows a document.
    #[doc(hidden)]
    pub probes: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            watch_parent: true,
            stop: CancellationToken::new(),
            rest: CancellationToken::new(),
            landing_timeout: Duration::from_secs(5),
            probes: false,
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServeEnd {
    /// The client sent `exit`.
    Exit {
        /// Whether it had sent `shutdown` before, as it should. A process ends with 0 then, otherwise with 1.
        after_shutdown: bool,
    },
    /// The input ended or could not be read any more.
    EndOfInput,
    /// The process that the client had named is gone.
    ParentDied,
    /// The output could not be written any more.
    ClientGone,
    /// [`ServeOptions::stop`] was cancelled.
    Stopped,
}

/// Serves one client until the connection ends, and says why it did.
///
/// Replies that are ready by then are still written, within about a second. Where the input is the process's stdin,
/// the caller ends with [`std::process::exit`]: a blocked read of stdin cannot be taken back.
pub async fn serve<R, W>(engine: Engine, input: R, output: W, options: ServeOptions) -> ServeEnd
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let stop = Stop::default();
    let background = Background::default();
    let (writer, pump) = buffered(output, stop.clone());
    let pump = tokio::spawn(pump);

    let (outside, rest) = (options.stop.clone(), options.rest.clone());
    let (requests, editor_requests) = mpsc::unbounded_channel();
    let editor = engine.buffers().connect(requests);
    // Subscribed before anything is read, so that no change is missed.
    let changes = engine.subscribe();
    let (service, socket, connection) = service::build(|client| {
        Connection::new(
            engine.clone(),
            client,
            editor,
            options,
            stop.clone(),
            background.clone(),
        )
    });
    background.spawn(landing::serve(Arc::clone(&connection), editor_requests));
    background.spawn(follow::changes(Arc::clone(&connection), changes));
    background.spawn(publish::diagnostics(Arc::clone(&connection)));
    let client = connection.client.clone();
    background.spawn(publish::lenses(connection));

    let service = Ingress::new(service, stop.clone());
    let mut serving = tokio::spawn(drive(input, writer, socket, service, stop.clone()));
    let end = tokio::select! {
        biased;
        end = stop.asked() => end,
        () = outside.cancelled() => {
            if rest.is_cancelled() {
                // A client that does not read will see the end all the same.
                let _ = tokio::time::timeout(FAREWELL, client.send_notification::<Rest>(())).await;
            }
            stop.ask(ServeEnd::Stopped);
            ServeEnd::Stopped
        }
        _ = &mut serving => stop.reason().unwrap_or(ServeEnd::ClientGone),
    };
    tracing::debug!(?end, "the connection ends");

    if !serving.is_finished() && tokio::time::timeout(GRACE, &mut serving).await.is_err() {
        serving.abort();
        // The transport is gone after this, so no reply can arrive for a task that is dropped below.
        let _ = serving.await;
    }
    // First, so that a landing that ends with the connection finds the file on disk and not the document again.
    engine.disconnect_editor(editor);
    background.close();
    if tokio::time::timeout(FLUSH, pump).await.is_err() {
        tracing::debug!("the client did not read the last replies");
    }
    end
}
