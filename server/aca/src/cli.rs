//! The command line: what can be said, and its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit;
use crate::workspace::FileLine;

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
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve an editor: the language server on stdin and stdout.
    Lsp(LspArgs),
    /// Do something, and wait until it is ready for review.
    Run(RunArgs),
    /// List the tasks of the workspace.
    Status,
    /// Look at a task's hunks and accept or reject them.
    Review(ReviewArgs),
    /// Stop a task.
    Stop(StopArgs),
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
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("mode").multiple(false))]
pub(crate) struct ReviewArgs {
    /// The task, or the beginning of its id [default: the newest that waits for review].
    pub(crate) task: Option<String>,
    /// List the hunks and end.
    #[arg(long, group = "mode")]
    pub(crate) list: bool,
    /// Accept these hunks, or `all`.
    #[arg(long, group = "mode", value_name = "HUNK", num_args = 0.., value_delimiter = ',')]
    pub(crate) accept: Option<Vec<String>>,
    /// Reject these hunks, or `all`.
    #[arg(long, group = "mode", value_name = "HUNK", num_args = 0.., value_delimiter = ',')]
    pub(crate) reject: Option<Vec<String>>,
    /// Only this file, relative to the workspace; with --accept or --reject alone: all its hunks.
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<String>,
}

/// `aca stop`
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// The task, or the beginning of its id [default: the one that is at work].
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
