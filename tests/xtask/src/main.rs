//! Development tasks: the real parts the tests need, the whole test run, the benchmark, the picture.
//!
//! `cargo xtask parts` installs and starts what is missing, `cargo xtask test [ARGS]` does that and runs every test,
//! `cargo xtask bench` measures, `cargo xtask sabotage` proves that the suites can fail, `cargo xtask torture` runs them for
//! hours, `cargo xtask picture` draws the README's pictures, `cargo xtask vsix` packs the extension for VS Code, `cargo xtask
//! vscode-settings` writes the server's settings into its manifest, `cargo xtask deny` checks licences, sources, bans and
//! advisories, `cargo xtask clean` removes what tests may have left behind and stops the container engine if this program
//! started it.

mod clean;
mod deny;
mod parts;
mod sabotage;
mod shell;
mod suite;
mod torture;
mod vscode_settings;
mod vsix;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::shell::say;

const USAGE: &str = "usage: cargo xtask <parts | test [ARGS..] | bench [ARGS..] | sabotage [NAME..] | torture [NAME..] | picture | vsix [--target T] [--universal] | vscode-settings [--check] | deny | clean>";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        bail!("Say what to do.\n{USAGE}");
    };
    match command.as_str() {
        "parts" => parts::install().map(|_| ExitCode::SUCCESS),
        "test" => suite::test(rest),
        "bench" => suite::bench(rest),
        "picture" => suite::picture(),
        "vsix" => vsix::pack(rest),
        "vscode-settings" => vscode_settings::write(rest),
        "torture" => torture::run(rest),
        "sabotage" => sabotage::run(rest),
        "deny" => deny::check(),
        "clean" => clean::everything().map(|()| ExitCode::SUCCESS),
        other => bail!("`{other}` is not a task.\n{USAGE}"),
    }
}
