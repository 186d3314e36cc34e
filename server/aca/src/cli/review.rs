//! What is said to decide on what an agent made.

use aca_protocol::proposal::Resolution;
use clap::Args;

/// `aca review`
#[derive(Debug, Default, Args)]
#[command(group = clap::ArgGroup::new("mode").multiple(false), after_help = REVIEW_HELP)]
pub(crate) struct ReviewArgs {
    /// The task: its id, the beginning of it, or words of its title [default: the newest that waits for review].
    pub(crate) task: Option<String>,
    /// List the hunks and end; so it is without a terminal.
    #[arg(long, group = "mode")]
    pub(crate) list: bool,
    /// Accept these hunks, named by their ids or beginnings of them.
    #[arg(long, group = "mode", value_name = "HUNK", num_args = 0.., value_delimiter = ',')]
    pub(crate) accept: Option<Vec<String>>,
    /// Reject these hunks.
    #[arg(long, group = "mode", value_name = "HUNK", num_args = 0.., value_delimiter = ',')]
    pub(crate) reject: Option<Vec<String>>,
    /// Bring these rejected hunks back, undecided.
    #[arg(long, group = "mode", value_name = "HUNK", num_args = 0.., value_delimiter = ',')]
    pub(crate) reopen: Option<Vec<String>>,
    /// All hunks of the proposal, instead of naming them.
    #[arg(long, conflicts_with_all = ["list", "file"])]
    pub(crate) all: bool,
    /// Only this file, relative to the workspace; to decide, without naming hunks: all of it.
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<String>,
    /// With --accept, where you changed the same lines: put the agent's text there, or both, yours first.
    #[arg(long, value_name = "WHOSE", requires = "accept", conflicts_with_all = ["list", "reject", "reopen"])]
    pub(crate) resolve: Option<Resolve>,
    /// Refuse hunks that say something else than in this revision of the proposal, as --list --json gave it.
    #[arg(long, value_name = "REVISION", conflicts_with = "list")]
    pub(crate) seen: Option<u64>,
}

/// What is put where a person changed the same lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Resolve {
    /// The agent's text.
    Agent,
    /// What is there, and the agent's text after it.
    Both,
}

impl From<Resolve> for Resolution {
    fn from(resolve: Resolve) -> Self {
        match resolve {
            Resolve::Agent => Self::Agent,
            Resolve::Both => Self::Both,
        }
    }
}

const REVIEW_HELP: &str = "\
On a terminal the review goes from hunk to hunk, a key for each decision; ? shows all keys. Hunks whose lines you \
changed meanwhile, or those beside them, are never accepted by --all or --file: name them.

Examples:
  aca review                          review the newest proposal
  aca review --list                   print it
  aca review t1 --accept h-03d1,h-19  accept two hunks
  aca review t1 --reject --file a.rs  reject what is undecided in a file
  aca review t1 --accept h-19 --resolve both";

/// `aca undo`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aca undo         take back the newest landing\n  aca undo --list  see what can be taken back"
)]
pub(crate) struct UndoArgs {
    /// The operation to take back, or the beginning of its id [default: the newest landing that stands].
    pub(crate) operation: Option<String>,
    /// List the landings and takings back, oldest first, and end.
    #[arg(long, conflicts_with_all = ["operation", "hunk"])]
    pub(crate) list: bool,
    /// Take back only this hunk of it; may be given several times.
    #[arg(long, value_name = "HUNK")]
    pub(crate) hunk: Vec<String>,
}

/// `aca check`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aca check            check all undecided hunks of the newest proposal\n  aca check 4f2a h-19  check one"
)]
pub(crate) struct CheckArgs {
    /// The task: its id, the beginning of it, or words of its title [default: the newest that waits for review].
    pub(crate) task: Option<String>,
    /// The hunks [default: all that are undecided].
    pub(crate) hunks: Vec<String>,
    /// Confirm the project's check command, from now on, and run it.
    #[arg(long)]
    pub(crate) confirm: bool,
}
