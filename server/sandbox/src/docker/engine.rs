//! The connection to the container engine, and what its errors mean.

use std::error::Error as _;

use bollard::errors::Error as BollardError;

use crate::Error;

/// An engine that answered.
pub(super) struct Engine {
    pub(super) client: bollard::Docker,
    /// Its address, for messages.
    pub(super) host: String,
    /// How many processors it has.
    pub(super) cpus: f64,
}

const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

impl Engine {
    /// Connects to `host`, or to `DOCKER_HOST`, or to Docker's default socket, in the version the engine speaks.
    pub(super) async fn connect(host: Option<&str>) -> Result<Self, Error> {
        let environment = std::env::var("DOCKER_HOST").ok().filter(|h| !h.is_empty());
        let host = host
            .map(String::from)
            .or(environment)
            .unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let no_engine = |e: BollardError| no_engine(&host, &e);
        let client = bollard::Docker::connect_with_host(&host).map_err(no_engine)?;
        let client = client.negotiate_version().await.map_err(no_engine)?;
        let info = client.info().await.map_err(no_engine)?;
        let cpus = info
            .ncpu
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n > 0)
            .map_or(1.0, f64::from);
        Ok(Self { client, cpus, host })
    }

    /// Says what failed: that the engine is gone, or what it answered when asked to do `doing`.
    pub(super) fn error(&self, doing: &str, e: BollardError) -> Error {
        match e {
            BollardError::DockerResponseServerError { message, .. } => Error::Engine {
                doing: doing.to_owned(),
                reason: message,
            },
            // The connection was refused, or it broke before the answer was there, or within it.
            BollardError::HyperLegacyError { .. }
            | BollardError::HyperResponseError { .. }
            | BollardError::IOError { .. }
            | BollardError::RequestTimeoutError
            | BollardError::SocketNotFoundError(_) => no_engine(&self.host, &e),
            e => Error::Engine {
                doing: doing.to_owned(),
                reason: chain(&e),
            },
        }
    }
}

/// Returns the HTTP status of an answer that refuses something.
pub(super) fn status(e: &BollardError) -> Option<u16> {
    match e {
        BollardError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

fn no_engine(host: &str, e: &BollardError) -> Error {
    let mut reason = chain(e);
    if reason.contains("ermission denied") {
        reason.push_str(" (is your user in the group `docker`?)");
    }
    Error::NoEngine {
        host: host.to_owned(),
        reason,
    }
}

/// Writes an error with all its causes, each once.
fn chain(e: &BollardError) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        let said = e.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = e.source();
    }
    text.trim_end_matches('.').to_owned()
}
