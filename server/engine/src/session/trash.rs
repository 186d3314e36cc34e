//! The trash: where deleted sessions stay until a cleanup removes them for good.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use aca_protocol::SessionId;

use crate::layout;

/// Moves the session in `dir` to the trash, durably, and returns where it is now.
///
/// # Errors
///
/// Those of the file system; the session is where it was then.
pub(crate) fn move_to_trash(data_dir: &Path, dir: &Path, session: &SessionId) -> std::io::Result<PathBuf> {
    let trash = layout::trash(data_dir);
    super::private_dir(&trash)?;
    let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
    let to = trash.join(format!("{now}-{session}"));
    move_to(dir, &to)?;
    Ok(to)
}

/// Moves the session that was deleted last of those whose identifier begins with `wanted` back to where it was.
///
/// # Errors
///
/// [`ErrorKind::NotFound`] if there is none, [`ErrorKind::InvalidInput`] if there are several,
/// [`ErrorKind::AlreadyExists`] if there is such a session now, and others of the file system.
pub(crate) fn take_out_of_trash(data_dir: &Path, wanted: &str) -> std::io::Result<SessionId> {
    let trash = layout::trash(data_dir);
    let mut found: Option<(String, PathBuf)> = None;
    let mut names: Vec<String> = match std::fs::read_dir(&trash) {
        Ok(entries) => entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    // The times sort as text, so the last one wins.
    names.sort();
    for name in names {
        let Some((_, id)) = name.split_once('-').filter(|(_, id)| id.starts_with(wanted)) else {
            continue;
        };
        if found.as_ref().is_some_and(|(known, _)| known != id) {
            return Err(Error::from(ErrorKind::InvalidInput));
        }
        found = Some((id.to_owned(), trash.join(&name)));
    }
    let (id, from) = found.ok_or(ErrorKind::NotFound)?;
    let id = SessionId::new(id);
    move_to(&from, &layout::session(data_dir, &id))?;
    Ok(id)
}

/// Moves a directory, never in the place of something, durably.
fn move_to(from: &Path, to: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?;
    for path in [to, from] {
        if let Some(dir) = path.parent() {
            File::open(dir)?.sync_all()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_comes_back() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        let make = |id: &str, content: &str| {
            let dir = layout::session(data, &SessionId::new(id));
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("state.db"), content).unwrap();
            dir
        };
        let none = take_out_of_trash(data, "").unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound);
        for id in ["ab12", "ac34"] {
            let dir = make(id, id);
            let to = move_to_trash(data, &dir, &SessionId::new(id)).unwrap();
            assert!(to.starts_with(data.join("trash")) && to.join("state.db").exists() && !dir.exists());
        }
        assert_eq!(
            take_out_of_trash(data, "a").unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(take_out_of_trash(data, "b").unwrap_err().kind(), ErrorKind::NotFound);
        let dir = make("ab12", "another");
        assert_eq!(
            take_out_of_trash(data, "ab").unwrap_err().kind(),
            ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read_to_string(dir.join("state.db")).unwrap(), "another");
        assert_eq!(take_out_of_trash(data, "ac").unwrap(), SessionId::new("ac34"));
        assert!(layout::session(data, &SessionId::new("ac34")).join("state.db").exists());
    }
}
