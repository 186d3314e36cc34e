//! Licences, sources, bans and advisories of the dependencies, checked by cargo-deny.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;

use crate::shell::{checkout, parts_dir, run, say, succeeds};

const VERSION: &str = "0.20.2";

/// How long the advisory database may take to arrive, in seconds.
const FETCH_LIMIT: &str = "60";

/// Checks everything that can be checked from here: advisories need their database, which is fetched by git.
///
/// # Errors
///
/// When cargo-deny cannot be had, or it finds something.
pub(crate) fn check() -> Result<ExitCode> {
    let program = program()?;
    run(Command::new(&program).current_dir(checkout()).args([
        "--log-level",
        "warn",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    let fetched = Command::new("timeout")
        .args([
            FETCH_LIMIT.as_ref(),
            program.as_os_str(),
            "fetch".as_ref(),
            "db".as_ref(),
        ])
        .current_dir(checkout())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if fetched.is_ok_and(|status| status.success()) {
        run(Command::new(&program)
            .current_dir(checkout())
            .args(["check", "--disable-fetch", "advisories"]))?;
    } else {
        say("****************************************************************************************");
        say("ADVISORIES WERE NOT CHECKED: the RustSec database cannot be fetched from this machine.");
        say("Run `cargo xtask deny` where its git repository can be reached.");
        say("****************************************************************************************");
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the path of cargo-deny, built into the folder of parts where the machine has none.
fn program() -> Result<std::path::PathBuf> {
    let folder = parts_dir().join("cargo-deny");
    let own = folder.join("bin/cargo-deny");
    if own.is_file() {
        return Ok(own);
    }
    if succeeds(Command::new("cargo-deny").arg("--version")) {
        return Ok("cargo-deny".into());
    }
    say(&format!("building cargo-deny {VERSION}; this takes some minutes once"));
    run(Command::new("cargo")
        .current_dir(std::env::temp_dir())
        .args(["install", "--quiet", "--locked", "--version", VERSION, "--root"])
        .arg(&folder)
        .arg("cargo-deny"))?;
    Ok(own)
}
