//! What every command starts from: options, settings, the data directory, and the way to the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::{self, Config};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::claude::Provisioner;
use crate::cli::Global;
use crate::client::Client;
use crate::daemon::find;
use crate::daemon::greeting::Ask;
use crate::exit::Failure;
use crate::host::{Host, Kind};
use crate::terminal::Screen;
use crate::workspace;

/// How long another process may take to become the owner or to stop being it, where this one wants to be it.
const HANDOVER: Duration = Duration::from_secs(10);
/// How often it is looked at in that time.
const GLANCE: Duration = Duration::from_millis(20);
/// How long an owner in this process stays for others that it serves.
const GUESTS: Duration = Duration::from_secs(5);

/// What a command starts from.
#[derive(Debug)]
pub(crate) struct Context {
    /// The options.
    pub(crate) global: Global,
    /// The command's name.
    name: String,
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// How to talk to the person.
    pub(crate) screen: Screen,
}

/// A connection to the owner, whoever that is.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The way to the engine: a connection that is being served, and the owner if it is this process.
pub(crate) struct Attached {
    /// The language server protocol begins here.
    pub(crate) stream: Box<dyn Stream>,
    /// The owner, if it is this process.
    pub(crate) host: Option<Box<Host>>,
}

/// A client with what keeps it alive.
pub(crate) struct Link {
    /// The client.
    pub(crate) client: Client,
    host: Option<Box<Host>>,
}

impl Context {
    /// Makes the context of this process.
    pub(crate) fn new(global: Global, name: String) -> Self {
        let screen = Screen::new(global.json);
        Self {
            global,
            name,
            data_dir: config::data_dir(),
            screen,
        }
    }

    /// Returns the workspace that the command is about.
    ///
    /// # Errors
    ///
    /// When it does not exist.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        workspace::root(self.global.workspace.as_deref())
    }

    /// Loads the settings for the workspace.
    ///
    /// # Errors
    ///
    /// When a settings file is wrong.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(config::load(Some(&self.root()?))?.config)
    }

    /// Returns what finds and installs Claude Code.
    pub(crate) fn provisioner(&self) -> Provisioner {
        Provisioner {
            data_dir: self.data_dir.clone(),
        }
    }

    /// Returns the user's settings; the defaults if they cannot be read, which is reported by what needs them.
    pub(crate) fn settings(&self) -> Config {
        config::load(None).map(|loaded| loaded.config).unwrap_or_default()
    }

    /// Returns a connection that is served: by the daemon, which is started if there is none; by this process with
    /// `--in-process`, unless another one is the owner already.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be used, or its owner does not answer.
    pub(crate) async fn attach(&self) -> Result<Attached, Failure> {
        if self.global.in_process {
            return self.attach_in_process().await;
        }
        let owner = find::owner(&self.data_dir, self.global.verbose).await?;
        Ok(Attached {
            stream: Box::new(owner.stream),
            host: None,
        })
    }

    /// Returns a connection to the owner, if there is one already.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub(crate) async fn attach_if_there(&self) -> Result<Option<Attached>, Failure> {
        let owner = find::knock(&self.data_dir, Ask::Serve).await?;
        Ok(owner.map(|owner| Attached {
            stream: Box::new(owner.stream),
            host: None,
        }))
    }

    /// Connects a client to the owner for a command that is about no workspace, if there is an owner already.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub(crate) async fn client_if_there(&self) -> Result<Option<Client>, Failure> {
        match self.attach_if_there().await? {
            Some(attached) => Client::start(attached.stream, None, &self.name).await.map(Some),
            None => Ok(None),
        }
    }

    async fn attach_in_process(&self) -> Result<Attached, Failure> {
        let deadline = Instant::now() + HANDOVER;
        loop {
            if let Some(host) = Host::start(&self.data_dir, Arc::new(self.provisioner()), Kind::InProcess)? {
                return Ok(Attached {
                    stream: Box::new(host.attach()),
                    host: Some(Box::new(host)),
                });
            }
            if let Some(owner) = find::knock(&self.data_dir, Ask::Serve).await? {
                return Ok(Attached {
                    stream: Box::new(owner.stream),
                    host: None,
                });
            }
            if Instant::now() > deadline {
                return Err(find::silent(&self.data_dir, HANDOVER));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Connects a client for the workspace, whose session is opened.
    ///
    /// # Errors
    ///
    /// As [`Context::attach`].
    pub(crate) async fn link(&self, root: &Path) -> Result<Link, Failure> {
        self.link_to(Some(root)).await
    }

    /// Connects a client for a command that is about no workspace.
    ///
    /// # Errors
    ///
    /// As [`Context::attach`].
    pub(crate) async fn link_to_all(&self) -> Result<Link, Failure> {
        self.link_to(None).await
    }

    async fn link_to(&self, root: Option<&Path>) -> Result<Link, Failure> {
        let Attached { stream, host } = self.attach().await?;
        let client = Client::start(stream, root, &self.name).await?;
        Ok(Link { client, host })
    }
}

impl Link {
    /// Ends the conversation. Work goes on in the daemon.
    pub(crate) async fn close(self) {
        drop(self.client);
        if let Some(host) = self.host {
            leave(*host).await;
        }
    }
}

/// Ends an owner in this process, after a moment for others that it serves.
pub(crate) async fn leave(host: Host) {
    host.wait_for_guests(GUESTS).await;
    host.shutdown(false).await;
}
