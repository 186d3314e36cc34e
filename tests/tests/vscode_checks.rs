//! The tools of the TypeScript and JavaScript folders, each as a test that names what it complains about.

use std::process::{Command, Stdio};

use aca_tests::parts;

/// Runs a script of a folder's `package.json`.
fn check(folder: &str, script: &str) {
    let node = parts::node();
    let programs = node.parent().expect("a program lies in a folder").display();
    let home = tempfile::tempdir().expect("a folder can be made");
    let output = Command::new("npm")
        .current_dir(parts::checkout().join(folder))
        .args(["run", "--silent", script])
        .env_clear()
        .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .expect("npm can be started");
    assert!(
        output.status.success(),
        "`npm run {script}` in {folder} fails:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_extension_has_its_types_right() {
    check("editors/vscode", "typecheck");
}

#[test]
fn the_extension_passes_the_linter() {
    check("editors/vscode", "lint");
}

#[test]
fn the_extension_is_formatted() {
    check("editors/vscode", "format:check");
}

#[test]
fn the_scenarios_have_their_types_right() {
    check("tests/vscode", "typecheck");
}

#[test]
fn the_scenarios_are_formatted() {
    check("tests/vscode", "format:check");
}
