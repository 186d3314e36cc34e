//! The life of the daemon: it becomes the owner, serves, and ends when it is asked to or has nothing to do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::greeting::Ask;
use super::{find, start};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::host::{Host, Kind};
use crate::terminal;

/// How long an owner that ends may take.
const HANDOVER: Duration = Duration::from_secs(30);
/// How often it is looked at in that time.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a daemon waits for its first client at least.
const FIRST_CLIENT: Duration = Duration::from_secs(30);
/// How long the end may take. Everything that was promised is on disk before it begins.
const ENDING: Duration = Duration::from_secs(15);

/// Why a daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Someone asked for it.
    Asked(Ask),
    /// A signal came.
    Signal,
    /// There was no work and no client.
    Idle,
}

/// Serves until the end. `detached` says that the process that started this one waits for a word.
///
/// # Errors
///
/// When this process cannot become the owner.
pub(crate) async fn run(context: &Context, detached: bool) -> Result<Exit, Failure> {
    let idle = Duration::from_secs(60 * context.settings().daemon.idle_minutes);
    let Some(host) = own(context).await? else {
        // Another daemon was faster, and serves.
        if detached {
            start::say_ready(&context.data_dir);
        } else {
            context
                .screen
                .note("The daemon runs already; `aca daemon status` says more.");
        }
        return Ok(Exit::Done);
    };
    if detached {
        start::say_ready(&context.data_dir);
    }
    tracing::info!("the daemon begins");
    let why = tokio::select! {
        ask = host.asked_to_end() => Why::Asked(ask),
        () = terminal::interrupted() => Why::Signal,
        () = async {
            host.carry_on().await;
            host.idle(idle, FIRST_CLIENT).await;
        } => Why::Idle,
    };
    tracing::info!(?why, "the daemon ends");
    let rests = why != Why::Asked(Ask::Yield);
    if tokio::time::timeout(ENDING, host.shutdown(rests)).await.is_err() {
        tracing::warn!("the daemon ends before everything has come to rest");
    }
    Ok(Exit::Done)
}

/// Becomes the owner, as soon as one that ends has ended. `None` if another one serves instead.
async fn own(context: &Context) -> Result<Option<Host>, Failure> {
    let data_dir: &Path = &context.data_dir;
    let deadline = Instant::now() + HANDOVER;
    loop {
        if let Some(host) = Host::start(data_dir, Arc::new(context.provisioner()), Kind::Daemon)? {
            return Ok(Some(host));
        }
        if find::knock(data_dir, Ask::Status).await?.is_some() {
            return Ok(None);
        }
        if Instant::now() > deadline {
            return Err(find::silent(data_dir, HANDOVER));
        }
        tokio::time::sleep(GLANCE).await;
    }
}
