//! The owner: the one process that runs the engine, and serves everyone else over a socket.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aca_engine::{ClaudeSource, Engine, EngineConfig};
use aca_lsp::ServeOptions;
use aca_store::OwnerLock;
use tokio::io::DuplexStream;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::daemon::greeting::{self, Answer, Ask, Hello, OwnerStatus, PROTOCOL};
use crate::daemon::{note, process, version};
use crate::doors::Doors;
use crate::exit::Failure;
use crate::{agent, socket};

/// How much a client in this process may have in flight, in bytes.
const PIPE: usize = 1 << 20;
/// How long a client may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// How long an accept is put off that failed: the next one may find a file descriptor.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What the owner is beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing else. It ends when it is asked to.
    Daemon,
    /// An editor's server or a command that hosts the engine by itself. It ends with its own work.
    InProcess,
}

/// The running engine with its socket.
pub(crate) struct Host {
    inner: Arc<Inner>,
    stop: CancellationToken,
    rest: CancellationToken,
    connections: TaskTracker,
    asked: watch::Receiver<Option<Ask>>,
    /// Given up last.
    _lock: OwnerLock,
}

/// What the connections share.
struct Inner {
    kind: Kind,
    engine: Engine,
    data_dir: PathBuf,
    socket: PathBuf,
    started: SystemTime,
    doors: Doors,
    asked: watch::Sender<Option<Ask>>,
    options: ServeOptions,
}

impl Host {
    /// Becomes the owner of a data directory, unless another process is: then `None`.
    ///
    /// # Errors
    ///
    /// When the data directory or the socket cannot be made.
    pub(crate) fn start(data_dir: &Path, claude: Arc<dyn ClaudeSource>, kind: Kind) -> Result<Option<Self>, Failure> {
        let lock = OwnerLock::acquire(data_dir)
            .map_err(|error| Failure::while_doing("The data directory cannot be used", error))?;
        let Some(lock) = lock else { return Ok(None) };
        let agent = agent::unpack(data_dir)?;
        let socket = socket::path(data_dir)?;
        // Left by an owner that was killed: whoever holds the lock may replace it.
        let _ = fs::remove_file(&socket);
        let listener = bind(data_dir, &socket)?;
        let engine = Engine::start(EngineConfig {
            data_dir: data_dir.into(),
            agent,
            claude,
            version: version().into(),
        });
        let (asked, was_asked) = watch::channel(None);
        let (stop, rest) = (CancellationToken::new(), CancellationToken::new());
        let inner = Arc::new(Inner {
            kind,
            engine,
            data_dir: data_dir.into(),
            socket,
            started: SystemTime::now(),
            doors: Doors::new(),
            asked,
            options: ServeOptions {
                watch_parent: false,
                stop: stop.child_token(),
                rest: rest.clone(),
                ..ServeOptions::default()
            },
        });
        let host = Self {
            inner,
            stop,
            rest,
            connections: TaskTracker::new(),
            asked: was_asked,
            _lock: lock,
        };
        host.connections.spawn(accept(
            listener,
            Arc::clone(&host.inner),
            host.connections.clone(),
            host.stop.clone(),
        ));
        Ok(Some(host))
    }

    /// Opens a connection from this process to itself.
    pub(crate) fn attach(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let (read, write) = tokio::io::split(theirs);
        let options = self.inner.options.clone();
        let engine = self.inner.engine.clone();
        self.connections
            .spawn(async move { aca_lsp::serve(engine, read, write, options).await });
        ours
    }

    /// Opens every workspace whose session has work that is not done, so that it goes on though nobody looks at it.
    pub(crate) async fn carry_on(&self) {
        let engine = &self.inner.engine;
        let workspaces = match engine.unfinished().await {
            Ok(workspaces) => workspaces,
            Err(error) => return tracing::warn!(%error, "sessions with unfinished work were not looked for"),
        };
        for workspace in workspaces {
            tracing::info!(workspace = %workspace.display(), "unfinished work goes on");
            if let Err(error) = engine.open(&workspace).await {
                tracing::warn!(workspace = %workspace.display(), %error, "a session with unfinished work cannot be opened");
            }
        }
    }

    /// Returns when a client has asked for the end, with what it asked.
    pub(crate) async fn asked_to_end(&self) -> Ask {
        let mut asked = self.asked.clone();
        let found = asked.wait_for(Option::is_some).await.map(|ask| *ask);
        match found {
            Ok(Some(ask)) => ask,
            // Nobody is left who could ask.
            _ => std::future::pending().await,
        }
    }

    /// Returns when there has been neither work nor a client for `limit`; by then nobody is let in any more. Before the
    /// first client it waits for `first` at least.
    pub(crate) async fn idle(&self, limit: Duration, first: Duration) {
        let mut clients = self.inner.doors.watch();
        let mut changes = self.inner.engine.subscribe();
        loop {
            let state = *clients.borrow_and_update();
            let limit = if state.visited { limit } else { limit.max(first) };
            let is_idle = state.inside == 0 && !self.inner.engine.is_at_work();
            tokio::select! {
                () = tokio::time::sleep(limit), if is_idle => {
                    if !self.inner.engine.is_at_work() && self.inner.doors.close_if_empty() {
                        return;
                    }
                }
                // An engine that is gone, or news that were missed, are seen by looking again.
                _ = clients.changed() => {}
                _ = changes.recv() => {}
            }
        }
    }

    /// Waits until no other process is served any more, for so long at most.
    pub(crate) async fn wait_for_guests(&self, limit: Duration) {
        let mut clients = self.inner.doors.watch();
        // The doors live as long as the host.
        let _ = tokio::time::timeout(limit, clients.wait_for(|state| state.inside == 0)).await;
    }

    /// Ends: nobody is let in, every connection is closed, then the engine ends. Sandboxes go on; the next owner finds
    /// them. `rests` says that clients are to leave it at that until they need something.
    pub(crate) async fn shutdown(self, rests: bool) {
        self.inner.doors.close();
        let _ = fs::remove_file(&self.inner.socket);
        note::remove(&self.inner.data_dir);
        if rests {
            self.rest.cancel();
        }
        self.stop.cancel();
        self.connections.close();
        self.connections.wait().await;
        self.inner.engine.shutdown().await;
    }
}

impl Inner {
    /// Answers a client's greeting and serves it. A client that is not answered looks for the next owner.
    async fn welcome(&self, mut stream: UnixStream) -> io::Result<()> {
        let hello = tokio::select! {
            hello = tokio::time::timeout(HELLO, greeting::read::<Hello, _>(&mut stream)) => hello??,
            () = self.options.stop.cancelled() => None,
        };
        let Some(hello) = hello else { return Ok(()) };
        tracing::debug!(?hello, "a client comes in");
        if hello.ask == Ask::Serve {
            return self.serve(stream, &hello).await;
        }
        if self.doors.state().closed {
            return Ok(());
        }
        greeting::write(&mut stream, &self.answer(Some(self.status()))).await?;
        if hello.ask != Ask::Status && self.kind == Kind::Daemon {
            self.asked.send_replace(Some(hello.ask));
            // The asker waits for the end of the connection, which is to be the end of this process and no earlier.
            std::mem::forget(stream);
        }
        Ok(())
    }

    async fn serve(&self, mut stream: UnixStream, hello: &Hello) -> io::Result<()> {
        let Some(_guest) = self.doors.enter() else {
            return Ok(());
        };
        greeting::write(&mut stream, &self.answer(None)).await?;
        if hello.protocol == PROTOCOL {
            let (read, write) = stream.into_split();
            let end = aca_lsp::serve(self.engine.clone(), read, write, self.options.clone()).await;
            tracing::debug!(?end, "a connection ended");
        }
        Ok(())
    }

    fn answer(&self, status: Option<OwnerStatus>) -> Answer {
        Answer::new(self.kind == Kind::InProcess, status)
    }

    fn status(&self) -> OwnerStatus {
        let status = self.engine.status();
        let since_epoch = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        OwnerStatus {
            pid: status.pid,
            version: status.version,
            started_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
            clients: self.doors.state().inside,
            workspaces: status.workspaces,
            running: status.running,
            memory_bytes: process::memory_bytes(),
            data_dir: self.data_dir.clone(),
            socket: self.socket.clone(),
            problems: status.problems,
        }
    }
}

async fn accept(listener: UnixListener, inner: Arc<Inner>, connections: TaskTracker, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
        };
        if !is_same_user(&stream) {
            tracing::warn!("a connection of another user was refused");
            continue;
        }
        let inner = Arc::clone(&inner);
        connections.spawn(async move {
            if let Err(error) = inner.welcome(stream).await {
                tracing::warn!(%error, "a client was not welcomed");
            }
        });
    }
}

fn bind(data_dir: &Path, socket: &Path) -> Result<UnixListener, Failure> {
    let listener = UnixListener::bind(socket)
        .map_err(|error| Failure::while_doing(&format!("{} cannot be listened on", socket.display()), error))?;
    note::write(data_dir, socket).map_err(|error| Failure::while_doing("The owner's note cannot be written", error))?;
    Ok(listener)
}

/// Whether the process at the other end runs as the user of this one.
fn is_same_user(stream: &UnixStream) -> bool {
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
