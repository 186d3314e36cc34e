//! VS Code as a server: the newest version that the extension must still work with, from npm, where `code-server`
//! carries it. Only VS Code's own server is taken out of that package; what `code-server` adds is left behind.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::node;
use crate::shell::{parts_dir, read, run, which};

/// The version of `code-server` that carries VS Code 1.100.3.
const VERSION: &str = "4.100.3";

/// Where the server lies in the package.
const IN_PACKAGE: &str = "package/lib/vscode";

/// Installs the server, with the one native module it cannot log without.
pub(super) fn install() -> Result<()> {
    let folder = parts_dir().join("vscode");
    // Native modules fit one major version of Node.
    let wanted = format!("{VERSION} {}", node::major()?);
    let stamp = folder.join("version");
    if fs::read_to_string(&stamp).is_ok_and(|version| version == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let server = folder.join("server");
    fs::create_dir_all(&server)?;
    unpack(&folder, &server)?;
    run(node::npm(&server).args(["install", "--omit=dev", "--ignore-scripts"]))?;
    run(node::npm(&server).args(["rebuild", "@vscode/spdlog"]))
        .context("VS Code's native module for logs cannot be built; it needs g++, make and python3")?;
    link_ripgrep(&server)?;
    // Some of its code looks for its modules where the desktop's package keeps them.
    symlink("node_modules", server.join("node_modules.asar"))?;
    fs::write(stamp, wanted)?;
    Ok(())
}

fn unpack(folder: &Path, server: &Path) -> Result<()> {
    let package = format!("code-server@{VERSION}");
    let archive = read(node::npm(folder).args(["pack", "--silent", &package]))?;
    let archive = folder.join(archive);
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(server)
        .args(["--strip-components=3", IN_PACKAGE]))?;
    fs::remove_file(archive)?;
    Ok(())
}

/// The search's program is Debian's: the npm package would download one.
fn link_ripgrep(server: &Path) -> Result<()> {
    let program: PathBuf = which("rg").context("There is no `rg`; install Debian's ripgrep")?;
    let folder = server.join("node_modules/@vscode/ripgrep/bin");
    fs::create_dir_all(&folder)?;
    symlink(program, folder.join("rg"))?;
    Ok(())
}
