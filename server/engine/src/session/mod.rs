//! Sessions as a whole: which there are, which one a workspace opens, and how one leaves this data directory and comes
//! into another.
//!
//! Closed sessions are read beside whoever owns them and never changed. What changes one goes through the actor.

mod at_rest;
pub(crate) mod current;
mod export;
mod history;
mod hostile;
mod import;
mod list;
mod package;
pub(crate) mod size;
mod trash;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

pub(crate) use at_rest::{AtRest, Known, changed_ms};
pub(crate) use export::{Source, export};
pub(crate) use import::{Import, import, sweep_imports};
pub(crate) use list::{Listed, list};
pub(crate) use trash::{move_to_trash, take_out_of_trash};

/// Makes a directory, and those above it, that only the user can look into.
fn private_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
