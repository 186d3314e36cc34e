//! The image that aca's own image is built from: a minimal Debian made on the spot, because a test machine may reach
//! package mirrors but no image registry.
//!
//! It carries the host's package sources, trusted certificates and npm's settings for them, so that builds inside it
//! reach the same mirrors as the host does.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::engine;
use crate::shell::{as_root, checkout, parts_dir, read, run, say};

const IMAGE: &str = "aca-base:bookworm";
const SUITE: &str = "bookworm";

/// Files of the host that say where packages come from and whom to trust.
const FROM_HOST: &[&str] = &[
    "etc/apt/sources.list",
    "etc/apt/sources.list.d",
    "etc/apt/apt.conf.d",
    "etc/apt/keyrings",
    "usr/share/keyrings",
    "usr/local/share/ca-certificates",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/npmrc",
];

/// Builds and imports the image if the engine lacks it.
pub(super) fn build() -> Result<()> {
    if engine::docker(&["image", "inspect", IMAGE]).is_ok() {
        return Ok(());
    }
    let tree = parts_dir().join("base");
    remove(&tree)?;
    fs::create_dir_all(&tree)?;
    let made = debootstrap(&tree)
        .and_then(|()| copy_settings(&tree))
        .and_then(|()| import(&tree));
    remove(&tree)?;
    made
}

fn debootstrap(tree: &Path) -> Result<()> {
    let mirror = mirror();
    say(&format!("  a minimal {SUITE}; this takes about half a minute"));
    let log = parts_dir().join("debootstrap.log");
    let script = r#"debootstrap --variant=minbase "$1" "$2" ${3:+"$3"} > "$4" 2>&1 || { tail -n 20 "$4"; exit 1; }"#;
    run(as_root("sh")
        .args(["-c", script, "sh", SUITE])
        .arg(tree)
        .arg(mirror.unwrap_or_default())
        .arg(log))
}

/// Returns the mirror the host's package manager uses for the suite, if it says so.
pub(super) fn mirror() -> Option<String> {
    let format = "$(CODENAME) $(COMPONENT) $(REPO_URI)";
    let targets = read(std::process::Command::new("apt-get").args(["indextargets", "--format", format])).ok()?;
    let wanted = format!("{SUITE} main ");
    targets
        .lines()
        .find_map(|line| line.strip_prefix(&wanted))
        .map(str::to_owned)
}

fn copy_settings(tree: &Path) -> Result<()> {
    // What debootstrap wrote would name the same mirror a second time.
    run(as_root("rm").arg("-f").arg(tree.join("etc/apt/sources.list")))?;
    let sources = FROM_HOST.iter().filter(|path| Path::new("/").join(path).exists());
    run(as_root("cp")
        .current_dir("/")
        .args(["-a", "-L", "--parents"])
        .args(sources)
        .arg(tree))
    .context("The host's package sources cannot be copied")
}

fn import(tree: &Path) -> Result<()> {
    let script = r#"tar -C "$1" -c . | docker import --change 'CMD ["bash"]' - "$2" > /dev/null"#;
    run(as_root("sh")
        .current_dir(checkout())
        .args(["-c", script, "sh"])
        .arg(tree)
        .arg(IMAGE))
}

fn remove(tree: &Path) -> Result<()> {
    run(as_root("rm").arg("-rf").arg("--one-file-system").arg(tree))
}
