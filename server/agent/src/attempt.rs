//! The attempt's directory: its specification, the claim that it begins only once, and its outcome.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aca_protocol::agent::{AttemptSpec, Outcome, files};
use aca_redact::Known;

/// Why an attempt cannot begin, or not end properly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    /// The directory is not there or not ours.
    #[error("the attempt's directory {0} cannot be entered: {1}; it must exist and belong to this user")]
    Directory(PathBuf, io::Error),
    /// The specification cannot be read.
    #[error("{0} cannot be read: {1}; the engine writes it before it starts the sandbox")]
    Spec(PathBuf, io::Error),
    /// The specification is not one.
    #[error("{0} is not an attempt's specification: {1}; this agent and the engine must be of one version")]
    Invalid(PathBuf, serde_json::Error),
    /// The attempt has begun before.
    #[error("already ran: the attempt in {0} has begun before and never begins twice; start a new attempt instead")]
    AlreadyRan(PathBuf),
    /// The claim cannot be written.
    #[error("the attempt in {0} cannot be claimed: {1}")]
    Claim(PathBuf, io::Error),
}

/// Makes `out` the working directory and returns its absolute path.
///
/// The sockets in it are used by relative path from there: a socket's path may have no more than 107 bytes.
pub(crate) fn enter(out: &Path) -> Result<PathBuf, AttemptError> {
    std::env::set_current_dir(out)
        .and_then(|()| std::env::current_dir())
        .map_err(|error| AttemptError::Directory(out.to_owned(), error))
}

/// Reads the specification of the attempt in `out`.
pub(crate) fn read_spec(out: &Path) -> Result<AttemptSpec, AttemptError> {
    let path = out.join(files::SPEC);
    let bytes = std::fs::read(&path).map_err(|error| AttemptError::Spec(path.clone(), error))?;
    serde_json::from_slice(&bytes).map_err(|error| AttemptError::Invalid(path, error))
}

/// Claims the attempt in `out`, durably. It can be claimed once, ever.
pub(crate) fn claim(out: &Path) -> Result<(), AttemptError> {
    let claim = || -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(out.join(files::STARTED))?;
        file.sync_all()?;
        File::open(out)?.sync_all()
    };
    claim().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => AttemptError::AlreadyRan(out.to_owned()),
        _ => AttemptError::Claim(out.to_owned(), error),
    })
}

/// Writes the outcome, without the secrets in its texts: whenever the file exists, it is complete and on disk.
pub(crate) fn write_outcome(out: &Path, outcome: &Outcome) -> io::Result<()> {
    let path = out.join(files::OUTCOME);
    let temporary = path.with_extension("json.tmp");
    let mut file = File::create(&temporary)?;
    let text = serde_json::to_string(outcome)?;
    file.write_all(Known::of_process().redactor().json_except(&text, &["nonce"]).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, &path)?;
    File::open(out)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_claimed_once() {
        let dir = tempfile::tempdir().unwrap();
        claim(dir.path()).unwrap();
        assert!(matches!(claim(dir.path()), Err(AttemptError::AlreadyRan(_))));
        assert!(matches!(claim(&dir.path().join("none")), Err(AttemptError::Claim(..))));
    }

    #[test]
    fn a_bad_specification_is_refused_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read_spec(dir.path()), Err(AttemptError::Spec(..))));
        std::fs::write(dir.path().join(files::SPEC), "{}").unwrap();
        let error = read_spec(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("spec.json") && error.contains("missing field"),
            "{error}"
        );
    }
}
