//! The command line: what can be said, and its help.

mod daemon;
mod resume;

use std::path::PathBuf;

use aca_protocol::proposal::Resolution;
use clap::{Args, Parser, Subcommand};

use crate::exit;
use crate::workspace::FileLine;

pub(crate) use daemon::{DaemonCommand, LogsArgs};
pub(crate) use resume::ResumeArgs;

/// The automatic coding agent: TODO comments and instructions become reviewed changes.
///
/// Each task is done by an agent inside a sandbox. Nothing of it enters your files before you accept it.
#[derive(Debug, Parser)]
#[command(name = "aca", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Print one JSON object on stdout; its shape is that of the protocol (protocol/README.md).
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log more, in logs/aca.log of the data directory; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// The workspace [default: the root of the git repository around the current directory, else that directory].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Host the engine in this process, without a daemon: what runs stands still when it ends.
    #[arg(long, global = true)]
    pub(crate) in_process: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve an editor: the language server on stdin and stdout.
    Lsp(LspArgs),
    /// The background process that does the work; it starts and ends by itself.
    #[command(subcommand)]
    Daemon(DaemonCommand),
    /// Do something, and wait until it is ready for review.
    Run(RunArgs),
    /// List the tasks of the workspace.
    Status,
    /// Look at a task's hunks and accept or reject them.
    Review(ReviewArgs),
    /// Take back a landing; what you typed since stays.
    ///
    /// Its hunks are undecided again. The taking back can be taken back too: name it, and the hunks have landed again.
    Undo(UndoArgs),
    /// Send a proposal back to its agent with a remark, and wait for the next round.
    ///
    /// The agent's conversation goes on, in files as they are now: what landed is in them, what was rejected is gone.
    #[command(name = "send-back")]
    SendBack(SendBackArgs),
    /// Tell a running agent something; it reads it when it comes to it.
    Tell(TellArgs),
    /// Hold a running agent where it is.
    Pause(TaskArgs),
    /// Have a task go on that stands still: a held agent, or one that was stopped, failed or is lost.
    ///
    /// An agent that brought nothing goes on from what was found of its work, in your files as they are now, with its
    /// conversation. Without a task, what waits for a decision is listed, each with the commands that decide it.
    Resume(ResumeArgs),
    /// Run the project's check in a sandbox, on your files with a task's hunks in them.
    ///
    /// Nothing of it enters your files. The check command is run only once a person has confirmed it. The exit code is 0 if
    /// the check passes, 1 if it fails and 3 if it could not be run.
    Check(CheckArgs),
    /// Stop a task.
    Stop(TaskArgs),
    /// Test everything aca needs and say how to mend what is missing.
    Doctor,
    /// The image that sandboxes are made from.
    #[command(subcommand)]
    Image(ImageCommand),
    /// Print the settings, each with its origin.
    Config(ConfigArgs),
    /// Show the whole loop on an example, with a recorded model: no key, no network.
    Demo(DemoArgs),
}

/// `aca lsp`
#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// Accepted because editors pass it; stdio is the only transport.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

/// `aca run`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct RunArgs {
    /// What to do.
    #[arg(group = "what")]
    pub(crate) text: Option<String>,
    /// Do the TODO comment at this line, counted from one.
    #[arg(long, group = "what", value_name = "FILE:LINE")]
    pub(crate) todo: Option<FileLine>,
}

/// `aca review`
#[derive(Debug, Default, Args)]
#[command(group = clap::ArgGroup::new("mode").multiple(false), after_help = REVIEW_HELP)]
pub(crate) struct ReviewArgs {
    /// The task, or the beginning of its id [default: the newest that waits for review].
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
On a terminal the review goes from hunk to hunk, a key for each decision; ? shows all keys. Hunks whose lines you
changed meanwhile, or those beside them, are never accepted by --all or --file: name them.

Examples:
  aca review                          review the newest proposal
  aca review --list                   print it
  aca review t1 --accept h-03d1,h-19  accept two hunks
  aca review t1 --reject --file a.rs  reject what is undecided in a file
  aca review t1 --accept h-19 --resolve both";

/// `aca undo`
#[derive(Debug, Args)]
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

/// `aca send-back`
#[derive(Debug, Args)]
pub(crate) struct SendBackArgs {
    /// The task, or the beginning of its id.
    pub(crate) task: String,
    /// What the agent is told.
    #[arg(required_unless_present = "redo", default_value = "", hide_default_value = true)]
    pub(crate) remark: String,
    /// Have this hunk made again on your files as they are; may be given several times.
    #[arg(long, value_name = "HUNK")]
    pub(crate) redo: Vec<String>,
}

/// `aca tell`
#[derive(Debug, Args)]
pub(crate) struct TellArgs {
    /// The task, or the beginning of its id.
    pub(crate) task: String,
    /// What to tell its agent.
    pub(crate) text: String,
}

/// `aca check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The task, or the beginning of its id [default: the newest that waits for review].
    pub(crate) task: Option<String>,
    /// The hunks [default: all that are undecided].
    pub(crate) hunks: Vec<String>,
    /// Confirm the project's check command, from now on, and run it.
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// `aca stop`, `aca pause`, `aca resume`
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    /// The task, or the beginning of its id [default: the newest that it fits].
    pub(crate) task: Option<String>,
}

/// `aca image`
#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Build the image, and install Claude Code if there is none.
    Build,
}

/// `aca config`
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print the commented file of all defaults instead.
    #[arg(long = "default")]
    pub(crate) default_file: bool,
}

/// `aca demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Use the embedded pair (a confined process and aca's own agent loop) even where a container engine answers.
    #[arg(long)]
    pub(crate) embedded: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_can_be_said() {
        for (line, accepted) in [
            ("aca lsp", true),
            ("aca lsp --stdio", true),
            ("aca lsp --in-process", true),
            ("aca daemon run", true),
            ("aca daemon", false),
            ("aca run text", true),
            ("aca run --todo src/a.rs:3", true),
            ("aca run", false),
            ("aca run text --todo src/a.rs:3", false),
            ("aca run --todo src/a.rs", false),
            ("aca run --todo src/a.rs:0", false),
            ("aca review", true),
            ("aca review t1 --accept all", true),
            ("aca review t1 --accept h1,h2 --json", true),
            ("aca review t1 --accept h1 --reject h2", false),
            ("aca review --list --file src/a.rs", true),
            ("aca review t1 --accept --all --resolve both", true),
            ("aca review t1 --accept h1 --resolve mine", false),
            ("aca review t1 --reject h1 --resolve both", false),
            ("aca review t1 --reopen h1 --seen 3", true),
            ("aca review --list --all", false),
            ("aca undo", true),
            ("aca undo o1 --hunk h1 --hunk h2", true),
            ("aca undo o1 --list", false),
            ("aca send-back t1", false),
            ("aca send-back t1 again", true),
            ("aca send-back t1 --redo h1", true),
            ("aca tell t1", false),
            ("aca tell t1 words", true),
            ("aca pause", true),
            ("aca resume t1", true),
            ("aca resume --take", true),
            ("aca resume t1 --again --take", false),
            ("aca check", true),
            ("aca check t1 h1 h2 --confirm", true),
            ("aca stop", true),
            ("aca --json status", true),
            ("aca status --workspace /tmp -vv", true),
            ("aca image build", true),
            ("aca image", false),
            ("aca config --default", true),
            ("aca demo --embedded", true),
            ("aca unknown", false),
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert_eq!(parsed.is_ok(), accepted, "{line}: {parsed:?}");
        }
    }

    #[test]
    fn a_wrong_command_line_exits_with_the_documented_code() {
        let error = Cli::try_parse_from(["aca", "unknown"]).unwrap_err();
        assert_eq!(error.exit_code(), exit::Exit::Usage as i32);
    }

    #[test]
    fn help_lists_every_exit_code() {
        let help = Cli::command().render_help().to_string();
        for code in [0, 1, 2, 3, 4, 5, 130] {
            assert!(help.contains(&format!("{code:>5}  ")), "{code} is missing in:\n{help}");
        }
    }
}
