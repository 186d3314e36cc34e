//! The whole test run and the benchmark, on the real parts, leaving the machine as it was.

use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};

use crate::clean::Before;
use crate::parts;
use crate::shell::{checkout, parts_dir, run, say, succeeds, target_dir};

/// Environment variables with these beginnings belong to the person, never to a test.
const PRIVATE: &[&str] = &["ANTHROPIC_", "CLAUDE_", "ACA_"];

/// Installs the parts, builds `aca`, runs every test with `arguments` for the runner, and cleans up.
/// The runner's closing lines are the last that is printed; its exit code is returned.
///
/// # Errors
///
/// When a part cannot be had or the build fails.
pub(crate) fn test(arguments: &[String]) -> Result<ExitCode> {
    on_real_parts(|| {
        let mut runner = cargo();
        if succeeds(Command::new("cargo").args(["nextest", "--version"])) {
            runner.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        } else {
            runner.args(["test", "--workspace", "--no-fail-fast"]);
        }
        runner.args(arguments);
        runner
    })
}

/// Installs the parts, builds `aca` as it is shipped, and prints the figures of `tests/bench`.
///
/// # Errors
///
/// When a part cannot be had or the build fails.
pub(crate) fn bench(arguments: &[String]) -> Result<ExitCode> {
    run(cargo().args(["build", "--release", "--package", "aca", "--bin", "aca"]))?;
    on_real_parts(|| {
        let mut bench = cargo();
        bench.env("ACA_TEST_BIN", target_dir().join("release/aca"));
        bench.args([
            "run",
            "--release",
            "--quiet",
            "--package",
            "aca-bench",
            "--bin",
            "aca-bench",
            "--",
        ]);
        bench.args(arguments);
        bench
    })
}

fn on_real_parts(command: impl FnOnce() -> Command) -> Result<ExitCode> {
    let started = parts::install()?;
    let before = Before::now();
    let outcome = build().and_then(|binary| {
        let mut command = command();
        if !command.get_envs().any(|(name, _)| name == "ACA_TEST_BIN") {
            command.env("ACA_TEST_BIN", binary);
        }
        command.env("ACA_TEST_PARTS", parts_dir());
        command.status().context("`cargo` cannot be started")
    });
    before.restore();
    if let Some(started) = started {
        started.stop();
    }
    outcome.map(exit_code)
}

fn build() -> Result<PathBuf> {
    say("building aca");
    run(cargo().args(["build", "--quiet", "--package", "aca", "--bin", "aca"]))?;
    Ok(target_dir().join("debug/aca"))
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout());
    for (name, _) in std::env::vars_os() {
        if PRIVATE
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    ExitCode::from(code)
}
