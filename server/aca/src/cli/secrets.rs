//! What is said about credentials, keys and what is kept with them.

use clap::{Args, Subcommand};

/// `aca login`
#[derive(Debug, Args)]
#[command(after_help = LOGIN_HELP)]
pub(crate) struct LoginArgs {
    /// Read the key from stdin instead of asking for it.
    #[arg(long)]
    pub(crate) stdin: bool,
    /// Keep it in a file that only you can read, and leave the keyring alone.
    #[arg(long)]
    pub(crate) file_only: bool,
}

const LOGIN_HELP: &str = "\
Examples:
  aca login                     ask for the key and store it
  aca login --stdin < key-file  take it from a file";

/// `aca secrets`
#[derive(Debug, Subcommand)]
#[command(after_help = SECRETS_HELP)]
pub(crate) enum SecretsCommand {
    /// Say where the credential and the key of sealed sessions are kept, never what they are.
    #[command(after_help = "Examples:\n  aca secrets status")]
    Status,
    /// Make the key that sessions are sealed with, and print its recovery key, once.
    #[command(after_help = "Examples:\n  aca secrets enable\n  aca secrets enable --file-only  without a keyring")]
    Enable(PlaceArgs),
    /// Put the key of sealed sessions back where the keyring has lost it; the recovery key is read from stdin.
    #[command(
        after_help = "Examples:\n  aca secrets recover                      type it\n  aca secrets recover < recovery-key.txt"
    )]
    Recover(PlaceArgs),
}

const SECRETS_HELP: &str = "\
A sealed session can be read only with its key. What this protects from, and what not, is in the README.

Examples:
  aca secrets status  where everything is kept
  aca secrets enable  make the key";

/// Where a key is kept.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Keep it in a file that only you can read, and leave the keyring alone.
    #[arg(long)]
    pub(crate) file_only: bool,
}

/// `aca exchanges`
#[derive(Debug, Args)]
#[command(after_help = EXCHANGES_HELP)]
pub(crate) struct ExchangesArgs {
    /// The task, or the beginning of its id [default: the newest].
    pub(crate) task: Option<String>,
    /// Show this exchange with everything in it, instead of listing them.
    pub(crate) number: Option<u32>,
    /// The attempt that the number belongs to, or the end of its id [default: the newest that has one].
    #[arg(long, requires = "number")]
    pub(crate) attempt: Option<String>,
}

const EXCHANGES_HELP: &str = "\
Examples:
  aca exchanges         list those of the newest task
  aca exchanges 4f2a    list those of that one
  aca exchanges 4f2a 3  show the third with everything in it";
