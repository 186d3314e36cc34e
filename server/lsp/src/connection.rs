//! The state of one connection. It holds nothing that would be lost with it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aca_engine::{EditorId, Engine, Error};
use lsp_types::{ClientInfo, MessageType};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;
use tower_lsp::jsonrpc;

use crate::background::Background;
use crate::board::Board;
use crate::capabilities::ClientFlags;
use crate::checks::Checks;
use crate::conflict::Hints;
use crate::documents::{Document, Documents, Encoding};
use crate::error;
use crate::progress::Progress;
use crate::publish::Publisher;
use crate::serve::ServeOptions;
use crate::transcripts::Transcripts;
use crate::transport::Stop;
use crate::workspaces::{Root, Workspaces};

/// The state of one connection, shared by its handlers and its background tasks.
pub(crate) struct Connection {
    /// The engine.
    pub(crate) engine: Engine,
    /// The client. Only background tasks await its answers.
    pub(crate) client: Client,
    /// The engine's name for this client.
    pub(crate) editor: EditorId,
    /// How the connection is served.
    pub(crate) options: ServeOptions,
    /// Ends the connection.
    pub(crate) stop: Stop,
    /// Tasks that outlive a handler.
    pub(crate) background: Background,
    /// The open documents.
    pub(crate) documents: Documents,
    /// The client's workspaces.
    pub(crate) workspaces: Workspaces,
    /// Tasks and pending hunks by file.
    pub(crate) board: Board,
    /// What is to be published.
    pub(crate) publisher: Publisher,
    /// Checks that the client started.
    pub(crate) checks: Checks,
    /// Hints that the client was given.
    pub(crate) hints: Hints,
    /// Transcripts that the client has asked for.
    pub(crate) transcripts: Transcripts,
    /// Progress that the client shows.
    pub(crate) progress: Progress,
    /// Cancelled once the client has sent `initialized`; before that it must be sent nothing.
    pub(crate) ready: CancellationToken,
    /// How many sessions of the client's workspaces are still to be opened.
    opening: watch::Sender<usize>,
    flags: OnceLock<ClientFlags>,
    asker: OnceLock<Engine>,
    name: OnceLock<String>,
}

impl Connection {
    pub(crate) fn new(
        engine: Engine,
        client: Client,
        editor: EditorId,
        options: ServeOptions,
        stop: Stop,
        background: Background,
    ) -> Self {
        Self {
            engine,
            client,
            editor,
            options,
            stop,
            background,
            documents: Documents::default(),
            workspaces: Workspaces::default(),
            board: Board::default(),
            publisher: Publisher::default(),
            checks: Checks::default(),
            hints: Hints::default(),
            transcripts: Transcripts::default(),
            progress: Progress::default(),
            ready: CancellationToken::new(),
            opening: watch::Sender::default(),
            flags: OnceLock::new(),
            asker: OnceLock::new(),
            name: OnceLock::new(),
        }
    }

    /// Records what the client can do. Only `initialize` calls it, and tower-lsp lets only one through.
    pub(crate) fn set_flags(&self, flags: ClientFlags) {
        // A second set cannot happen; the first one would count.
        let _ = self.flags.set(flags);
    }

    /// Records who the client says it is. Only `initialize` calls it.
    pub(crate) fn set_client(&self, client: &ClientInfo) {
        let version = client.version.as_deref().unwrap_or_default();
        let name = format!("{} {version}", client.name);
        // As with the flags.
        let _ = self.asker.set(self.engine.as_client(&name));
        let _ = self.name.set(name.trim().to_owned());
    }

    /// Returns what the client calls itself, with its version, if it has said so.
    pub(crate) fn client_name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    /// Returns the handle for what the client asks for, which is recorded with its name.
    pub(crate) fn asker(&self) -> Engine {
        self.asker.get().unwrap_or(&self.engine).clone()
    }

    /// Has what is decided next land in this client's documents, where it shows what counts.
    pub(crate) fn attend(&self) {
        self.engine.buffers().attend(self.editor);
    }

    /// Returns what the client can do; before `initialize`, nothing.
    pub(crate) fn flags(&self) -> &ClientFlags {
        static NOTHING: OnceLock<ClientFlags> = OnceLock::new();
        self.flags
            .get()
            .unwrap_or_else(|| NOTHING.get_or_init(ClientFlags::default))
    }

    /// Returns what positions count in.
    pub(crate) fn encoding(&self) -> Encoding {
        self.flags().encoding
    }

    /// Tells the engine what a document says.
    pub(crate) fn report(&self, document: &Document) {
        if let Some(file) = &document.file {
            self.engine
                .buffers()
                .set(self.editor, &file.path, document.version, document.text.clone());
        }
    }

    /// Adds a workspace. Its session is opened behind the handler, as soon as the client can be told of a failure.
    pub(crate) fn add_root(self: &Arc<Self>, given: PathBuf) -> Option<Arc<Root>> {
        let canonical = match Root::canonical(&given) {
            Ok(canonical) => canonical,
            Err(problem) => {
                self.complain(problem);
                return None;
            }
        };
        // First, so that this client's settings count in what is read.
        self.engine.attach_editor(self.editor, &canonical);
        let (root, problem) = Root::new(&self.engine, given, canonical);
        let (root, is_new) = self.workspaces.add(root);
        if is_new {
            self.open_session(Arc::clone(&root), problem);
        }
        Some(root)
    }

    /// Runs a call of the engine to its end, even if the request that asked for it is cancelled, and returns what
    /// became of it as a reply.
    ///
    /// # Errors
    ///
    /// The engine's, as [`error::reply`] maps them.
    pub(crate) async fn ask<T, F, W>(&self, what: &str, ask: F) -> jsonrpc::Result<T>
    where
        F: FnOnce(Engine) -> W,
        W: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let (asked, mut opening) = (ask(self.asker()), self.opening.subscribe());
        // Nothing is opened before the client has said that it is ready, and one that never does is answered all the same.
        let is_ready = self.ready.is_cancelled();
        let work = self.background.detach(async move {
            if is_ready {
                // It fails only once the connection is gone, which keeps no decision from being carried out.
                let _ = opening.wait_for(|left| *left == 0).await;
            }
            asked.await
        });
        work.await
            .map_err(|_| error::panicked(what))?
            .map_err(|error| error::reply(&error))
    }

    /// Tells the user what is wrong.
    pub(crate) fn complain(self: &Arc<Self>, problem: String) {
        tracing::warn!("{problem}");
        let connection = Arc::clone(self);
        self.background.spawn(async move {
            connection.ready.cancelled().await;
            connection.client.show_message(MessageType::WARNING, problem).await;
        });
    }

    fn open_session(self: &Arc<Self>, root: Arc<Root>, problem: Option<String>) {
        if let Some(problem) = problem {
            self.complain(problem);
        }
        let connection = Arc::clone(self);
        let opening = Opening::begin(self.opening.clone());
        self.background.spawn(async move {
            connection.ready.cancelled().await;
            match connection.engine.open(&root.canonical).await {
                Ok(_) => crate::follow::read_workspace(&connection, &root.canonical),
                Err(error) => connection.complain(error.to_string()),
            }
            drop(opening);
        });
    }
}

/// A session that is being opened, for as long as it lives.
struct Opening(watch::Sender<usize>);

impl Opening {
    fn begin(count: watch::Sender<usize>) -> Self {
        count.send_modify(|left| *left += 1);
        Self(count)
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.send_modify(|left| *left -= 1);
    }
}
