//! Debian packages: the container engine, the tool that makes its base image, a C compiler for static binaries, what VS Code
//! needs, other editors, and what tests of the workspace work with.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{as_root, run, which};

/// A program that must be there, and the package that brings it.
const NEEDED: &[(&str, &str)] = &[
    ("dockerd", "docker.io"),
    ("docker", "docker.io"),
    ("iptables", "iptables"),
    ("debootstrap", "debootstrap"),
    ("musl-gcc", "musl-tools"),
    ("cc", "gcc"),
    ("git", "git"),
    ("python3", "python3"),
    ("npm", "npm"),
    ("unshare", "util-linux"),
    ("tmux", "tmux"),
    ("strace", "strace"),
    ("mkfs.ext4", "e2fsprogs"),
    ("vim", "vim"),
    ("dbus-daemon", "dbus-daemon"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("chromium", "chromium"),
    ("g++", "g++"),
    ("make", "make"),
    ("rg", "ripgrep"),
    ("emacs", "emacs-nox"),
    ("kak", "kakoune"),
    ("faketime", "faketime"),
];

/// Where Debian puts the plugin for Vim.
const ALE: &str = "/usr/share/vim/vimfiles/pack/dist-bundle/opt/ale";

/// Installs the packages whose programs are missing, `python3-venv` where Python cannot make an environment, `elpa-eglot`
/// where Emacs does not bring its own, and the plugin for Vim.
pub(super) fn install() -> Result<()> {
    let mut packages: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| which(program).is_none())
        .map(|(_, package)| *package)
        .collect();
    if !can_make_environments() {
        packages.push("python3-venv");
    }
    if !emacs_has_eglot() {
        packages.push("elpa-eglot");
    }
    if !Path::new(ALE).exists() {
        packages.push("vim-ale");
    }
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    if !Path::new("/etc/debian_version").exists() {
        bail!(
            "This machine is not Debian; install what Debian calls {} yourself and try again",
            packages.join(", ")
        );
    }
    run(as_root("apt-get").args(["update", "-qq"])).context("The package lists cannot be refreshed")?;
    run(as_root("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&packages))
}

fn emacs_has_eglot() -> bool {
    crate::shell::succeeds(std::process::Command::new("emacs").args(["--batch", "--eval", "(require 'eglot)"]))
}

fn can_make_environments() -> bool {
    let probe = "import ensurepip, venv";
    crate::shell::succeeds(std::process::Command::new("python3").args(["-c", probe]))
}
