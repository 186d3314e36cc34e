//! The owner: the one process that runs the engine and serves everyone else over a socket.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_engine::{ClaudeSource, Engine, EngineConfig};
use aca_lsp::{ServeEnd, ServeOptions};
use aca_store::OwnerLock;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::exit::Failure;
use crate::{agent, owner, socket};

/// How much an in-process client may have in flight, in bytes.
const PIPE: usize = 1 << 20;

/// Whether other processes may attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    /// They may.
    Welcome,
    /// They wait until this process has ended.
    Turned,
}

/// The running engine with its socket.
pub(crate) struct Host {
    engine: Engine,
    socket: PathBuf,
    stop: CancellationToken,
    connections: TaskTracker,
    guests: watch::Sender<usize>,
    /// Given up last.
    _lock: OwnerLock,
}

impl Host {
    /// Becomes the owner of a data directory, unless another process is: then `None`.
    ///
    /// # Errors
    ///
    /// When the data directory or the socket cannot be made.
    pub(crate) fn start(
        data_dir: &Path,
        claude: Arc<dyn ClaudeSource>,
        guests: Guests,
    ) -> Result<Option<Self>, Failure> {
        let lock = OwnerLock::acquire(data_dir)
            .map_err(|error| Failure::while_doing("The data directory cannot be used", error))?;
        let Some(lock) = lock else { return Ok(None) };
        let agent = agent::unpack(data_dir)?;
        let socket = socket::path(data_dir)?;
        // Left by an owner that was killed: whoever holds the lock may replace it.
        let _ = fs::remove_file(&socket);
        let listener = match guests {
            Guests::Welcome => Some(bind(data_dir, &socket)?),
            Guests::Turned => {
                owner::remove(data_dir);
                None
            }
        };
        let engine = Engine::start(EngineConfig {
            data_dir: data_dir.into(),
            agent,
            claude,
            version: env!("CARGO_PKG_VERSION").into(),
        });
        let host = Self {
            engine,
            socket,
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
            guests: watch::Sender::new(0),
            _lock: lock,
        };
        if let Some(listener) = listener {
            host.listen(listener);
        }
        Ok(Some(host))
    }

    /// Serves one connection in this process until it ends.
    pub(crate) async fn serve<R, W>(&self, input: R, output: W) -> ServeEnd
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let options = ServeOptions {
            stop: self.stop.child_token(),
            ..ServeOptions::default()
        };
        aca_lsp::serve(self.engine.clone(), input, output, options).await
    }

    /// Opens a connection from this process to itself.
    pub(crate) fn attach(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let (read, write) = tokio::io::split(theirs);
        let options = self.guest_options();
        let engine = self.engine.clone();
        self.connections
            .spawn(async move { aca_lsp::serve(engine, read, write, options).await });
        ours
    }

    /// Ends every connection: a signal came.
    pub(crate) fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// How many other processes are attached.
    pub(crate) fn guests(&self) -> usize {
        *self.guests.borrow()
    }

    /// Waits until no other process is attached any more, or the host is told to stop.
    pub(crate) async fn wait_for_guests(&self) {
        let mut guests = self.guests.subscribe();
        tokio::select! {
            _ = guests.wait_for(|count| *count == 0) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Ends: no new connection, every connection closed, then the engine. Sandboxes go on; the next owner finds them.
    pub(crate) async fn shutdown(self) {
        let _ = fs::remove_file(&self.socket);
        self.stop.cancel();
        self.connections.close();
        self.connections.wait().await;
        self.engine.shutdown().await;
    }

    fn guest_options(&self) -> ServeOptions {
        ServeOptions {
            watch_parent: false,
            stop: self.stop.child_token(),
            ..ServeOptions::default()
        }
    }

    fn listen(&self, listener: UnixListener) {
        let engine = self.engine.clone();
        let options = self.guest_options();
        let stop = self.stop.clone();
        let connections = self.connections.clone();
        let guests = self.guests.clone();
        self.connections.spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(error) => {
                            // Out of file descriptors: the next connection may find one.
                            tracing::warn!(%error, "a connection was not accepted");
                            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                            continue;
                        }
                    },
                };
                if !is_same_user(&stream) {
                    tracing::warn!("a connection of another user was refused");
                    continue;
                }
                let (engine, options, guests) = (engine.clone(), options.clone(), guests.clone());
                connections.spawn(async move {
                    guests.send_modify(|count| *count += 1);
                    let (read, write) = stream.into_split();
                    let end = aca_lsp::serve(engine, read, write, options).await;
                    tracing::debug!(?end, "a connection ended");
                    guests.send_modify(|count| *count = count.saturating_sub(1));
                });
            }
        });
    }
}

fn bind(data_dir: &Path, socket: &Path) -> Result<UnixListener, Failure> {
    let listener = UnixListener::bind(socket)
        .map_err(|error| Failure::while_doing(&format!("{} cannot be listened on", socket.display()), error))?;
    owner::write(data_dir, socket)
        .map_err(|error| Failure::while_doing("The owner's note cannot be written", error))?;
    Ok(listener)
}

/// Whether the process at the other end runs as the user of this one.
fn is_same_user(stream: &UnixStream) -> bool {
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
