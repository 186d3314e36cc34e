//! The long runs of the suites that prove the guarantees, as `tests/torture.toml` names them.

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::shell::{checkout, say};
use crate::suite;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    suite: Vec<Suite>,
}

/// One suite and how long it runs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    /// What `cargo xtask torture NAME` calls it.
    name: String,
    /// The package it is in.
    package: String,
    /// The tests, as the runner filters by name.
    test: String,
    /// How often they do what they do.
    rounds: u64,
}

/// Runs every suite in turn, or the named ones, each in its long form, and prints how each went.
///
/// # Errors
///
/// When the table cannot be read, a part cannot be had or the build fails.
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let path = checkout().join("tests/torture.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let table: Table = toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
    for name in names {
        let known = table.suite.iter().any(|suite| suite.name == *name);
        ensure!(known, "There is no suite `{name}` in {}", path.display());
    }
    let mut failed = 0;
    let mut lines = Vec::new();
    for suite in table.suite {
        if !names.is_empty() && !names.contains(&suite.name) {
            continue;
        }
        let begun = Instant::now();
        let passed = suite::long(&suite.package, &suite.test, suite.rounds)?;
        failed += u32::from(!passed);
        let verdict = if passed { "passed" } else { "FAILED" };
        let minutes = begun.elapsed().as_secs_f64() / 60.0;
        lines.push(format!(
            "{verdict} {}: {} rounds, {minutes:.1} minutes",
            suite.name, suite.rounds
        ));
    }
    lines.iter().for_each(|line| say(line));
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
