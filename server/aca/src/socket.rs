//! Where the owner of a data directory listens.

use std::env;
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, Failure};

/// The longest path a unix socket can have, in bytes, without the final zero.
const MAX_PATH: usize = 107;

/// Returns the path of the owner's socket, in a directory that only this user can enter, which is made if missing.
///
/// It is `$XDG_RUNTIME_DIR/aca/<digest of the data directory>.sock`, or `<data>/run/owner.sock` where there is no such
/// variable.
///
/// # Errors
///
/// When the directory cannot be made, belongs to someone else, or the path is too long for a socket.
pub(crate) fn path(data_dir: &Path) -> Result<PathBuf, Failure> {
    let runtime = env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute() && dir.is_dir());
    path_in(data_dir, runtime.as_deref())
}

fn path_in(data_dir: &Path, runtime: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match runtime {
        Some(runtime) => runtime.join("aca").join(format!("{}.sock", name(data_dir))),
        None => data_dir.join("run/owner.sock"),
    };
    if path.as_os_str().len() > MAX_PATH {
        let message = format!(
            "{} is too long for a socket (at most {MAX_PATH} bytes). Set XDG_RUNTIME_DIR or ACA_DATA_DIR to a shorter path.",
            path.display()
        );
        return Err(Failure::new(Exit::Unavailable, message));
    }
    if let Some(folder) = path.parent() {
        make_private(folder)?;
    }
    Ok(path)
}

fn name(data_dir: &Path) -> String {
    let data_dir = data_dir.canonicalize().unwrap_or_else(|_| data_dir.into());
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a directory that only this user can enter, or checks that it is one.
fn make_private(folder: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::while_doing(&format!("{} cannot be made", folder.display()), error))?;
    let metadata = fs::symlink_metadata(folder)
        .map_err(|error| Failure::while_doing(&format!("{} cannot be looked at", folder.display()), error))?;
    let is_private =
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0;
    if is_private {
        return Ok(());
    }
    let message = format!(
        "{} must be a directory that only you can enter, because sessions are served in it. Run: chmod 700 {0}",
        folder.display()
    );
    Err(Failure::new(Exit::Unavailable, message))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn places() {
        let dir = tempfile::tempdir().unwrap();
        let (data, runtime) = (dir.path().join("data"), dir.path().join("run"));
        fs::create_dir_all(&data).unwrap();
        fs::create_dir_all(&runtime).unwrap();
        let here = path_in(&data, Some(&runtime)).unwrap();
        assert_eq!(here.parent().unwrap(), runtime.join("aca"));
        assert_eq!(
            here,
            path_in(&dir.path().join("data/../data"), Some(&runtime)).unwrap(),
            "one directory, one socket"
        );
        assert_ne!(here, path_in(dir.path(), Some(&runtime)).unwrap());
        let there = path_in(&data, None).unwrap();
        assert_eq!(there, data.join("run/owner.sock"));
        assert_eq!(fs::metadata(there.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_others_can_enter_or_is_too_long_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("aca")).unwrap();
        fs::set_permissions(dir.path().join("aca"), fs::Permissions::from_mode(0o755)).unwrap();
        let open = path_in(dir.path(), Some(dir.path())).unwrap_err();
        assert!(open.message.contains("chmod 700"), "{}", open.message);
        let long = path_in(&dir.path().join("x".repeat(120)), None).unwrap_err();
        assert!(long.message.contains("too long for a socket"), "{}", long.message);
        assert_eq!(long.exit, Exit::Unavailable);
    }
}
