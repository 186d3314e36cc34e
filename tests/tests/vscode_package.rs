//! The packed extension, as VS Code itself unpacks it: everything that is needed is in it, and nothing else.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aca_tests::parts;
use aca_tests::vscode::{Package, package};

/// What may be at the top of an installed extension. VS Code adds the first.
const TOP: &[&str] = &[
    ".vsixmanifest",
    "LICENSE.txt",
    "icon.png",
    "media",
    "out",
    "package.json",
    "readme.md",
    "server",
    "walkthrough",
];

/// How large the package without a server may be.
const UNIVERSAL_LIMIT: u64 = 500_000;

/// How large the bundle may be: everyone's VS Code reads it at its start.
const BUNDLE_LIMIT: u64 = 600_000;

/// Installs a package and returns the folder it is in then.
fn install(home: &Path, vsix: &Path) -> PathBuf {
    let extensions = home.join("extensions");
    let output = Command::new(parts::node())
        .arg(parts::vscode().join("out/server-main.js"))
        .arg("--server-data-dir")
        .arg(home.join("data"))
        .arg("--extensions-dir")
        .arg(&extensions)
        .arg("--install-extension")
        .arg(vsix)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .expect("VS Code's server can be started");
    assert!(output.status.success(), "{output:?}");
    let entries = std::fs::read_dir(&extensions).expect("it was made").flatten();
    let folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    let [folder] = folders.as_slice() else {
        panic!("not one extension is installed: {folders:?}");
    };
    folder.clone()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("it is a folder").flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// What must be in every package.
fn looks_right(folder: &Path) {
    let top = names(folder);
    let unknown: Vec<_> = top.iter().filter(|name| !TOP.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "nobody asked for {unknown:?}");
    for name in [
        "package.json",
        "icon.png",
        "LICENSE.txt",
        "readme.md",
        "media",
        "walkthrough",
    ] {
        assert!(top.contains(name), "{name} is missing: {top:?}");
    }
    assert_eq!(names(&folder.join("out")), BTreeSet::from(["main.js".to_owned()]));
    let bundle = folder.join("out/main.js").metadata().expect("it is there").len();
    assert!(bundle < BUNDLE_LIMIT, "the bundle has {bundle} bytes");
}

#[test]
fn the_universal_package_has_no_server() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let vsix = package(Package::Universal).expect("there is one");
    let size = vsix.metadata().expect("it is there").len();
    assert!(size < UNIVERSAL_LIMIT, "{size} bytes");
    let folder = install(home.path(), &vsix);
    looks_right(&folder);
    assert!(!names(&folder).contains("server"));
}

#[test]
fn the_platforms_package_has_a_server_that_runs() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let folder = install(home.path(), &package(Package::Platform).expect("there is one"));
    looks_right(&folder);
    assert_eq!(names(&folder.join("server")), BTreeSet::from(["aca".to_owned()]));
    let server = folder.join("server/aca");
    let mode = server.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "it cannot be executed: {mode:o}");
    let version = Command::new(&server)
        .arg("--version")
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .expect("it can be executed");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
}
