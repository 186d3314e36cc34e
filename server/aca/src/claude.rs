//! Where Claude Code comes from: the user's own, one on `PATH` of the right version, or one that aca installs.
//!
//! Sandboxes get the native program mounted; npm's start script and other builds are of no use there. It is never run
//! on the host, not even for its version.

use std::env;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use aca_engine::ClaudeSource;
use aca_engine::config::Config;
use async_trait::async_trait;
use tokio::process::Command;

/// Where the loader of a program is named; it lies well within this many bytes from the start.
const HEADER: u64 = 4096;

/// Finds Claude Code, and installs it into a data directory where there is none.
#[derive(Debug, Clone)]
pub(crate) struct Provisioner {
    /// The data directory.
    pub(crate) data_dir: PathBuf,
}

#[async_trait]
impl ClaudeSource for Provisioner {
    async fn locate(&self, config: &Config, progress: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        if let Some(found) = self.find(config)? {
            return Ok(found);
        }
        self.install(&config.claude_code.version, progress).await
    }
}

impl Provisioner {
    /// Looks without installing anything.
    ///
    /// # Errors
    ///
    /// When the program that the settings name is not usable.
    pub(crate) fn find(&self, config: &Config) -> Result<Option<PathBuf>, String> {
        if let Some(path) = &config.claude_code.path {
            let real = path.canonicalize().map_err(|error| {
                format!(
                    "claude_code.path names {}, which cannot be used: {error}.",
                    path.display()
                )
            })?;
            check_native(&real).map_err(|reason| {
                format!(
                    "claude_code.path names {}, which {reason}. Name the native program.",
                    path.display()
                )
            })?;
            return Ok(Some(real));
        }
        let version = &config.claude_code.version;
        Ok(on_path(version).or_else(|| Some(self.place(version)).filter(|path| check_native(path).is_ok())))
    }

    fn place(&self, version: &str) -> PathBuf {
        self.data_dir.join("claude-code").join(version).join("claude")
    }

    /// Installs the native program with npm: into a directory of its own first, so that nobody sees half of it.
    async fn install(&self, version: &str, progress: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        let place = self.place(version);
        let folder = place.parent().unwrap_or(&self.data_dir).to_path_buf();
        let failed =
            |error: std::io::Error| format!("Claude Code cannot be installed in {}: {error}.", folder.display());
        fs::create_dir_all(&folder).map_err(failed)?;
        let work = tempfile::Builder::new()
            .prefix(".install-")
            .tempdir_in(&folder)
            .map_err(failed)?;
        let package = format!("@anthropic-ai/claude-code-linux-{}", npm_architecture());
        progress(format!("installing Claude Code {version} (once, about 75 MB)"));
        npm_install(work.path(), &format!("{package}@{version}")).await?;
        let program = work.path().join("node_modules").join(package).join("claude");
        check_native(&program).map_err(|reason| format!("npm installed {}, which {reason}.", program.display()))?;
        fs::rename(&program, &place).map_err(failed)?;
        progress(format!("Claude Code {version} is installed"));
        Ok(place)
    }
}

async fn npm_install(prefix: &Path, package: &str) -> Result<(), String> {
    let by_hand = "Install Node.js with npm, or install Claude Code yourself and name its native program as \
                   claude_code.path in your settings.";
    let mut command = Command::new("npm");
    command
        .args([
            "install",
            "--ignore-scripts",
            "--no-fund",
            "--no-audit",
            "--no-save",
            "--loglevel=error",
            "--fetch-retries=1",
            "--prefix",
        ])
        .arg(prefix)
        .arg(package)
        .current_dir(prefix)
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_for_npm)))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command
        .output()
        .await
        .map_err(|error| format!("Claude Code cannot be installed: npm cannot be run ({error}). {by_hand}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("npm error "))
        .filter(|line| {
            !["code ", "errno ", "A complete log"]
                .iter()
                .any(|dull| line.starts_with(dull))
        })
        .take(4)
        .collect();
    Err(format!(
        "npm could not install {package}: {}. {by_hand}",
        said.join("; ")
    ))
}

/// npm gets what it needs to reach its registry, and no credential of anything else.
fn is_for_npm(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("npm_config_")
        || name.starts_with("ssl_cert_")
        || matches!(
            name.as_str(),
            "path" | "home" | "tmpdir" | "lang" | "http_proxy" | "https_proxy" | "no_proxy" | "node_extra_ca_certs"
        )
}

/// Returns the native program behind `claude` on `PATH`, if it is of that version.
fn on_path(version: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .filter_map(|folder| folder.join("claude").canonicalize().ok())
        .flat_map(candidates)
        .find(|program| version_of(program).as_deref() == Some(version) && check_native(program).is_ok())
}

/// The program itself, and the native one beside npm's start script:
/// `…/@anthropic-ai/claude-code/bin/claude.exe` belongs to `…/@anthropic-ai/claude-code-linux-x64/claude`.
fn candidates(program: PathBuf) -> impl Iterator<Item = PathBuf> {
    let beside = program.ancestors().nth(3).map(|scope| {
        let package = format!("claude-code-linux-{}", npm_architecture());
        [
            scope.join(&package),
            program
                .ancestors()
                .nth(2)
                .unwrap_or(scope)
                .join("node_modules/@anthropic-ai")
                .join(package),
        ]
    });
    std::iter::once(program).chain(beside.into_iter().flatten().map(|package| package.join("claude")))
}

/// The version by where the program lies: its own installer names the file by it, npm has a manifest beside it.
fn version_of(program: &Path) -> Option<String> {
    let name = program.file_name()?.to_str()?;
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(name.into());
    }
    let manifests = program
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("package.json"));
    let text = manifests.filter_map(|manifest| fs::read(manifest).ok()).next()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Some(manifest.get("version")?.as_str()?.into())
}

/// Checks that a file is a program for glibc on this machine's architecture; else says what it is.
fn check_native(path: &Path) -> Result<(), String> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| format!("cannot be opened ({error})"))?;
    file.take(HEADER)
        .read_to_end(&mut head)
        .map_err(|error| format!("cannot be read ({error})"))?;
    if !head.starts_with(b"\x7fELF") {
        return Err("is not a native program (npm's start script, perhaps)".into());
    }
    let machine: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
    if head.get(18..20) != Some(machine.to_le_bytes().as_slice()) {
        return Err("is built for another processor".into());
    }
    if head.windows(8).any(|bytes| bytes == b"/ld-musl") {
        return Err("is the musl build; Debian images need the glibc one".into());
    }
    Ok(())
}

fn npm_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a program for this machine.
    fn program(loader: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF".to_vec();
        bytes.resize(18, 0);
        bytes.extend(if cfg!(target_arch = "aarch64") { 183u16 } else { 62u16 }.to_le_bytes());
        bytes.extend(loader.as_bytes());
        bytes
    }

    #[test]
    fn what_a_sandbox_can_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("claude");
        let mut foreign = program("/lib64/ld-linux-x86-64.so.2");
        foreign[18] = 8;
        for (content, expected) in [
            (program("/lib64/ld-linux-x86-64.so.2"), "fine"),
            (program("/lib/ld-musl-x86_64.so.1"), "is the musl build"),
            (foreign, "another processor"),
            (b"#!/bin/sh\n".to_vec(), "not a native program"),
            (Vec::new(), "not a native program"),
        ] {
            fs::write(&path, content).unwrap();
            let said = check_native(&path).err().unwrap_or("fine".into());
            assert!(said.contains(expected), "{said}");
        }
        assert!(check_native(&dir.path().join("none")).is_err());
    }

    #[test]
    fn the_version_is_read_off_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let scope = dir.path().join("node_modules/@anthropic-ai");
        let package = scope.join(format!("claude-code-linux-{}", npm_architecture()));
        fs::create_dir_all(&package).unwrap();
        fs::create_dir_all(scope.join("claude-code/bin")).unwrap();
        fs::write(package.join("package.json"), "{\"version\": \"2.1.197\"}").unwrap();
        fs::write(package.join("claude"), program("")).unwrap();
        assert_eq!(version_of(&package.join("claude")).as_deref(), Some("2.1.197"));
        assert_eq!(version_of(Path::new("/x/versions/2.1.3")).as_deref(), Some("2.1.3"));
        assert_eq!(version_of(Path::new("/x/bin/claude")), None);
        let wrapper = scope.join("claude-code/bin/claude.exe");
        assert!(candidates(wrapper).any(|candidate| candidate == package.join("claude")));
    }

    #[test]
    fn npm_is_given_no_credential_of_others() {
        for (name, expected) in [
            ("PATH", true),
            ("npm_config_registry", true),
            ("NPM_CONFIG_CAFILE", true),
            ("https_proxy", true),
            ("ANTHROPIC_API_KEY", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("CLAUDE_CODE_OAUTH_TOKEN", false),
        ] {
            assert_eq!(is_for_npm(name), expected, "{name}");
        }
    }

    #[test]
    fn a_wrong_path_is_said_and_nothing_else_is_tried() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("claude"), "#!/bin/sh").unwrap();
        let mut config = Config::default();
        config.claude_code.path = Some(dir.path().join("claude"));
        let provisioner = Provisioner {
            data_dir: dir.path().into(),
        };
        let message = provisioner.find(&config).unwrap_err();
        assert!(
            message.contains("claude_code.path names") && message.contains("not a native program"),
            "{message}"
        );
        config.claude_code.path = None;
        config.claude_code.version = "0.0.1".into();
        assert_eq!(provisioner.find(&config).unwrap(), None);
        fs::create_dir_all(dir.path().join("claude-code/0.0.1")).unwrap();
        fs::write(dir.path().join("claude-code/0.0.1/claude"), program("")).unwrap();
        assert!(provisioner.find(&config).unwrap().is_some());
    }
}
