//! Proves that the suites can fail: takes one protection out of a copy of the sources at a time, and expects red.
//!
//! `tests/sabotage.toml` names each protection, the edit that removes it, and the test that must then fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::shell::{checkout, read, say, target_dir};
use crate::suite::cargo;

/// What the runner's exit code says when tests have failed, as opposed to a build:
/// <https://nexte.st/docs/running/#exit-codes>.
const TESTS_FAILED: i32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    sabotage: Vec<Sabotage>,
}

/// One protection and how to do without it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sabotage {
    /// What `cargo xtask sabotage NAME` calls it.
    name: String,
    /// The guarantee that the suite proves.
    guarantee: String,
    /// What protects it.
    protection: String,
    /// The source file that is edited, from the top of the checkout.
    file: PathBuf,
    /// The text that is replaced; it occurs there once.
    find: String,
    /// What stands in its place.
    replace: String,
    /// The package whose test must fail.
    package: String,
    /// The test, as the runner filters by name.
    test: String,
}

/// Removes each protection in turn, or the named ones, and expects its test to fail. The table of what happened is the
/// last that is printed.
///
/// # Errors
///
/// When the table of protections cannot be read, or one of them does not fit the sources any more.
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let path = checkout().join("tests/sabotage.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let table: Table = toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
    for name in names {
        let known = table.sabotage.iter().any(|sabotage| sabotage.name == *name);
        ensure!(known, "There is no protection `{name}` in {}", path.display());
    }
    let chosen = || {
        let named = |sabotage: &&Sabotage| names.is_empty() || names.contains(&sabotage.name);
        table.sabotage.iter().filter(named)
    };
    let copy = target_dir().join("sabotage");
    copy_sources(&copy)?;
    for sabotage in chosen() {
        sabotage.sabotaged(&copy)?;
    }
    let mut outcomes = Vec::new();
    for sabotage in chosen() {
        say(&format!("without: {}", sabotage.protection));
        outcomes.push((sabotage, sabotage.turns_red(&copy)?));
    }
    say("");
    for (sabotage, red) in &outcomes {
        let Sabotage {
            name,
            guarantee,
            protection,
            test,
            ..
        } = sabotage;
        let verdict = if *red { "red" } else { "STILL GREEN" };
        say(&format!("{verdict:<12} {guarantee:<3} {name}: {protection} ({test})"));
    }
    let green = outcomes.iter().filter(|(_, red)| !red).count();
    say(&format!(
        "{} protections were removed, {green} of them unnoticed",
        outcomes.len()
    ));
    Ok(if green == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Sabotage {
    /// Returns the sources of the file without the protection.
    fn sabotaged(&self, copy: &Path) -> Result<String> {
        let path = copy.join(&self.file);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let found = text.matches(&self.find).count();
        ensure!(
            found == 1,
            "{}: the text to replace occurs {found} times in {}, not once",
            self.name,
            self.file.display()
        );
        Ok(text.replacen(&self.find, &self.replace, 1))
    }

    /// Whether the test fails without the protection. The copy is as it was afterwards.
    fn turns_red(&self, copy: &Path) -> Result<bool> {
        let path = copy.join(&self.file);
        let text = fs::read_to_string(&path)?;
        fs::write(&path, self.sabotaged(copy)?)?;
        let mut runner = cargo();
        runner.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
        runner.args(["nextest", "run", "--package", &self.package, "--no-tests", "fail"]);
        let output = runner.arg(&self.test).stdin(Stdio::null()).output();
        fs::write(&path, text)?;
        let output = output.context("The runner cannot be started")?;
        match output.status.code() {
            Some(0) => Ok(false),
            Some(TESTS_FAILED) => Ok(true),
            _ => bail!(
                "{}: the suite could not be run: {}",
                self.name,
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}

/// Copies the files that git knows, as they are in the checkout, into `copy`, which keeps a target folder of its own:
/// cargo would take what is built of one checkout for that of another.
fn copy_sources(copy: &Path) -> Result<()> {
    for entry in fs::read_dir(copy).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == "target" => {}
            true => fs::remove_dir_all(&path).with_context(|| format!("{} cannot be removed", path.display()))?,
            false => fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?,
        }
    }
    let mut list = Command::new("git");
    list.current_dir(checkout());
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    for name in read(&mut list)?.lines() {
        let (from, to) = (checkout().join(name), copy.join(name));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        if from.is_file() {
            fs::copy(&from, &to).with_context(|| format!("{} cannot be written", to.display()))?;
        }
    }
    Ok(())
}
