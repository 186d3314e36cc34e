//! Which of its sessions a workspace opens: the one that was chosen, else the one that changed last.
//!
//! A choice is a file of its own for each workspace, `<data>/current/<hash of the root>`. It is replaced in one step, so
//! it is either the old choice or the new one.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use aca_protocol::SessionId;
use sha2::{Digest as _, Sha256};

/// A session that a workspace could open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The session.
    pub(crate) id: SessionId,
    /// When it changed last, in milliseconds since the Unix epoch.
    pub(crate) changed_ms: u64,
}

/// Returns the session that the workspace at `root` opens, out of those it has.
pub(crate) fn of(data_dir: &Path, root: &Path, candidates: &[Candidate]) -> Option<SessionId> {
    let chosen = chosen(data_dir, root);
    let chosen = chosen.filter(|chosen| candidates.iter().any(|candidate| candidate.id == *chosen));
    let newest = || {
        candidates
            .iter()
            .max_by(|a, b| (a.changed_ms, a.id.as_str()).cmp(&(b.changed_ms, b.id.as_str())))
    };
    chosen.or_else(|| newest().map(|candidate| candidate.id.clone()))
}

/// Returns the session that was chosen for the workspace at `root`, whether it is there or not.
pub(crate) fn chosen(data_dir: &Path, root: &Path) -> Option<SessionId> {
    let text = fs::read_to_string(file(data_dir, root)).ok()?;
    Some(SessionId::new(text.trim()))
}

/// Chooses a session, durably; with none, the one that changed last counts again.
///
/// # Errors
///
/// Those of the file system; the old choice counts then.
pub(crate) fn choose(data_dir: &Path, root: &Path, session: Option<&SessionId>) -> std::io::Result<()> {
    let path = file(data_dir, root);
    let dir = path.parent().unwrap_or(data_dir);
    let Some(session) = session else {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => File::open(dir)?.sync_all(),
        };
    };
    super::private_dir(dir)?;
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    writeln!(new, "{session}")?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    File::open(dir)?.sync_all()
}

fn file(data_dir: &Path, root: &Path) -> PathBuf {
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    crate::layout::current(data_dir).join(super::hex(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_session_counts_and_else_the_newest() {
        let data = tempfile::tempdir().unwrap();
        let (data, root) = (data.path(), Path::new("/w"));
        let candidate = |id: &str, changed_ms| Candidate {
            id: SessionId::new(id),
            changed_ms,
        };
        let all = [candidate("a", 5), candidate("b", 7), candidate("c", 7)];
        let check = |expected: Option<&str>| {
            let found = of(data, root, &all);
            assert_eq!(found.as_ref().map(SessionId::as_str), expected);
        };
        assert_eq!(of(data, root, &[]), None);
        check(Some("c"));
        for (choice, expected) in [
            (Some("a"), "a"),
            (Some("b"), "b"),
            (Some("gone"), "c"),
            (None, "c"),
            (None, "c"),
        ] {
            choose(data, root, choice.map(SessionId::new).as_ref()).unwrap();
            check(Some(expected));
        }
        choose(data, Path::new("/other"), Some(&SessionId::new("a"))).unwrap();
        check(Some("c"));
        assert_eq!(of(data, Path::new("/other"), &all), Some(SessionId::new("a")));
    }
}
