//! Node packages of the checkout: those of the VS Code extension, and those that drive VS Code in tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::shell::{checkout, read, run};

/// The folders with a `package.json` and a lock file of their own.
const FOLDERS: &[&str] = &["editors/vscode", "tests/vscode", "tests/nvim"];

/// Installs what the lock files name, where that has not been done since they were last changed.
pub(super) fn install() -> Result<()> {
    for name in FOLDERS {
        let folder = checkout().join(name);
        if !is_current(&folder) {
            run(npm(&folder).args(["ci", "--ignore-scripts"]))
                .with_context(|| format!("The Node packages of {name} cannot be installed"))?;
        }
    }
    Ok(())
}

/// Whether npm has written its own list of what is installed since the lock file was written.
fn is_current(folder: &Path) -> bool {
    let written = |file: &str| -> Option<SystemTime> { fs::metadata(folder.join(file)).ok()?.modified().ok() };
    let installed = written("node_modules/.package-lock.json");
    installed.is_some() && installed >= written("package-lock.json")
}

/// Returns npm, to be run in a folder, quietly, with two processors and the headers of this machine's Node.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder)
        .args(["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"])
        .env("JOBS", "2");
    if let Some(prefix) = headers() {
        npm.env("npm_config_nodedir", prefix);
    }
    npm
}

/// Returns Node's major version.
pub(super) fn major() -> Result<String> {
    node("process.versions.node.split('.')[0]")
}

/// Returns the folder with Node's headers, if it has them beside its program; else they are downloaded.
fn headers() -> Option<PathBuf> {
    let program = PathBuf::from(node("process.execPath").ok()?);
    let prefix = program.parent()?.parent()?;
    prefix.join("include/node/node.h").is_file().then(|| prefix.to_owned())
}

fn node(expression: &str) -> Result<String> {
    read(Command::new("node").args(["--print", expression]))
}
