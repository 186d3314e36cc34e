//! kakoune-lsp, built from its crate: Debian has Kakoune, but not this.

use std::process::Command;

use anyhow::Result;

use crate::shell::{parts_dir, read, run};

const PACKAGE: &str = "kak-lsp";
const VERSION: &str = "22.0.0";

/// Builds `kak-lsp` in the folder of parts, quickly rather than well.
pub(super) fn install() -> Result<()> {
    let folder = parts_dir().join("kakoune-lsp");
    let program = folder.join("bin").join(PACKAGE);
    let answer = read(Command::new(&program).arg("--version"));
    if answer.is_ok_and(|text| text.ends_with(VERSION)) {
        return Ok(());
    }
    run(Command::new("cargo")
        .args([
            "install",
            PACKAGE,
            "--version",
            VERSION,
            "--locked",
            "--debug",
            "--quiet",
            "--force",
        ])
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .arg("--root")
        .arg(&folder))
}
