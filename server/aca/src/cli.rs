//! The command line: what can be said, and its help. The arguments of each command are in the file of its group.

mod checkpoint;
mod daemon;
mod help;
mod house;
mod look;
mod resume;
mod review;
mod secrets;
mod session;
mod start;
mod upkeep;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit;

pub(crate) use checkpoint::CheckpointCommand;
pub(crate) use daemon::{DaemonCommand, LogsArgs};
pub(crate) use help::command;
pub(crate) use house::{AuditCommand, AuditExportArgs, AuditShowArgs, AuditVerifyArgs, By, CleanupArgs, UsageArgs};
pub(crate) use look::{AttachArgs, ShowArgs, TopArgs};
pub(crate) use resume::ResumeArgs;
pub(crate) use review::{CheckArgs, ReviewArgs, UndoArgs};
pub(crate) use secrets::{ExchangesArgs, LoginArgs, SecretsCommand};
pub(crate) use session::{DeleteArgs, ExportArgs, ImportArgs, NamedSession, RenameArgs, SessionCommand, UndeleteArgs};
pub(crate) use start::{RunArgs, SendBackArgs, TaskArgs, TellArgs};
pub(crate) use upkeep::{CompletionsArgs, ConfigArgs, DemoArgs, ImageCommand, LspArgs};

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
    #[command(after_help = "Examples:\n  aca status\n  aca status --json  for programs")]
    Status,
    /// Watch a task: what its agent says and does, live; type to steer it.
    Attach(AttachArgs),
    /// Show all about a task: origin, rounds, hunks, landings, what is next.
    Show(ShowArgs),
    /// Watch everything that is at work or waits for you, in all workspaces.
    Top(TopArgs),
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
    #[command(after_help = "Examples:\n  aca pause 4f2a\n  aca resume 4f2a  let it go on")]
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
    ///
    /// What its agent did so far is kept: `aca resume` goes on from it.
    #[command(after_help = "Examples:\n  aca stop       the only task at work\n  aca stop 4f2a  that one")]
    Stop(TaskArgs),
    /// Points that the workspace's session can go back to.
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// The sessions: the tasks of a workspace with their history.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Write the workspace's session to a new directory that another machine can take in.
    Export(ExportArgs),
    /// Take an exported session in, for this workspace.
    Import(ImportArgs),
    /// What was recorded of a session: who asked, what ran, which files, which requests, which decisions.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What was used of the models, in tokens and money.
    Usage(UsageArgs),
    /// Show what takes space and could go, and remove what you choose.
    Cleanup(CleanupArgs),
    /// What was asked of the model for a task, and what it answered, without secrets.
    Exchanges(ExchangesArgs),
    /// Store the API key: in the keyring, or in a file that only you can read where no keyring answers.
    Login(LoginArgs),
    /// Remove the stored API key.
    #[command(after_help = "Examples:\n  aca logout")]
    Logout,
    /// Where secrets are kept, and the key that sessions are sealed with.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Test everything aca needs and say how to mend what is missing.
    ///
    /// The exit code is 3 if a task could not run like this.
    #[command(after_help = DOCTOR_HELP)]
    Doctor,
    /// The image that sandboxes are made from.
    #[command(subcommand)]
    Image(ImageCommand),
    /// Print what a shell needs to complete commands and options.
    Completions(CompletionsArgs),
    /// Print the settings, each with its origin.
    Config(ConfigArgs),
    /// Show the whole loop on an example, with a recorded model: no key, no network.
    Demo(DemoArgs),
}

const DOCTOR_HELP: &str = "\
With --json the result is { version, ok, checks }: the version of aca, whether a task could run, and the checks in their
order. Each is { name, state, found, mend }: the state is good, warning (it works, but not as well as it could) or missing
(no task can run); mend says what to do, where there is something to do. Names are settings, data directory, data kept,
daemon, git, file watching, engine, image, sandbox, Claude Code, credential, sealing and strays. A check of what is not
used is left out, and a name can come several times. What an editor has set for its own windows does not count here: the
doctor reads the settings files, and `aca config` shows what counts while the editor is open.

Examples:
  aca doctor
  aca doctor --json  for programs";

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
            ("aca checkpoint list --json", true),
            ("aca checkpoint create", true),
            ("aca checkpoint create lunch", true),
            ("aca checkpoint diff c-1", true),
            ("aca checkpoint restore c-1", true),
            ("aca checkpoint restore", false),
            ("aca checkpoint", false),
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
            ("aca run --file - --detach", true),
            ("aca run text --file x", false),
            ("aca show", true),
            ("aca show t1 t2 --json", true),
            ("aca completions bash", true),
            ("aca completions", false),
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
            ("aca attach", true),
            ("aca top --once --json", true),
            ("aca attach t1 --no-follow --json", true),
            ("aca attach t1 --round 2", true),
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
            ("aca session list --json", true),
            ("aca session show", true),
            ("aca session show 5f0c", true),
            ("aca session use", false),
            ("aca session use greetings", true),
            ("aca session rename greetings --session 5f0c", true),
            ("aca session delete", false),
            ("aca session delete 5f0c --force --yes", true),
            ("aca session undelete 5f0c", true),
            ("aca session export /tmp/x --session 5f0c", true),
            ("aca session", false),
            ("aca export /tmp/x", true),
            ("aca export", false),
            ("aca import /tmp/x --workspace /tmp", true),
            ("aca audit", false),
            ("aca audit show --task t1 --follow", true),
            ("aca audit verify", true),
            ("aca audit verify --file x --session s", false),
            ("aca audit export --to x --session s", true),
            ("aca usage", true),
            ("aca usage --since 7d --by model --json", true),
            ("aca usage --since 2026-01-31 --by week", false),
            ("aca usage --since soon", false),
            ("aca cleanup", true),
            ("aca cleanup log:a trash:b --yes", true),
            ("aca cleanup --all-proposed", true),
            ("aca cleanup log:a --all-proposed", false),
            ("aca cleanup --all --yes", false),
            ("aca exchanges", true),
            ("aca exchanges t1 3 --attempt a2 --json", true),
            ("aca exchanges t1 --attempt a2", false),
            ("aca login --stdin --file-only", true),
            ("aca login sk-ant-key", false),
            ("aca logout", true),
            ("aca secrets", false),
            ("aca secrets status --json", true),
            ("aca secrets enable --file-only", true),
            ("aca secrets recover", true),
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
        let help = command().render_help().to_string();
        for code in [0, 1, 2, 3, 4, 5, 130] {
            assert!(help.contains(&format!("{code:>5}  ")), "{code} is missing in:\n{help}");
        }
    }
}
