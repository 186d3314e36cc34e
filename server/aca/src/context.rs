//! What every command starts from: options, settings, the data directory, and the way to the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::{self, Config};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::claude::Provisioner;
use crate::cli::Global;
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::host::{Guests, Host};
use crate::terminal::{self, Screen};
use crate::{owner, workspace};

/// How long another process may take to become the owner or to stop being it.
const HANDOVER: Duration = Duration::from_secs(10);
/// How often it is looked at in that time.
const GLANCE: Duration = Duration::from_millis(20);

/// What a command starts from.
#[derive(Debug)]
pub(crate) struct Context {
    /// The options.
    pub(crate) global: Global,
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// How to talk to the person.
    pub(crate) screen: Screen,
}

/// The way to the engine.
pub(crate) enum Place {
    /// This process has become the owner.
    Owner(Box<Host>),
    /// Another process is the owner.
    Guest(UnixStream),
}

/// A client with what keeps it alive.
pub(crate) struct Link {
    /// The client.
    pub(crate) client: Client,
    host: Option<Box<Host>>,
    screen: Screen,
}

impl Context {
    /// Makes the context of this process.
    pub(crate) fn new(global: Global) -> Self {
        let screen = Screen::new(global.json);
        Self {
            global,
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

    /// Becomes the owner, or connects to the process that is.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be used, or its owner does not answer.
    pub(crate) async fn place(&self) -> Result<Place, Failure> {
        self.find_place(Guests::Welcome).await
    }

    async fn find_place(&self, guests: Guests) -> Result<Place, Failure> {
        let deadline = Instant::now() + HANDOVER;
        loop {
            if let Some(host) = Host::start(&self.data_dir, Arc::new(self.provisioner()), guests)? {
                return Ok(Place::Owner(Box::new(host)));
            }
            if let Some(owner) = owner::read(&self.data_dir)
                && let Ok(stream) = UnixStream::connect(&owner.socket).await
            {
                return Ok(Place::Guest(stream));
            }
            if Instant::now() > deadline {
                return Err(self.silent_owner());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Connects a client for the workspace.
    ///
    /// # Errors
    ///
    /// As [`Context::place`], and when the settings are wrong.
    pub(crate) async fn link(&self, root: &Path) -> Result<Link, Failure> {
        self.link_from(self.place().await?, root).await
    }

    /// Connects a client for a command that ends soon. If it becomes the owner it takes no guests in, so that it need not
    /// stay for them; whoever comes meanwhile waits and becomes the owner after it.
    ///
    /// # Errors
    ///
    /// As [`Context::link`].
    pub(crate) async fn brief_link(&self, root: &Path) -> Result<Link, Failure> {
        self.link_from(self.find_place(Guests::Turned).await?, root).await
    }

    async fn link_from(&self, place: Place, root: &Path) -> Result<Link, Failure> {
        let screen = self.screen;
        match place {
            Place::Owner(host) => {
                let client = Client::start(host.attach(), root).await?;
                Ok(Link {
                    client,
                    host: Some(host),
                    screen,
                })
            }
            Place::Guest(stream) => Ok(Link {
                client: Client::start(stream, root).await?,
                host: None,
                screen,
            }),
        }
    }

    fn silent_owner(&self) -> Failure {
        let who = owner::read(&self.data_dir)
            .map(|owner| format!(" (process {})", owner.pid))
            .unwrap_or_default();
        let message = format!(
            "Another aca{who} holds {} and does not answer. End that process, then try again; no work is lost by it.",
            self.data_dir.display()
        );
        Failure::new(Exit::Unavailable, message)
    }
}

impl Link {
    /// Whether the engine runs in this process, so that work stands still when it ends.
    pub(crate) fn is_owner(&self) -> bool {
        self.host.is_some()
    }

    /// Ends the conversation. Where other processes are served from here, it stays until they leave.
    pub(crate) async fn close(self) {
        drop(self.client);
        let Some(host) = self.host else { return };
        if host.guests() > 0 {
            self.screen.note(
                "Another front end is attached through this process, so it stays until that one leaves; Ctrl-C ends both.",
            );
            tokio::select! {
                () = host.wait_for_guests() => {}
                () = terminal::interrupted() => {}
            }
        }
        host.shutdown().await;
    }
}
