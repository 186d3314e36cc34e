//! Claude Code from npm, and the Rust target for static binaries.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{parts_dir, read, run};

const CLAUDE_PACKAGE: &str = "@anthropic-ai/claude-code";
const CLAUDE_VERSION: &str = "2.1.197";
const MUSL: &str = "x86_64-unknown-linux-musl";

/// Installs Claude Code as `claude` in its folder of parts. It is never run here: a container is its place.
pub(super) fn claude() -> Result<()> {
    let folder = parts_dir().join("claude");
    let link = folder.join("claude");
    let stamp = folder.join("version");
    if link.is_file() && fs::read_to_string(&stamp).is_ok_and(|version| version == CLAUDE_VERSION) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    run(Command::new("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
            "--prefix",
        ])
        .arg(&folder)
        .arg(format!("{CLAUDE_PACKAGE}@{CLAUDE_VERSION}")))?;
    let native = PathBuf::from("node_modules")
        .join(format!("{CLAUDE_PACKAGE}-linux-{}", npm_arch()?))
        .join("claude");
    if !folder.join(&native).is_file() {
        bail!("npm installed {CLAUDE_PACKAGE} without its program for this machine; optional dependencies must be on");
    }
    let _ = fs::remove_file(&link);
    symlink(&native, &link)?;
    fs::write(stamp, CLAUDE_VERSION)?;
    Ok(())
}

/// Adds the Rust target of `aca-agent`.
pub(super) fn musl_target() -> Result<()> {
    let toolchain = read(Command::new("rustc").args(["--print", "target-libdir", "--target", MUSL]))?;
    if PathBuf::from(toolchain).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", MUSL]))
        .with_context(|| format!("The standard library for {MUSL} is missing"))
}

fn npm_arch() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x64"),
        "aarch64" => Ok("arm64"),
        other => bail!("Claude Code is not published for {other}"),
    }
}
