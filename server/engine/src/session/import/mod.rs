//! A session comes: what another machine exported, checked and taken in whole or not at all.
//!
//! An export may come from anybody. Every file is looked up in the manifest and hashed, no link is followed, and what is
//! used was copied first. The session is built beside the others and appears in one step.

mod check;
mod conversation;
mod files;
mod record;

use std::path::{Path, PathBuf};

use aca_protocol::{SessionId, TaskId};

use crate::{Error, layout};

pub(super) use check::proposed;

/// What is to be taken in.
#[derive(Debug)]
pub(crate) struct Import {
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// The exported directory.
    pub(crate) from: PathBuf,
    /// The root of the workspace it is for.
    pub(crate) root: PathBuf,
}

/// Takes a session in. `taken` says which session has a task already.
///
/// # Errors
///
/// [`Error::Invalid`] if the export is not whole, of a newer format, or of a session that is here already;
/// [`Error::Unavailable`] if there is no room. Nothing is changed then.
pub(crate) fn import(import: &Import, taken: &dyn Fn(&TaskId) -> Option<SessionId>) -> Result<SessionId, Error> {
    let sessions = layout::sessions(&import.data_dir);
    let failed = |error: &std::io::Error| unwritten(&sessions, error);
    super::private_dir(&sessions).map_err(|error| failed(&error))?;
    let staging = || tempfile::Builder::new().prefix(&prefix()).tempdir_in(&sessions);
    let copied = staging().map_err(|error| failed(&error))?;
    let copy = copied.path();
    let session = files::take(&import.from, copy).map_err(|reason| refused(&import.from, &reason))?;
    let place = layout::session(&import.data_dir, &session.id);
    if place.symlink_metadata().is_ok() {
        return Err(Error::Invalid(format!(
            "The session {} is in this data directory already. `aca session delete` moves it to the trash, if the one \
             from {} is to take its place.",
            session.id,
            import.from.display()
        )));
    }
    let checked = check::check(copy, &session, taken).map_err(|reason| refused(&import.from, &reason))?;
    let built = staging().map_err(|error| failed(&error))?;
    // A session's store wants to make its directory itself.
    std::fs::remove_dir(built.path()).map_err(|error| failed(&error))?;
    record::build(copy, built.path(), import, &session, checked)?;
    let synced = std::fs::File::open(built.path()).and_then(|dir| Ok(rustix::fs::syncfs(&dir)?));
    synced.map_err(|error| failed(&error))?;
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let moved = renameat_with(CWD, built.path(), CWD, &place, RenameFlags::NOREPLACE);
        moved.map_err(|error| failed(&error.into()))?;
    }
    // It has another name now, so there is nothing to be removed under the old one.
    let _ = built.keep();
    let synced = std::fs::File::open(&sessions).and_then(|dir| dir.sync_all());
    synced.map_err(|error| failed(&error))?;
    Ok(session.id)
}

/// What this process calls its unfinished imports.
fn prefix() -> String {
    format!(".import-{}-", std::process::id())
}

/// Removes what a process that ended left of its imports: only the owner of the data directory imports, and that is this
/// process now.
pub(crate) fn sweep_imports(data_dir: &Path) {
    let sessions = layout::sessions(data_dir);
    let entries = std::fs::read_dir(&sessions).into_iter().flatten().flatten();
    let left = entries.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(".import-") && !name.starts_with(&prefix())
    });
    for entry in left {
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, path = %entry.path().display(), "what an import left cannot be removed");
        }
    }
}

fn refused(from: &Path, reason: &str) -> Error {
    Error::Invalid(format!(
        "The export {} was not taken in, and nothing was changed: {reason}",
        from.display()
    ))
}

/// Says why a session cannot be taken in.
fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull => Error::Unavailable(format!(
            "The disk that holds {} is full, so the session was not taken in. Free some space there and try again.",
            path.display()
        )),
        _ => Error::Internal(format!(
            "The session was not taken in: {} cannot be written: {error}.",
            path.display()
        )),
    }
}
