//! What is said to look at work.

use clap::Args;

/// `aca attach`
#[derive(Debug, Args)]
#[command(after_help = ATTACH_HELP)]
pub(crate) struct AttachArgs {
    /// The task: its id, the beginning of it, or words of its title [default: the newest at work, else the newest].
    pub(crate) task: Option<String>,
    /// Print what there is and end.
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Print only this round, counted from one.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) round: Option<usize>,
}

const ATTACH_HELP: &str = "\
On a terminal the transcript has the whole screen: Enter types to the agent, ? shows all keys, q leaves and the work
goes on. Elsewhere it is printed and followed until the task is settled; the exit code is then that of `aca run`. With
--json each record is an object on a line of its own.

Examples:
  aca attach                     watch the newest task at work
  aca attach 4f2a                watch that one
  aca attach --no-follow | less  read what was said so far";
