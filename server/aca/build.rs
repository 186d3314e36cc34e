//! Builds `aca-agent`, the program inside a sandbox, as a static Linux program, so that `aca` can embed it.
//!
//! It is built by a cargo of its own in a target directory of its own: it needs another target and profile than `aca`.
//! The musl target is used where it is installed, else the host's libc is linked statically.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

/// What the inner cargo may see of the outer one's environment; flags and wrappers meant for `aca` are not for it.
const KEPT_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_OFFLINE",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = here
        .ancestors()
        .nth(2)
        .ok_or("the crate is not two folders below the workspace")?;
    for watched in ["server/agent", "server/redact", "protocol", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    if variable("CARGO_CFG_TARGET_OS")? != "linux" {
        return Err("aca runs on Linux: the agent it embeds is a Linux program".into());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    // `<target>/<profile>/build/<package>/out`
    let target_dir = out
        .ancestors()
        .nth(4)
        .ok_or("the build directory has an unknown shape")?
        .join("agent");
    let program = build(root, &target_dir)?;
    let bytes = fs::read(program)?;
    fs::write(out.join("aca-agent"), &bytes)?;
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env=ACA_AGENT_SHA256={digest}");
    Ok(())
}

/// Builds the agent and returns where it is.
fn build(root: &Path, target_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let architecture = variable("CARGO_CFG_TARGET_ARCH")?;
    let architecture = architecture.to_string_lossy();
    let musl = format!("{architecture}-unknown-linux-musl");
    let (target, flags) = if is_installed(&musl)? {
        (musl, "")
    } else {
        (
            format!("{architecture}-unknown-linux-gnu"),
            "-C target-feature=+crt-static",
        )
    };
    let status = Command::new(variable("CARGO")?)
        .args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "aca-agent",
            "--profile",
            "agent",
        ])
        .args(["--target", &target, "--target-dir"])
        .arg(target_dir)
        .current_dir(root)
        .env_clear()
        .envs(kept())
        .env("RUSTFLAGS", flags)
        .status()?;
    if !status.success() {
        return Err(format!("aca-agent could not be built for {target}; the messages above say why").into());
    }
    Ok(target_dir.join(target).join("agent/aca-agent"))
}

/// Whether the toolchain has the standard library for a target.
fn is_installed(target: &str) -> Result<bool, Box<dyn Error>> {
    let output = Command::new(variable("RUSTC")?)
        .args(["--print", "target-libdir", "--target", target])
        .env_clear()
        .envs(kept())
        .output()?;
    Ok(output.status.success() && Path::new(String::from_utf8(output.stdout)?.trim()).is_dir())
}

fn kept() -> impl Iterator<Item = (&'static str, OsString)> {
    KEPT_VARIABLES
        .iter()
        .filter_map(|name| Some((*name, env::var_os(name)?)))
}

fn variable(name: &str) -> Result<OsString, Box<dyn Error>> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}").into())
}
