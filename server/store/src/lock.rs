//! The lock that makes one process the owner of a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::{Error, file_system};

/// Held by the one process that owns a data directory; given up when dropped or when the process ends, however it ends.
///
/// The kernel owns the lock, so there is no stale one. Its file is closed in child processes, so that none of them keeps
/// the lock of an owner that is gone.
#[derive(Debug)]
pub struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    /// Takes the lock of a data directory, which is created if missing; `None` if another process has it.
    ///
    /// # Errors
    ///
    /// If the directory or the lock file cannot be made, or the file system cannot lock.
    pub fn acquire(data_dir: &Path) -> Result<Option<Self>, Error> {
        file_system::create_private_dir(data_dir)?;
        file_system::check(data_dir)?;
        let path = data_dir.join("owner.lock");
        // The standard library opens every file so that child processes do not inherit it.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = file.map_err(|error| Error::io(&path, "opened", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io(&path, "locked", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = OwnerLock::acquire(dir.path()).unwrap();
        assert!(held.is_some());
        assert!(OwnerLock::acquire(dir.path()).unwrap().is_none());
        drop(held);
        assert!(OwnerLock::acquire(dir.path()).unwrap().is_some());
    }

    #[test]
    fn a_child_process_does_not_keep_it() {
        let dir = tempfile::tempdir().unwrap();
        let held = OwnerLock::acquire(dir.path()).unwrap().unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        drop(held);
        let again = OwnerLock::acquire(dir.path()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(again.is_some());
    }

    #[test]
    fn the_data_directory_is_made_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        let _held = OwnerLock::acquire(&data).unwrap();
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(
            data.join("owner.lock").metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
