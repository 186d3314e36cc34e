//! Files for this user alone: written whole or not at all, and refused where others can read them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::Error;
use crate::secret::MAX_BYTES;

/// Writes a file so that after a crash either the old content is there or the new one.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let written = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = dir.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        File::open(dir)?.sync_all()
    };
    written().map_err(|error| Error::file(path, "written", error))
}

/// Reads a file; nothing if it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file(path, "read", error)),
    };
    let mut content = Zeroizing::new(Vec::new());
    let mut read = || -> io::Result<u32> {
        let mode = file.metadata()?.mode();
        (&mut file).take(MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
        Ok(mode)
    };
    match read() {
        Ok(mode) if mode & 0o077 != 0 => Err(Error::Exposed { path: path.to_owned() }),
        Ok(_) => Ok(Some(content)),
        Err(error) => Err(Error::file(path, "read", error)),
    }
}

/// Removes a file; true if it was there.
pub(crate) fn remove(path: &Path) -> Result<bool, Error> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file(path, "removed", error)),
    }
}
