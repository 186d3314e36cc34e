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
On a terminal the transcript has the whole screen: Enter types to the agent, ? shows all keys, q leaves and the work \
goes on. Elsewhere it is printed and followed until the task is settled; the exit code is then that of `aca run`. With \
--json each record is an object on a line of its own.

Examples:
  aca attach                     watch the newest task at work
  aca attach 4f2a                watch that one
  aca attach --no-follow | less  read what was said so far";

/// `aca top`
#[derive(Debug, Args)]
#[command(after_help = TOP_HELP)]
pub(crate) struct TopArgs {
    /// Print everything as it is now and end; so it is without a terminal.
    #[arg(long)]
    pub(crate) once: bool,
}

const TOP_HELP: &str = "\
Enter watches the chosen task, r reviews it, ? shows all keys.

Examples:
  aca top         watch everything
  aca top --once  print it";

/// `aca show`
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
pub(crate) struct ShowArgs {
    /// Tasks: ids, beginnings of them, or words of titles; or checkpoints: ids, or names [default: the newest task].
    #[arg(value_name = "TASK|CHECKPOINT")]
    pub(crate) what: Vec<String>,
}

const SHOW_HELP: &str = "\
Examples:
  aca show              all about the newest task
  aca show 4f2a         all about that one
  aca show c-12         all about a checkpoint
  aca show 4f2a --json  its task, attempts, proposal and landings for programs";
