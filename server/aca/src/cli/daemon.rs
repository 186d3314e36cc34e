//! What can be said about the daemon.

use clap::{Args, Subcommand};

/// `aca daemon`
#[derive(Debug, Subcommand)]
#[command(after_help = DAEMON_HELP)]
pub(crate) enum DaemonCommand {
    /// Say whether it runs, since when, and what it has to do.
    #[command(after_help = "Examples:\n  aca daemon status")]
    Status,
    /// End it. Sandboxes go on; what starts it next finds them.
    #[command(after_help = "Examples:\n  aca daemon stop\n  aca daemon stop --force  although it does not answer")]
    Stop(EndArgs),
    /// End it and start it again, with the environment of this shell.
    #[command(after_help = "Examples:\n  aca daemon restart")]
    Restart(EndArgs),
    /// Print the end of its log.
    #[command(after_help = "Examples:\n  aca daemon logs -n 200\n  aca daemon logs --follow")]
    Logs(LogsArgs),
    /// Be it, in the foreground; editors and commands start one by themselves.
    #[command(after_help = "Examples:\n  aca daemon run -v  see it work")]
    Run(DaemonRunArgs),
}

const DAEMON_HELP: &str = "\
Examples:
  aca daemon status
  aca daemon logs --follow
  aca daemon restart        after settings of its environment have changed";

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
