//! What can be said about tasks that stand still.

use clap::Args;

/// `aca resume`
#[derive(Debug, Args)]
#[command(after_help = RESUME_HELP)]
pub(crate) struct ResumeArgs {
    /// The task, or the beginning of its id [default: the only held one; else what waits for a decision is listed].
    pub(crate) task: Option<String>,
    /// Begin anew, in place of going on from what was found of the work.
    #[arg(long, conflicts_with = "take")]
    pub(crate) again: bool,
    /// Review what was found of the work as it is.
    #[arg(long)]
    pub(crate) take: bool,
}

const RESUME_HELP: &str = "\
Examples:
  aca resume              the only held agent goes on; else what waits for a decision is listed
  aca resume 4f2a         that one goes on
  aca resume 4f2a --take  review what was found of its work";
