//! Finds the sessions of a data directory.

use std::path::{Path, PathBuf};

use crate::{Error, Meta, database};

/// Returns every session below `<data_dir>/sessions`, in the order of their directories' names.
///
/// One that cannot be read is in the list with the reason; the others are not affected. A data directory without
/// sessions gives an empty list. Nothing is taken over or changed.
pub fn sessions(data_dir: &Path) -> Vec<(PathBuf, Result<Meta, Error>)> {
    let dir = data_dir.join("sessions");
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![(dir.clone(), Err(Error::io(&dir, "read", error)))],
    };
    let mut dirs: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| !hidden(entry))
        .map(|entry| entry.path())
        .collect();
    dirs.sort();
    dirs.into_iter().map(|dir| (dir.clone(), read(&dir))).collect()
}

/// A session that was still being created when its process ended.
fn hidden(entry: &std::fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn read(dir: &Path) -> Result<Meta, Error> {
    let path = database::find(dir)?;
    let connection = database::open_to_read(&path)?;
    database::check_format(&connection, &path)?;
    Meta::read(&connection, &path)
}
