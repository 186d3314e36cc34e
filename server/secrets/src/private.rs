//! Private permissions: others cannot enter the data directory, nor the parts of it that hold secrets.
//!
//! There is no umask for the whole process: it would make files private that land in the user's workspace, and those
//! that a container reads.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::Error;

/// What others may not do.
const OTHERS: u32 = 0o077;

/// Something that others could read, and cannot any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The file or directory.
    pub path: PathBuf,
    /// Its permissions before.
    pub mode: u32,
}

/// Sees that others can neither enter a data directory nor read the parts of it that hold secrets, and returns what it
/// had to mend. A directory that nobody else can enter keeps everything inside from them.
///
/// # Errors
///
/// If one of them belongs to another user or cannot be mended. What is not there is fine.
pub fn keep_private(data_dir: &Path) -> Result<Vec<Mended>, Error> {
    let mut mended = Vec::new();
    for part in ["", "secrets", "sessions", "logs", "trash"] {
        let path = if part.is_empty() {
            data_dir.to_owned()
        } else {
            data_dir.join(part)
        };
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::file(&path, "looked at", error)),
        };
        if meta.uid() != rustix::process::geteuid().as_raw() {
            let other = io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user");
            return Err(Error::file(&path, "used", other));
        }
        let mode = meta.mode() & 0o7777;
        if !meta.is_dir() || mode & OTHERS == 0 {
            continue;
        }
        std::fs::set_permissions(&path, Permissions::from_mode(mode & !OTHERS))
            .map_err(|error| Error::file(&path, "made private", error))?;
        mended.push(Mended { path, mode });
    }
    Ok(mended)
}
