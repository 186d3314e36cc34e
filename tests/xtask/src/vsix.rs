//! The extension for VS Code as people install it: one package for each platform, with the server in it, and a universal
//! one without.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::parts;
use crate::shell::{checkout, run, say, target_dir};
use crate::suite::cargo;

/// What VS Code calls a platform, and what Rust calls it.
const PLATFORMS: &[(&str, &str)] = &[
    ("linux-x64", "x86_64-unknown-linux-gnu"),
    ("linux-arm64", "aarch64-unknown-linux-gnu"),
    ("darwin-x64", "x86_64-apple-darwin"),
    ("darwin-arm64", "aarch64-apple-darwin"),
];

/// Packs what is asked for: `--target T` for one platform, `--universal` for the package without a server; without
/// either, this machine's platform and the universal one.
///
/// # Errors
///
/// When an argument is unknown, or the server or the package cannot be built.
pub(crate) fn pack(arguments: &[String]) -> Result<ExitCode> {
    let mut wanted = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--universal" => wanted.push(None),
            "--target" => wanted.push(Some(rest.next().context("Say which target.")?.as_str())),
            other => bail!("`{other}` is not an argument of vsix; there are --target T and --universal."),
        }
    }
    if wanted.is_empty() {
        wanted = vec![Some(own_platform()?), None];
    }
    parts::node_packages()?;
    for platform in wanted {
        let server = platform.map(build_server).transpose()?;
        let name = platform.unwrap_or("universal");
        let package = target_dir().join(format!("vsix/aca-{name}.vsix"));
        package_one(platform, server.as_deref(), &package)?;
        say(&format!("{}", package.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Packs what the tests install: both packages, with the `aca` that they test. Builds the extension's own tests.
///
/// # Errors
///
/// When a package cannot be built.
pub(crate) fn for_tests() -> Result<()> {
    let folder = target_dir().join("vsix/test");
    let server = folder.join("aca");
    fs::create_dir_all(&folder)?;
    // What a debugger needs would make the package several times as large.
    run(Command::new("objcopy")
        .arg("--strip-debug")
        .arg(target_dir().join("debug/aca"))
        .arg(&server))?;
    package_one(Some(own_platform()?), Some(&server), &folder.join("platform.vsix"))?;
    package_one(None, None, &folder.join("universal.vsix"))?;
    run(parts::npm(&checkout().join("editors/vscode")).args(["run", "--silent", "build:tests"]))
}

/// Returns what VS Code calls the platform of this machine.
fn own_platform() -> Result<&'static str> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("VS Code has no platform for {other}."),
    };
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let own = format!("{system}-{arch}");
    let known = PLATFORMS.iter().map(|(name, _)| *name);
    known
        .into_iter()
        .find(|name| *name == own)
        .context("This machine's platform is not one that the extension is packed for.")
}

/// Builds the server as it is shipped. Other platforms than this one need their target and a linker for it.
fn build_server(platform: &str) -> Result<PathBuf> {
    let known = PLATFORMS.iter().find(|(name, _)| *name == platform);
    let (_, target) = known.with_context(|| {
        let names: Vec<&str> = PLATFORMS.iter().map(|(name, _)| *name).collect();
        format!("`{platform}` is not a target; there are {}.", names.join(", "))
    })?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "aca", "--bin", "aca"]);
    if own_platform().is_ok_and(|own| own == platform) {
        run(&mut build)?;
        return Ok(target_dir().join("release/aca"));
    }
    run(build.args(["--target", target]))?;
    Ok(target_dir().join(target).join("release/aca"))
}

/// Packs the extension with this server, which lies in its folder only meanwhile.
fn package_one(platform: Option<&str>, server: Option<&Path>, package: &Path) -> Result<()> {
    let extension = checkout().join("editors/vscode");
    let inside = extension.join("server");
    let clear = || -> Result<()> {
        match fs::remove_dir_all(&inside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    };
    clear()?;
    if let Some(server) = server {
        fs::create_dir_all(&inside)?;
        fs::copy(server, inside.join("aca"))?;
        fs::set_permissions(inside.join("aca"), fs::Permissions::from_mode(0o755))?;
    }
    if let Some(folder) = package.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut npm = parts::npm(&extension);
    npm.args(["run", "--silent", "package", "--", "--out"]).arg(package);
    if let Some(platform) = platform {
        npm.args(["--target", platform]);
    }
    let packed = run(&mut npm);
    clear()?;
    packed
}
