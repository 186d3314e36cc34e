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
    /// Its program runs and is held by its engine, which is never aca's doing.
    Held,
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

/// The label with the number of the engine's owner that made a sandbox. A later owner adopts what an earlier one made,
/// so it is not compared.
pub const FENCE_LABEL: &str = "aca.fence";

impl Found {
    /// Returns the first label in `wanted` that this sandbox has otherwise, or not at all.
    #[must_use]
    pub fn differs_in<'a>(&self, wanted: &'a BTreeMap<String, String>) -> Option<&'a str> {
        let mut wanted = wanted.iter().filter(|(key, _)| *key != FENCE_LABEL);
        let differing = wanted.find(|&(key, value)| self.labels.get(key) != Some(value));
        differing.map(|(key, _)| key.as_str())
    }
}

/// What a sandbox takes of the machine, as one look shows it. What cannot be had is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Processor time it has taken since it was started, in nanoseconds.
    pub cpu_ns: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads, or processes alone where only they can be counted.
    pub processes: Option<u32>,
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

    /// Starts the sandbox `spec.name`, unless one of that name with the same labels, [`FENCE_LABEL`] aside, runs already
    /// or has ended, which is left as it is: a sandbox runs once.
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

    /// Returns the sandbox `name`, whoever made it; nothing if there is none.
    ///
    /// # Errors
    /// Only if the backend cannot say.
    async fn find(&self, name: &str) -> Result<Option<Found>, Error>;

    /// Says how the sandbox `name` is.
    ///
    /// # Errors
    /// Only if the backend cannot say; a sandbox that does not exist is [`Status::Absent`].
    async fn inspect(&self, name: &str) -> Result<Status, Error> {
        Ok(self.find(name).await?.map_or(Status::Absent, |found| found.status))
    }

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

    /// Returns the image that sandboxes are made from, as `name@digest`; nothing where they are made from none.
    ///
    /// # Errors
    /// If the backend cannot say.
    async fn made_of(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Says what the sandbox `name` takes right now; nothing if it does not run.
    ///
    /// # Errors
    /// If the backend cannot say.
    async fn load(&self, name: &str) -> Result<Option<Load>, Error>;

    /// Returns the sandboxes that carry the label `label.0` with the value `label.1`, in any state.
    ///
    /// # Errors
    /// If the backend cannot say.
    async fn list(&self, label: (&str, &str)) -> Result<Vec<Found>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_known_by_every_label_but_its_owners_number() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let found = Found {
            name: "a1".into(),
            labels: labels(&[
                ("aca.attempt", "a1"),
                ("aca.spec", "h1"),
                (FENCE_LABEL, "3"),
                ("maker", "x"),
            ]),
            status: Status::Created,
        };
        for (wanted, differing) in [
            (
                labels(&[("aca.attempt", "a1"), ("aca.spec", "h1"), (FENCE_LABEL, "4")]),
                None,
            ),
            (labels(&[("aca.attempt", "a1"), ("aca.spec", "h2")]), Some("aca.spec")),
            (labels(&[("aca.attempt", "a1"), ("aca.task", "t")]), Some("aca.task")),
        ] {
            assert_eq!(found.differs_in(&wanted), differing, "{wanted:?}");
        }
    }
}
