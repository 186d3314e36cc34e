//! What can be said about checkpoints.

use clap::{Args, Subcommand};

/// `aca checkpoint`
#[derive(Debug, Subcommand)]
#[command(after_help = CHECKPOINT_HELP)]
pub(crate) enum CheckpointCommand {
    /// List the checkpoints, the newest last.
    #[command(after_help = "Examples:\n  aca checkpoint list")]
    List,
    /// Make a checkpoint.
    #[command(after_help = "Examples:\n  aca checkpoint create\n  aca checkpoint create before-lunch")]
    Create(CreateArgs),
    /// Show what differs between a checkpoint's files and the files now.
    #[command(after_help = "Examples:\n  aca checkpoint diff c-12\n  aca checkpoint diff before-lunch")]
    Diff(CheckpointArgs),
    /// Go back to a checkpoint: what landed since is taken back, what you typed stays.
    ///
    /// The tasks stand as they did there; tasks that were made since are set aside. Nothing goes away: a checkpoint is
    /// made before, and going back to that one brings everything back. While tasks are at work it is refused.
    #[command(after_help = "Examples:\n  aca checkpoint restore before-lunch")]
    Restore(CheckpointArgs),
}

const CHECKPOINT_HELP: &str = "\
aca makes a checkpoint when a task changes, after some time of work ([session] checkpoint_interval_minutes), and before \
it does anything risky. Files that git ignores are in none of them.

Examples:
  aca checkpoint create before-lunch
  aca checkpoint diff c-12
  aca checkpoint restore before-lunch";

/// `aca checkpoint create`
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What it is called; it has an id like c-12 in any case.
    pub(crate) name: Option<String>,
}

/// A checkpoint.
#[derive(Debug, Args)]
pub(crate) struct CheckpointArgs {
    /// The checkpoint: its id, or its name; the newest of that name.
    pub(crate) checkpoint: String,
}
