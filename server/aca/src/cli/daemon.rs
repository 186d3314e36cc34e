//! What can be said about the daemon.

use clap::{Args, Subcommand};

/// `aca daemon`
#[derive(Debug, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Say whether it runs, since when, and what it has to do.
    Status,
    /// End it. Sandboxes go on; what starts it next finds them.
    Stop(EndArgs),
    /// End it and start it again, with the environment of this shell.
    Restart(EndArgs),
    /// Print the end of its log.
    Logs(LogsArgs),
    /// Be it, in the foreground; editors and commands start one by themselves.
    Run(DaemonRunArgs),
}

/// `aca daemon stop`, `aca daemon restart`
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// Kill its process if it does not answer; no work is lost by that.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `aca daemon logs`
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// Go on with what is logged from now on, until Ctrl-C.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many lines.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) lines: usize,
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
