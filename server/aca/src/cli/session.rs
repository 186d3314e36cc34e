//! What can be said about sessions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `aca session`
#[derive(Debug, Subcommand)]
#[command(after_help = SESSION_HELP)]
pub(crate) enum SessionCommand {
    /// List all sessions, those of other workspaces included, the newest first.
    #[command(after_help = "Examples:\n  aca session list")]
    List,
    /// Show a session: its tasks, its attempts, and what they used.
    #[command(after_help = "Examples:\n  aca session show       the workspace's\n  aca session show 5f0c  that one")]
    Show(OptionalSession),
    /// Have its workspace open this session from now on, in the place of the one that is open there.
    #[command(after_help = "Examples:\n  aca session use greetings")]
    Use(NamedSession),
    /// Give a session a name, or take it away.
    #[command(
        after_help = "Examples:\n  aca session rename greetings\n  aca session rename --session 5f0c  take its name away"
    )]
    Rename(RenameArgs),
    /// Move a session to the trash. One with something unreviewed or lost in it has to be forced.
    #[command(after_help = "Examples:\n  aca session delete 5f0c")]
    Delete(DeleteArgs),
    /// Bring a deleted session back.
    #[command(after_help = "Examples:\n  aca session undelete 5f0c")]
    Undelete(UndeleteArgs),
    /// Write a session to a new directory that another machine can take in.
    Export(ExportArgs),
    /// Take an exported session in, for this workspace.
    Import(ImportArgs),
}

const SESSION_HELP: &str = "\
A session is named by its name, its id, or a beginning of its id that only one has. Each workspace opens one session, \
the current one, marked by * in the list.

Examples:
  aca session rename greetings
  aca session delete 5f0c
  aca export ~/greetings                     the workspace's session
  aca session export ~/other --session 91ab  another one
  aca import /media/stick/greetings          on the other machine, in the project's directory";

/// A session that has to be named.
#[derive(Debug, Args)]
pub(crate) struct NamedSession {
    /// The session: its name, its id, or the beginning of its id.
    pub(crate) session: String,
}

/// A session that need not be named.
#[derive(Debug, Args)]
pub(crate) struct OptionalSession {
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    pub(crate) session: Option<String>,
}

/// `aca session rename`
#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The name; none takes it away.
    pub(crate) name: Option<String>,
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    #[arg(long)]
    pub(crate) session: Option<String>,
}

/// `aca session delete`
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The session: its name, its id, or the beginning of its id.
    pub(crate) session: String,
    /// Delete it although something in it is unreviewed or lost.
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `aca session undelete`
#[derive(Debug, Args)]
pub(crate) struct UndeleteArgs {
    /// The session's id, or the beginning of it.
    pub(crate) session: String,
}

/// `aca export`, `aca session export`
#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct ExportArgs {
    /// The directory to make.
    pub(crate) dir: PathBuf,
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    #[arg(long)]
    pub(crate) session: Option<String>,
}

const EXPORT_HELP: &str = "\
Secrets are taken out of everything that is text; meta/redactions.json in the directory says where. The content of the \
project's own files, in file_changes/objects.pack, is as it is. An export is not encrypted, even if the session is.

Examples:
  aca export ~/greetings             the workspace's session
  aca export ~/other --session 91ab  another one";

/// `aca import`, `aca session import`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aca import /media/stick/greetings  in the project's directory")]
pub(crate) struct ImportArgs {
    /// The exported directory.
    pub(crate) dir: PathBuf,
}
