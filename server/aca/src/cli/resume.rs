//! What can be said about tasks that stand still.

use clap::Args;

/// `aca resume`
#[derive(Debug, Args)]
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
