//! The interface of every sandbox backend.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Error, SandboxSpec};

/// A stream of bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The connection to the agent in a sandbox.
pub type Stream = Box<dyn ByteStream>;

/// What a backend says of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is none of that name.
    Absent,
    /// It exists and its program never ran.
    Created,
    /// Its program runs.
    Running,
    /// Its program ended, and is never started again.
    Exited {
        /// The exit code; 128 plus the signal's number where a signal ended it.
        code: i64,
        /// Whether the kernel killed one of its processes for want of memory, though not necessarily the first.
        oom: bool,
    },
}

/// A sandbox that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name, which is the attempt's.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How it is.
    pub status: Status,
}

/// A way to run sandboxes.
///
/// All operations may be repeated: after a crash at any point, the same call finishes what the first began.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The backend's name, as in the configuration.
    fn name(&self) -> &'static str;

    /// Makes sure that sandboxes can be started: the engine answers and the image is there, built if need be.
    /// `progress` is given lines for a person to read.
    ///
    /// # Errors
    /// Says what is missing and how to get it.
    async fn prepare(&self, progress: &mut (dyn FnMut(String) + Send)) -> Result<(), Error>;

    /// Starts the sandbox `spec.name`, unless one of that name with the same labels runs already or has ended, which
    /// is left as it is: a sandbox runs once.
    ///
    /// # Errors
    /// [`Error::NameTaken`] if the name belongs to a sandbox with other labels; [`Error::BadSpec`] before anything is
    /// done.
    async fn start(&self, spec: &SandboxSpec) -> Result<(), Error>;

    /// Connects to the agent in the running sandbox `name`, whose attempt directory on the host is `out`. The stream
    /// ends when either side closes it; the sandbox goes on.
    ///
    /// # Errors
    /// [`Error::NotRunning`] if the sandbox does not run.
    async fn connect(&self, name: &str, out: &Path) -> Result<Stream, Error>;

    /// Says how the sandbox `name` is.
    ///
    /// # Errors
    /// Only if the backend cannot say; a sandbox that does not exist is [`Status::Absent`].
    async fn inspect(&self, name: &str) -> Result<Status, Error>;

    /// Kills everything in the sandbox `name` at once and returns when it is dead. One that does not run is fine.
    ///
    /// # Errors
    /// If the sandbox may still run.
    async fn stop(&self, name: &str) -> Result<(), Error>;

    /// Kills the sandbox `name` and forgets it. One that does not exist is fine. The directories it was given stay.
    ///
    /// # Errors
    /// If the sandbox may still exist.
    async fn remove(&self, name: &str) -> Result<(), Error>;

    /// Returns the sandboxes that carry the label `label.0` with the value `label.1`, in any state.
    ///
    /// # Errors
    /// If the backend cannot say.
    async fn list(&self, label: (&str, &str)) -> Result<Vec<Found>, Error>;
}
