//! `aca daemon`: the process in the background.

use crate::cli::DaemonCommand;
use crate::context::Context;
use crate::daemon;
use crate::exit::{Exit, Failure};

/// Looks at the daemon, ends it, or is it.
pub(crate) async fn run(context: &Context, command: DaemonCommand) -> Result<Exit, Failure> {
    match command {
        DaemonCommand::Run(args) => daemon::run::run(context, args.detached).await,
    }
}
