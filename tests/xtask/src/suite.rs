//! The whole test run, the benchmark and the picture, on the real parts, leaving the machine as it was.

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result, ensure};

use crate::clean::Before;
use crate::clean::daemons::{self, Which};
use crate::parts;
use crate::shell::{checkout, parts_dir, run, say, succeeds, target_dir};
use crate::vsix;

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
        say("building aca");
        run(cargo().args(["build", "--quiet", "--package", "aca", "--bin", "aca"]))?;
        say("packing the extension for VS Code");
        vsix::for_tests()?;
        let mut runner = cargo();
        runner.env("ACA_TEST_BIN", target_dir().join("debug/aca"));
        if succeeds(Command::new("cargo").args(["nextest", "--version"])) {
            runner.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        } else {
            runner.args(["test", "--workspace", "--no-fail-fast"]);
        }
        runner.args(arguments);
        Ok(runner)
    })
}

/// Installs the parts, builds `aca` as it is shipped, and prints the figures of `tests/bench`.
///
/// # Errors
///
/// When a part cannot be had or the build fails.
pub(crate) fn bench(arguments: &[String]) -> Result<ExitCode> {
    on_real_parts(|| {
        run(cargo().args(["build", "--release", "--package", "aca", "--bin", "aca"]))?;
        run(cargo().args(["build", "--release", "--package", "aca-tests", "--bins"]))?;
        let mut bench = Command::new(target_dir().join("release/aca-bench"));
        bench
            .env("ACA_TEST_BIN", target_dir().join("release/aca"))
            .args(arguments);
        Ok(bench)
    })
}

/// Installs the parts and draws the pictures of the READMEs anew.
///
/// # Errors
///
/// When a part cannot be had or the build fails.
pub(crate) fn picture() -> Result<ExitCode> {
    on_real_parts(|| {
        run(cargo().args(["build", "--quiet", "--package", "aca", "--bin", "aca"]))?;
        vsix::for_tests()?;
        let mut picture = cargo();
        picture.env("ACA_TEST_BIN", target_dir().join("debug/aca"));
        picture.args(["run", "--quiet", "--package", "aca-tests", "--bin", "aca-picture", "--"]);
        picture.arg(checkout().join("editors"));
        Ok(picture)
    })
}

/// Runs some tests of a package in their long form, of so many rounds. Returns whether all passed.
///
/// # Errors
///
/// When a part cannot be had or the build fails.
pub(crate) fn long(package: &str, tests: &str, rounds: u64) -> Result<bool> {
    let code = on_real_parts(|| {
        run(cargo().args(["build", "--quiet", "--package", "aca", "--bin", "aca"]))?;
        let mut runner = cargo();
        runner.env("ACA_TEST_BIN", target_dir().join("debug/aca"));
        runner.env("ACA_SUITE_ROUNDS", rounds.to_string());
        runner.args([
            "nextest",
            "run",
            "--package",
            package,
            "--profile",
            "long",
            "--no-tests",
            "fail",
            tests,
        ]);
        Ok(runner)
    })?;
    Ok(code == ExitCode::SUCCESS)
}

fn on_real_parts(prepare: impl FnOnce() -> Result<Command>) -> Result<ExitCode> {
    let started = parts::install()?;
    let before = Before::now();
    let outcome = prepare().and_then(|mut command| {
        command
            .env("ACA_TEST_PARTS", parts_dir())
            .status()
            .context("The runner cannot be started")
    });
    before.restore();
    let left = daemons::end(Which::Orphans);
    if let Some(started) = started {
        started.stop();
    }
    ensure!(left == 0, "{left} daemons outlived their tests; they were ended.");
    outcome.map(exit_code)
}

/// Returns cargo in the checkout, without what belongs to the person.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout());
    for (name, _) in std::env::vars_os() {
        if PRIVATE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    ExitCode::from(code)
}
