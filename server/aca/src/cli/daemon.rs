//! What can be said about the daemon.

use clap::{Args, Subcommand};

/// `aca daemon`
#[derive(Debug, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Be the daemon, in the foreground; editors and commands start one by themselves.
    Run(DaemonRunArgs),
}

/// `aca daemon run`
#[derive(Debug, Args)]
pub(crate) struct DaemonRunArgs {
    /// Start it in a session of its own and end.
    #[arg(long, hide = true, conflicts_with = "detached")]
    pub(crate) detach: bool,
    /// Started so.
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
}
