//! What is said to serve editors and to keep aca in order.

use clap::{Args, Subcommand};

/// `aca lsp`
#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// Accepted because editors pass it; stdio is the only transport.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
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

/// `aca completions`
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  aca completions bash > ~/.local/share/bash-completion/completions/aca
  aca completions zsh > ~/.zfunc/_aca     with ~/.zfunc in fpath
  aca completions fish > ~/.config/fish/completions/aca.fish";
