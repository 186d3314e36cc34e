//! Lands content in closed files of the user, so that no save of theirs is lost whenever it comes.
//!
//! A file is put into place by exchanging it with the one there (`renameat2`), and then the displaced one is looked at:
//! if it is not what was expected, the user saved in between, and the two are exchanged back. Between reading and
//! renaming there is no moment in which a save can vanish. Symbolic links are never followed.

mod directory;
mod error;
mod sweep;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use rustix::fs::RenameFlags;
use rustix::io::Errno;

pub use error::LandError;
pub use sweep::sweep;

use directory::Directory;

/// What the user's file is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect<'a> {
    /// A file with this content.
    Bytes(&'a [u8]),
    /// Not there.
    Absent,
}

/// What the user's file is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New<'a> {
    /// A file with this content.
    Bytes {
        /// The content.
        bytes: &'a [u8],
        /// Whether it is executable; `None` leaves that as it is.
        executable: Option<bool>,
    },
    /// Not there.
    Remove,
}

/// Makes the file at `path`, relative to `root`, what `new` says if it is what `expect` says.
///
/// When this returns `Ok`, the change is durable and has been seen in place. Directories missing above a new file are
/// made, those empty above a removed one go away, as git has it. Mode, owner and extended attributes are kept as far as this process may.
///
/// # Errors
///
/// [`LandError::Moved`] if the file is something else by now; compute the change anew. All others need a person. After
/// an error the user's file has the user's content.
pub fn replace(root: &Path, path: &str, expect: Expect<'_>, new: New<'_>) -> Result<(), LandError> {
    let file = root.join(path);
    let error = LandError::at(&file);
    crate::paths::check(path).map_err(LandError::Path)?;
    let create = expect == Expect::Absent && new != New::Remove;
    let mut dir = match Directory::open(root, path, create) {
        Ok(Some(dir)) => dir,
        Ok(None) if (expect, new) == (Expect::Absent, New::Remove) => return Ok(()),
        Ok(None) => {
            return Err(LandError::Moved {
                path: file,
                found: None,
            });
        }
        Err(errno) => return Err(error.errno(errno)),
    };
    let landed = match (expect, new) {
        (Expect::Bytes(old), New::Bytes { bytes, executable }) => exchange(&dir, &error, old, bytes, executable),
        (Expect::Absent, New::Bytes { bytes, executable }) => create_new(&dir, &error, bytes, executable == Some(true)),
        (Expect::Bytes(old), New::Remove) => remove(&dir, &error, old).inspect(|()| dir.remove_empty(path)),
        (Expect::Absent, New::Remove) => match dir.read(dir.name()) {
            Ok(None) => Ok(()),
            Ok(found) => Err(error.moved(found)),
            Err(found) => Err(found.into_error(&error)),
        },
    };
    if landed.is_err() {
        dir.remove_created();
    }
    landed
}

fn exchange(
    dir: &Directory,
    error: &error::At<'_>,
    old: &[u8],
    new: &[u8],
    executable: Option<bool>,
) -> Result<(), LandError> {
    let live = dir.open_file(dir.name()).map_err(|found| found.into_error(error))?;
    let Some(live) = live else {
        return Err(error.moved(None));
    };
    dir.check_writable(Some(&live), error)?;
    let mode = directory::mode(&live, executable).map_err(|source| error.io(source))?;
    if expected(dir, error, dir.name(), old)? && old == new {
        return change_mode(dir, error, &live, mode);
    }
    let temporary = dir.temporary().map_err(|errno| error.errno(errno))?;
    let written = write(&temporary.file, new)
        .and_then(|()| directory::copy_owner(&live, &temporary.file))
        .and_then(|()| directory::set_mode(&temporary.file, mode))
        .and_then(|()| temporary.file.sync_all());
    written.map_err(|source| error.io(source))?;
    expected(dir, error, dir.name(), old)?;
    dir.rename(&temporary.name, dir.name(), RenameFlags::EXCHANGE)
        .map_err(|errno| error.rename(errno))?;
    // Looked at again after the sync: a save that had already found the file may write to it a moment later.
    for look in [Look::Now, Look::AfterSync] {
        if look == Look::AfterSync {
            dir.sync().map_err(|source| error.io(source))?;
        }
        let displaced = dir.read(&temporary.name).ok().flatten();
        if displaced.as_deref() != Some(old) {
            return put_back(dir, error, temporary, new, displaced);
        }
    }
    seen(dir, error, new)
}

/// Changes the mode of a file in place, and looks whether it is that of the file that is there afterwards.
fn change_mode(dir: &Directory, error: &error::At<'_>, live: &File, mode: u32) -> Result<(), LandError> {
    if !directory::has_mode(live, mode) {
        let changed = directory::set_mode(live, mode).and_then(|()| live.sync_all());
        changed.map_err(|source| error.io(source))?;
    }
    match dir.open_file(dir.name()).map_err(|found| found.into_error(error))? {
        Some(there) if directory::has_mode(&there, mode) => Ok(()),
        _ => Err(error.moved(dir.read(dir.name()).ok().flatten())),
    }
}

#[derive(PartialEq, Eq)]
enum Look {
    Now,
    AfterSync,
}

/// The user saved just before the exchange. What they saved goes back into place.
///
/// Should they save again meanwhile, that is newer and stays: it goes on until what comes out of place is what was
/// known to be there.
fn put_back(
    dir: &Directory,
    error: &error::At<'_>,
    temporary: directory::Temporary<'_>,
    new: &[u8],
    displaced: Option<Vec<u8>>,
) -> Result<(), LandError> {
    let mut in_place = Some(new.to_vec());
    let mut aside = displaced.clone();
    loop {
        match dir.rename(&temporary.name, dir.name(), RenameFlags::EXCHANGE) {
            Ok(()) => {}
            // The file was removed since: then what was displaced is all there is.
            Err(Errno::NOENT) => {
                let name = temporary.keep();
                dir.rename(&name, dir.name(), RenameFlags::NOREPLACE)
                    .map_err(|_| error.kept(&name))?;
                return Err(error.moved(displaced));
            }
            Err(_) => return Err(error.kept(&temporary.keep())),
        }
        if dir.read(&temporary.name).ok().flatten() == in_place {
            dir.sync().map_err(|source| error.io(source))?;
        }
        let found = dir.read(&temporary.name).ok().flatten();
        if found == in_place {
            return Err(error.moved(displaced));
        }
        in_place = std::mem::replace(&mut aside, found);
    }
}

fn create_new(dir: &Directory, error: &error::At<'_>, new: &[u8], executable: bool) -> Result<(), LandError> {
    dir.check_writable(None, error)?;
    if let Some(found) = dir.read(dir.name()).map_err(|found| found.into_error(error))? {
        return Err(error.moved(Some(found)));
    }
    let temporary = dir.temporary().map_err(|errno| error.errno(errno))?;
    let written = directory::mode(&temporary.file, Some(executable))
        .and_then(|mode| directory::set_mode(&temporary.file, mode))
        .and_then(|()| write(&temporary.file, new))
        .and_then(|()| temporary.file.sync_all());
    written.map_err(|source| error.io(source))?;
    match dir.rename(&temporary.name, dir.name(), RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(error.moved(dir.read(dir.name()).ok().flatten())),
        Err(errno) => return Err(error.rename(errno)),
    }
    dir.sync().map_err(|source| error.io(source))?;
    seen(dir, error, new)
}

fn remove(dir: &Directory, error: &error::At<'_>, old: &[u8]) -> Result<(), LandError> {
    let live = dir.open_file(dir.name()).map_err(|found| found.into_error(error))?;
    let Some(live) = live else {
        return Err(error.moved(None));
    };
    dir.check_writable(Some(&live), error)?;
    expected(dir, error, dir.name(), old)?;
    let aside = dir.set_aside().map_err(|errno| error.rename(errno))?;
    // Twice, for the same reason as in an exchange.
    for _ in 0..2 {
        let found = dir.read(&aside).ok().flatten();
        if found.as_deref() != Some(old) {
            dir.rename(&aside, dir.name(), RenameFlags::NOREPLACE)
                .map_err(|_| error.kept(&aside))?;
            return Err(error.moved(found));
        }
        dir.sync().map_err(|source| error.io(source))?;
    }
    dir.unlink(&aside).map_err(|errno| error.errno(errno))?;
    dir.sync().map_err(|source| error.io(source))?;
    match dir.read(dir.name()) {
        Ok(None) => Ok(()),
        found => Err(error.moved(found.ok().flatten())),
    }
}

/// Checks that a file has the content that is expected of it.
fn expected(dir: &Directory, error: &error::At<'_>, name: &str, old: &[u8]) -> Result<bool, LandError> {
    match dir.read(name).map_err(|found| found.into_error(error))? {
        Some(found) if found == old => Ok(true),
        found => Err(error.moved(found)),
    }
}

/// Checks that what was landed is what is there.
fn seen(dir: &Directory, error: &error::At<'_>, new: &[u8]) -> Result<(), LandError> {
    expected(dir, error, dir.name(), new).map(drop)
}

fn write(mut file: &File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)
}

#[cfg(test)]
mod tests;
