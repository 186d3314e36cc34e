//! What is said about credentials, keys and what is kept with them.

use clap::{Args, Subcommand};

/// `aca login`
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Read the key from stdin instead of asking for it.
    #[arg(long)]
    pub(crate) stdin: bool,
    /// Keep it in a file that only you can read, and leave the keyring alone.
    #[arg(long)]
    pub(crate) file_only: bool,
}

/// `aca secrets`
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Say where the credential and the key of sealed sessions are kept, never what they are.
    Status,
    /// Make the key that sessions are sealed with, and print its recovery key, once.
    Enable(PlaceArgs),
    /// Put the key of sealed sessions back where the keyring has lost it; the recovery key is read from stdin.
    Recover(PlaceArgs),
}

/// Where a key is kept.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Keep it in a file that only you can read, and leave the keyring alone.
    #[arg(long)]
    pub(crate) file_only: bool,
}

/// `aca exchanges`
#[derive(Debug, Args)]
pub(crate) struct ExchangesArgs {
    /// The task, or the beginning of its id [default: the newest].
    pub(crate) task: Option<String>,
    /// Show this exchange with everything in it, instead of listing them.
    pub(crate) number: Option<u32>,
    /// The attempt that the number belongs to, or the end of its id [default: the newest that has one].
    #[arg(long, requires = "number")]
    pub(crate) attempt: Option<String>,
}
