//! What is said to serve editors and to keep aca in order.

use clap::{Args, Subcommand};

/// `aca lsp`
#[derive(Debug, Args)]
#[command(after_help = LSP_HELP)]
pub(crate) struct LspArgs {
    /// Accepted because editors pass it; stdio is the only transport.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

const LSP_HELP: &str = "\
Editors start it, for example Neovim: vim.lsp.config('aca', { cmd = { 'aca', 'lsp' } })

Examples:
  aca lsp
  aca lsp --in-process  serve this editor alone, without a daemon";

/// `aca image`
#[derive(Debug, Subcommand)]
#[command(after_help = IMAGE_HELP)]
pub(crate) enum ImageCommand {
    /// Build the image, and install Claude Code if there is none.
    #[command(after_help = IMAGE_HELP)]
    Build,
}

const IMAGE_HELP: &str = "\
Examples:
  aca image build";

/// `aca config`
#[derive(Debug, Args)]
#[command(after_help = CONFIG_HELP)]
pub(crate) struct ConfigArgs {
    /// Print the commented file of all defaults instead.
    #[arg(long = "default")]
    pub(crate) default_file: bool,
    /// Print the settings that an editor may send, as the properties of a JSON schema.
    #[arg(long, conflicts_with = "default_file")]
    pub(crate) schema: bool,
}

const CONFIG_HELP: &str = "\
Examples:
  aca config                       every setting, and where it is from
  aca config --default > aca.toml  begin a file of your own";

/// `aca demo`
#[derive(Debug, Args)]
#[command(after_help = DEMO_HELP)]
pub(crate) struct DemoArgs {
    /// Use the embedded pair (a confined process and aca's own agent loop) even where a container engine answers.
    #[arg(long)]
    pub(crate) embedded: bool,
}

const DEMO_HELP: &str = "\
Examples:
  aca demo
  aca demo --embedded  without a container engine";

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
