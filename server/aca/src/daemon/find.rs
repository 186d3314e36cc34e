//! The way of a client to the owner of a data directory: connect, start a daemon where there is none, replace an older
//! one.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use super::greeting::{self, Answer, Ask, Hello, PROTOCOL};
use super::{is_older, note, start, version};
use crate::exit::{Exit, Failure};
use crate::private;

/// How long an owner may take to answer a greeting.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a daemon may take to end once it was asked to.
const ENDING: Duration = Duration::from_secs(30);
/// How long others may take to start or to replace a daemon.
const TURN: Duration = Duration::from_secs(60);

/// An owner that has answered.
#[derive(Debug)]
pub(crate) struct Owner {
    /// The connection. If the owner was asked to serve, the language server protocol begins here.
    pub(crate) stream: UnixStream,
    /// What it said.
    pub(crate) answer: Answer,
}

/// Returns a connection to the owner of a data directory that serves. Where there is none, a daemon is started; where it
/// is an older daemon, it is replaced.
///
/// # Errors
///
/// When a daemon cannot be started, does not answer, or is one that this program does not understand.
pub(crate) async fn owner(data_dir: &Path, verbose: u8) -> Result<Owner, Failure> {
    if let Some(owner) = knock(data_dir, Ask::Serve).await?
        && !is_to_be_replaced(&owner.answer)
    {
        return understood(owner);
    }
    let _turn = turn(data_dir).await?;
    if let Some(owner) = knock(data_dir, Ask::Serve).await? {
        if !is_to_be_replaced(&owner.answer) {
            return understood(owner);
        }
        tracing::info!(
            theirs = owner.answer.version(),
            ours = version(),
            "an older daemon is replaced"
        );
        drop(owner);
        end(data_dir, Ask::Yield).await?;
    }
    start::start(data_dir, verbose).await?;
    let owner = knock(data_dir, Ask::Serve).await?;
    understood(owner.ok_or_else(|| start::failure(data_dir, "It ended at once"))?)
}

/// Starts a daemon in place of the one that is there, if any.
///
/// # Errors
///
/// When the one that is there does not end, or the new one cannot be started.
pub(crate) async fn restart(data_dir: &Path, verbose: u8) -> Result<(), Failure> {
    let _turn = turn(data_dir).await?;
    end(data_dir, Ask::Yield).await?;
    start::start(data_dir, verbose).await
}

/// Asks the daemon to end and waits until its process has; returns what it said. `None` if there is no owner.
///
/// # Errors
///
/// When it does not end, or the owner is no daemon.
pub(crate) async fn end(data_dir: &Path, ask: Ask) -> Result<Option<Answer>, Failure> {
    let Some(mut owner) = knock(data_dir, ask).await? else {
        return Ok(None);
    };
    if owner.answer.in_process {
        let message = format!(
            "The process {} hosts the engine by itself (--in-process). Close that editor or end that command, then try again.",
            owner.answer.pid
        );
        return Err(Failure::new(Exit::Unavailable, message));
    }
    // The daemon says no more; the connection ends with its process.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(ENDING, owner.stream.read_to_end(&mut rest)).await;
    if ended.is_err() {
        return Err(silent(data_dir, ENDING));
    }
    Ok(Some(owner.answer))
}

/// Greets the owner. `None` if there is none, or if it is about to end.
///
/// # Errors
///
/// When it does not answer in time, or is not ours.
pub(crate) async fn knock(data_dir: &Path, ask: Ask) -> Result<Option<Owner>, Failure> {
    let Some(note) = note::read(data_dir) else {
        return Ok(None);
    };
    match tokio::time::timeout(ANSWER, greet(&note.socket, ask)).await {
        Ok(Ok(owner)) => Ok(owner),
        Ok(Err(error)) => {
            let doing = format!("The daemon at {} cannot be talked to", note.socket.display());
            let mut failure = Failure::while_doing(&doing, error);
            failure.exit = Exit::Unavailable;
            Err(failure)
        }
        Err(_) => Err(silent(data_dir, ANSWER)),
    }
}

async fn greet(socket: &Path, ask: Ask) -> io::Result<Option<Owner>> {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    let gone = |error: &io::Error| {
        matches!(
            error.kind(),
            NotFound | ConnectionRefused | ConnectionReset | BrokenPipe
        )
    };
    let mut stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if gone(&error) => return Ok(None),
        // The queue of a daemon that takes nobody in is full.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::future::pending().await,
        Err(error) => return Err(error),
    };
    let peer = stream.peer_cred()?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it belongs to another user",
        ));
    }
    match greeting::write(&mut stream, &Hello::new(ask)).await {
        Err(error) if gone(&error) => return Ok(None),
        written => written?,
    }
    let Some(answer) = greeting::read::<Answer, _>(&mut stream).await? else {
        return Ok(None);
    };
    // Processes of another namespace have no id here.
    let is_itself = peer
        .pid()
        .is_none_or(|pid| pid <= 0 || u32::try_from(pid) == Ok(answer.pid));
    if !is_itself {
        return Err(io::Error::other("it is not the process that it says it is"));
    }
    Ok(Some(Owner { stream, answer }))
}

fn is_to_be_replaced(answer: &Answer) -> bool {
    !answer.in_process && is_older(answer.version())
}

fn understood(owner: Owner) -> Result<Owner, Failure> {
    if owner.answer.protocol == PROTOCOL {
        return Ok(owner);
    }
    let message = format!(
        "The daemon (process {}) has version {}, which this aca ({}) does not understand. Use the newer one of the two, \
         and close editors that still run the older.",
        owner.answer.pid,
        owner.answer.version(),
        version()
    );
    Err(Failure::new(Exit::Unavailable, message))
}

/// What to do about an owner that does not answer; the end of what is said of it.
pub(crate) const FORCE_HINT: &str =
    " `aca daemon restart --force` ends it and starts another one; no work is lost by that.";

/// Says that the owner does not answer, and what to do.
pub(crate) fn silent(data_dir: &Path, limit: Duration) -> Failure {
    let who = note::read(data_dir).map_or_else(String::new, |owner| format!(" (process {})", owner.pid));
    let message = format!(
        "The aca{who} that holds {} has not answered for {} seconds.{FORCE_HINT}",
        data_dir.display(),
        limit.as_secs()
    );
    Failure::new(Exit::Unavailable, message)
}

/// Waits for the right to start or to replace the daemon, which one client has at a time, for as long as the file lives.
async fn turn(data_dir: &Path) -> Result<File, Failure> {
    let path = data_dir.join("start.lock");
    let file = private::create_dir(data_dir).and_then(|()| private::open_to_lock(&path));
    let failed = |error| Failure::while_doing(&format!("{} cannot be locked", path.display()), error);
    let file = file.map_err(failed)?;
    // The thread ends with the process if its turn never comes.
    let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    match tokio::time::timeout(TURN, waiting).await {
        Ok(Ok(locked)) => locked.map_err(failed),
        Ok(Err(error)) => Err(failed(io::Error::other(error))),
        Err(_) => {
            let message = format!(
                "Another aca has been starting the daemon of {} for {} seconds. Look at logs/aca.log there, then try again.",
                data_dir.display(),
                TURN.as_secs()
            );
            Err(Failure::new(Exit::Unavailable, message))
        }
    }
}
