//! Helix, from a Debian newer than the one the other parts come from, with the C library it was built for beside it.
//! Nothing of it is installed in the system.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::base::mirror;
use crate::shell::{parts_dir, read, run};

/// The Debian whose Helix this is.
const SUITE: &str = "trixie";

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const PACKAGES: &[&str] = &["hx", "libc6", "libgcc-s1"];

/// The program, in a package's tree, and what starts it with its own libraries.
const PROGRAM: &str = "usr/lib/hx/hx";
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Unpacks Helix in the folder of parts, with a script `hx` that starts it.
pub(super) fn install() -> Result<()> {
    let folder = parts_dir().join("helix");
    let script = folder.join("hx");
    if read(Command::new(&script).arg("--version")).is_ok() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let (lists, packages, tree) = (folder.join("lists"), folder.join("packages"), folder.join("tree"));
    for new in [&lists, &packages, &tree] {
        fs::create_dir_all(new)?;
    }
    let mirror = mirror().context("apt-get names no mirror of Debian's main archive")?;
    let source = format!("deb [signed-by={KEYS}] {mirror} {SUITE} main\n");
    fs::write(lists.join("sources.list"), source)?;
    run(apt(&lists, &packages).arg("update"))?;
    run(apt(&lists, &packages).arg("download").args(PACKAGES))?;
    for package in fs::read_dir(&packages)? {
        let package = package?.path();
        if package.extension().is_some_and(|it| it == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&tree))?;
        }
    }
    fs::remove_dir_all(lists)?;
    fs::remove_dir_all(packages)?;
    write_script(&script, &tree)?;
    read(Command::new(&script).arg("--version")).map(drop)
}

/// Returns an `apt-get` that knows only the sources in `lists`, and leaves the system's own alone.
fn apt(lists: &Path, packages: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.current_dir(packages).arg("-qq");
    for (name, path) in [
        ("Dir::State", lists.to_owned()),
        ("Dir::State::status", lists.join("status")),
        ("Dir::Cache", lists.join("cache")),
        ("Dir::Etc::sourcelist", lists.join("sources.list")),
        ("Dir::Etc::sourceparts", "-".into()),
    ] {
        command.arg("-o").arg(format!("{name}={}", path.display()));
    }
    // The folders are this user's, whom `_apt` is not.
    command.args(["-o", "APT::Sandbox::User="]);
    command
}

fn write_script(script: &Path, tree: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (loader, libraries) = (tree.join(LOADER), tree.join(LIBRARIES));
    let (program, runtime) = (tree.join(PROGRAM), tree.join("usr/lib/hx/runtime"));
    let text = format!(
        "#!/bin/sh\nHELIX_RUNTIME='{}' exec '{}' --library-path '{}' '{}' \"$@\"\n",
        runtime.display(),
        loader.display(),
        libraries.display(),
        program.display()
    );
    fs::write(script, text)?;
    fs::set_permissions(script, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
