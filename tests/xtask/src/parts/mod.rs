//! The real parts that the tests need. Each is installed only where it is missing, and nothing is stored outside the
//! checkout except what the Debian package manager and the container engine keep.

mod base;
mod debian;
pub(crate) mod engine;
mod helix;
mod kakoune;
mod node;
mod nvim;
mod programs;
mod vscode;

use anyhow::{Context, Result};

pub(crate) use self::node::npm;
use crate::shell::say;

/// Installs and starts every part. Returns the container engine if this call started it.
///
/// # Errors
///
/// When a part cannot be had; the message names it. Parts that were installed before stay.
pub(crate) fn install() -> Result<Option<engine::Started>> {
    part("Debian packages", debian::install)?;
    let started = part("container engine", engine::start)?;
    let rest = || -> Result<()> {
        part("base image", base::build)?;
        part("Claude Code", programs::claude)?;
        part("Neovim", nvim::install)?;
        part("Helix", helix::install)?;
        part("kakoune-lsp", kakoune::install)?;
        part("VS Code", vscode::install)?;
        part("Node packages", node::install)?;
        part("static Rust target", programs::musl_target)
    };
    match rest() {
        Ok(()) => Ok(started),
        Err(error) => {
            if let Some(started) = started {
                started.stop();
            }
            Err(error)
        }
    }
}

/// Installs only the Node packages.
///
/// # Errors
///
/// When they cannot be had.
pub(crate) fn node_packages() -> Result<()> {
    part("Node packages", node::install)
}

fn part<T>(name: &str, install: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("part: {name}"));
    install().with_context(|| format!("The part \"{name}\" cannot be had"))
}
