//! What a sandbox is made of, and the rules that keep a specification from opening it.

use std::collections::BTreeMap;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

use aca_protocol::agent::inside;

use crate::Error;

/// A sandbox for one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxSpec {
    /// The attempt's identifier, under which the sandbox is started at most once.
    pub name: String,
    /// Labels to find it again by, `aca.session`, `aca.task` and `aca.attempt`, and to tell it from another of its name,
    /// `aca.spec`: the hash of what its agent is asked.
    pub labels: BTreeMap<String, String>,
    /// The checkout on the host.
    pub workspace_source: PathBuf,
    /// Where the checkout is inside: the path of the user's workspace on the host.
    pub workspace: PathBuf,
    /// The attempt's directory on the host, writable inside as [`inside::OUT`].
    pub out: PathBuf,
    /// The agent's executable on the host, readable inside as [`inside::AGENT`].
    pub agent: PathBuf,
    /// Claude Code's executable on the host, readable inside as [`inside::CLAUDE`].
    pub claude: Option<PathBuf>,
    /// What else is readable inside, at its path on the host: the object store.
    pub read_only: Vec<PathBuf>,
    /// What it may use.
    pub limits: Limits,
    /// What runs inside as process 1: [`SandboxSpec::agent_command`].
    pub command: Vec<String>,
}

/// What a sandbox may use of the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of memory, files in `/tmp` included.
    pub memory_bytes: u64,
    /// Processors; fractions are fine, more than there are counts as all.
    pub cpus: f64,
    /// Processes and threads.
    pub pids: u32,
    /// Bytes in `/tmp`.
    pub tmp_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 4 << 30,
            cpus: 2.0,
            pids: 512,
            tmp_bytes: 512 << 20,
        }
    }
}

/// One directory or file of the host as it appears in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The path on the host, without symbolic links.
    pub(crate) source: PathBuf,
    /// The path inside.
    pub(crate) target: PathBuf,
    /// Whether programs inside may write to it.
    pub(crate) writable: bool,
}

/// Directories of the host that are never shown in a sandbox, nor anything in them.
const NEVER_WITHIN: &[&str] = &[
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/var/lib/docker",
    "/var/lib/containerd",
];
/// Directories of the host that are never shown as a whole.
const NEVER_WHOLE: &[&str] = &[
    "/bin", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp", "/usr", "/var",
];
/// Directories of the sandbox that nothing is mounted into on a caller's word.
const OWN_WITHIN: &[&str] = &["/aca", "/proc", "/sys", "/dev", "/etc"];
/// The least memory that an agent starts in.
const LEAST_MEMORY: u64 = 64 << 20;

impl SandboxSpec {
    /// The command of every sandbox in use: the agent, at work on the attempt in [`inside::OUT`].
    #[must_use]
    pub fn agent_command() -> Vec<String> {
        [inside::AGENT, "run", "--out", inside::OUT].map(String::from).to_vec()
    }

    /// Checks the specification and returns its mounts.
    pub(crate) fn mounts(&self) -> Result<Vec<Mount>, Error> {
        self.check().map_err(|reason| Error::BadSpec {
            name: self.name.clone(),
            reason,
        })
    }

    fn check(&self) -> Result<Vec<Mount>, String> {
        check_name(&self.name)?;
        for (key, value) in &self.labels {
            check_label(key, value)?;
        }
        self.limits.check()?;
        if self.command.first().is_none_or(|program| !program.starts_with('/')) {
            return Err("Its command is not an absolute path.".into());
        }
        check_target(&self.workspace)?;
        let mut mounts = vec![
            mount(&self.workspace_source, &self.workspace, true, Kind::Directory)?,
            mount(&self.out, Path::new(inside::OUT), true, Kind::Directory)?,
            mount(&self.agent, Path::new(inside::AGENT), false, Kind::File)?,
        ];
        if let Some(claude) = &self.claude {
            mounts.push(mount(claude, Path::new(inside::CLAUDE), false, Kind::File)?);
        }
        for path in &self.read_only {
            check_target(path)?;
            mounts.push(mount(path, path, false, Kind::Either)?);
        }
        Ok(mounts)
    }
}

impl Limits {
    fn check(&self) -> Result<(), String> {
        if self.memory_bytes < LEAST_MEMORY {
            return Err(format!(
                "Its memory limit of {} bytes is below {LEAST_MEMORY}.",
                self.memory_bytes
            ));
        }
        if !(self.cpus.is_finite() && self.cpus >= 0.01) {
            return Err(format!("Its limit of {} processors is not at least 0.01.", self.cpus));
        }
        if self.pids < 8 {
            return Err(format!("Its limit of {} processes is below 8.", self.pids));
        }
        if self.tmp_bytes == 0 {
            return Err("Its limit for /tmp is zero bytes.".into());
        }
        Ok(())
    }
}

enum Kind {
    Directory,
    File,
    Either,
}

/// Checks a name: what a container, a directory and a label can all be called.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if begins_well && (2..=128).contains(&name.len()) && name.chars().all(fine) {
        Ok(())
    } else {
        Err("Its name is not 2 to 128 letters, digits, '_', '.' and '-', beginning with a letter or digit.".into())
    }
}

fn check_label(key: &str, value: &str) -> Result<(), String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if !key.starts_with("aca.") || !key.chars().all(fine) {
        return Err(format!(
            "Its label {key:?} is not \"aca.\" and lower-case letters, digits, '.' and '-'."
        ));
    }
    if value.len() > 256 || value.chars().any(char::is_control) {
        return Err(format!(
            "The value of its label {key:?} has control characters or more than 256 bytes."
        ));
    }
    Ok(())
}

fn check_target(target: &Path) -> Result<(), String> {
    let shown = target.display();
    check_plain(target)?;
    let refused = NEVER_WHOLE.iter().any(|p| target == Path::new(p)) || target.parent().is_none();
    if refused || OWN_WITHIN.iter().any(|p| target.starts_with(p)) {
        return Err(format!(
            "Nothing can be mounted at {shown}, which belongs to the sandbox itself."
        ));
    }
    Ok(())
}

/// Checks that a path is absolute, text, and means what it says.
fn check_plain(path: &Path) -> Result<(), String> {
    let plain = |c: Component<'_>| matches!(c, Component::RootDir | Component::Normal(_));
    let text = path.to_str().is_some_and(|s| !s.chars().any(char::is_control));
    if path.is_absolute() && text && path.components().all(plain) {
        Ok(())
    } else {
        Err(format!(
            "The path {} is not an absolute path in UTF-8 without '..'.",
            path.display()
        ))
    }
}

fn mount(source: &Path, target: &Path, writable: bool, kind: Kind) -> Result<Mount, String> {
    check_plain(source)?;
    let shown = source.display();
    let real = source
        .canonicalize()
        .map_err(|e| format!("{shown} cannot be shown in it: {e}."))?;
    let meta = real
        .metadata()
        .map_err(|e| format!("{shown} cannot be shown in it: {e}."))?;
    if meta.file_type().is_socket() {
        return Err(format!(
            "{shown} is a socket, and no socket of the host is shown in a sandbox."
        ));
    }
    let fits = match kind {
        Kind::Directory => meta.is_dir(),
        Kind::File => meta.is_file(),
        Kind::Either => meta.is_dir() || meta.is_file(),
    };
    if !fits {
        let wanted = if matches!(kind, Kind::File) {
            "a file"
        } else {
            "a directory"
        };
        return Err(format!("{shown} is not {wanted}."));
    }
    let whole = NEVER_WHOLE.iter().any(|p| real == Path::new(p)) || real.parent().is_none();
    if whole || NEVER_WITHIN.iter().any(|p| real.starts_with(p)) {
        return Err(format!(
            "{} is a directory of the host's own, and is never shown in a sandbox.",
            real.display()
        ));
    }
    check_plain(&real)?;
    Ok(Mount {
        source: real,
        target: target.to_owned(),
        writable,
    })
}

#[cfg(test)]
pub(crate) mod tests;
