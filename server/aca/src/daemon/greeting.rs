//! What both ends of a connection say first: one line of JSON each.
//!
//! The client says who it is and what it wants, the owner who it is. What follows a request to serve is the language
//! server protocol. An owner that is about to end closes the connection without an answer; the client then looks for
//! the next owner, so nobody is ever served by one that ends a moment later.

use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::PROGRAM;

/// The version of the greeting and of what follows it. Ends with the same number understand each other.
pub(crate) const PROTOCOL: u32 = 1;

/// The longest greeting, in bytes.
const MAX_LINE: usize = 64 << 10;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hello {
    /// [`PROTOCOL`].
    pub(crate) protocol: u32,
    /// Name and version of the program.
    pub(crate) program: String,
    /// What it wants.
    pub(crate) ask: Ask,
}

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Ask {
    /// To be served.
    Serve,
    /// To know how the owner is.
    Status,
    /// That the daemon ends. Its clients are told not to start another one before they need it.
    Stop,
    /// That the daemon ends, because another one takes its place at once.
    Yield,
}

/// What an owner answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// [`PROTOCOL`].
    pub(crate) protocol: u32,
    /// Name and version of the program.
    pub(crate) program: String,
    /// Its process.
    pub(crate) pid: u32,
    /// Whether it serves others beside its own work (`--in-process`) and does not end when asked.
    pub(crate) in_process: bool,
    /// How it is, unless it was asked to serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<OwnerStatus>,
}

/// How an owner is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnerStatus {
    /// Its process.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) version: String,
    /// When it started, in milliseconds since the Unix epoch.
    pub(crate) started_ms: u64,
    /// Connections that it serves.
    pub(crate) clients: usize,
    /// Workspaces whose sessions are open.
    pub(crate) workspaces: Vec<PathBuf>,
    /// Tasks that are not settled.
    pub(crate) running: u32,
    /// Memory in use, in bytes, where the system tells.
    pub(crate) memory_bytes: Option<u64>,
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// Where it listens.
    pub(crate) socket: PathBuf,
    /// What is wrong.
    pub(crate) problems: Vec<String>,
}

impl Hello {
    /// What this program says.
    pub(crate) fn new(ask: Ask) -> Self {
        Self {
            protocol: PROTOCOL,
            program: PROGRAM.into(),
            ask,
        }
    }
}

impl Answer {
    /// What this program answers.
    pub(crate) fn new(in_process: bool, status: Option<OwnerStatus>) -> Self {
        Self {
            protocol: PROTOCOL,
            program: PROGRAM.into(),
            pid: std::process::id(),
            in_process,
            status,
        }
    }

    /// Returns the owner's version.
    pub(crate) fn version(&self) -> &str {
        self.program.split_once('/').map_or("", |(_, version)| version)
    }
}

/// Reads one line of the greeting; `None` if the other end closes the connection before it says anything.
///
/// Nothing is read beyond the line: the other end waits for the answer before it says more.
///
/// # Errors
///
/// When the connection fails, or what comes is no greeting.
pub(crate) async fn read<T, R>(stream: &mut R) -> io::Result<Option<T>>
where
    T: DeserializeOwned,
    R: AsyncRead + Unpin,
{
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        if line.len() >= MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the greeting does not end"));
        }
        match stream.read_buf(&mut line).await {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && line.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// Writes one line of the greeting.
///
/// # Errors
///
/// When the connection fails.
pub(crate) async fn write<T, W>(stream: &mut W, said: &T) -> io::Result<()>
where
    T: Serialize,
    W: AsyncWrite + Unpin,
{
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_greeting_arrives_as_it_was_said() {
        let (mut ours, mut theirs) = tokio::io::duplex(16);
        let said = Hello::new(Ask::Serve);
        let (written, read) = tokio::join!(write(&mut ours, &said), read::<Hello, _>(&mut theirs));
        written.unwrap();
        assert_eq!(read.unwrap(), Some(said));
    }

    #[tokio::test]
    async fn what_is_no_greeting() {
        let endless = vec![b'x'; MAX_LINE + 1];
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"{\"protocol\":1", Err(io::ErrorKind::UnexpectedEof)),
            (b"Content-Length: 2\r\n", Err(io::ErrorKind::InvalidData)),
            (&endless, Err(io::ErrorKind::InvalidData)),
        ] {
            let found = read::<Hello, _>(&mut &bytes[..]).await;
            assert_eq!(found.map_err(|error| error.kind()), expected);
        }
    }

    #[test]
    fn the_version_is_part_of_the_name() {
        let answer = Answer::new(false, None);
        assert_eq!(answer.version(), super::super::version());
    }
}
