//! The changes of one file, each of which ends as it should or leaves everything as it was.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::directory::{self, Directory};
use super::error::At;
use super::{Displaced, LandError, Landed};

/// How often the user may save into a file that is being put back before that is given up.
const PATIENCE: usize = 1_000;

/// A change of one file in an open directory.
pub(super) struct Step<'a> {
    pub(super) dir: &'a Directory,
    pub(super) error: &'a At<'a>,
    /// Where displaced files go.
    pub(super) displaced: Option<&'a Path>,
}

impl Step<'_> {
    pub(super) fn exchange(&self, old: &[u8], new: &[u8], executable: Option<bool>) -> Result<Landed, LandError> {
        let (dir, error) = (self.dir, self.error);
        let Some((live, found)) = self.read_open(dir.name())? else {
            return Err(error.moved(None));
        };
        dir.check_writable(Some(&live), error)?;
        let mode = directory::mode(&live, executable).map_err(|source| error.io(source))?;
        if found == new {
            return self.change_mode(&live, mode);
        }
        if found != old {
            return Err(error.moved(Some(found)));
        }
        let temporary = dir.temporary().map_err(|errno| error.errno(errno))?;
        let written = write(&temporary.file, new)
            .and_then(|()| directory::copy_owner(&live, &temporary.file))
            .and_then(|()| directory::set_mode(&temporary.file, mode))
            .and_then(|()| temporary.file.sync_all());
        written.map_err(|source| error.io(source))?;
        // A save that has come since is likely to be seen here, before anything moves.
        match self.read_open(dir.name())? {
            Some((_, found)) if found == old => {}
            found => return Err(error.moved(found.map(|(_, bytes)| bytes))),
        }
        let inode = temporary.file.metadata().map_err(|source| error.io(source))?.ino();
        let name = temporary.ready().map_err(|errno| error.rename(errno))?;
        if let Err(errno) = dir.rename(&name, dir.name(), RenameFlags::EXCHANGE) {
            dir.discard(&name);
            return Err(error.rename(errno));
        }
        match self.verify(&name, old, new) {
            Ok(Verified::Landed(displaced)) => Ok(Landed::Displaced(self.take(&name, displaced, old))),
            Ok(Verified::Overwritten(displaced, found)) => Err(self.moved(found, self.take(&name, displaced, old))),
            Err(failed) => {
                let ours = Known {
                    inode,
                    content: new.to_vec(),
                };
                Err(self.put_back(&name, ours, failed))
            }
        }
    }

    /// Looks at what was displaced, and at what is in place. An error means that the two are to be exchanged again.
    fn verify(&self, name: &str, old: &[u8], new: &[u8]) -> Result<Verified, LandError> {
        // Looked at again after the sync: a save that had already found the file may write to it a moment later.
        for is_synced in [false, true] {
            if is_synced {
                self.dir.sync().map_err(|source| self.error.io(source))?;
            }
            match self.read_open(name)? {
                Some((displaced, found)) if found == old => {
                    if is_synced {
                        return Ok(match self.read_open(self.dir.name())? {
                            Some((_, found)) if found == new => Verified::Landed(displaced),
                            // The user has saved over what landed. That is newer.
                            found => Verified::Overwritten(displaced, found.map(|(_, bytes)| bytes)),
                        });
                    }
                }
                found => return Err(self.error.moved(found.map(|(_, bytes)| bytes))),
            }
        }
        Err(self.error.moved(None))
    }

    /// Exchanges the file at `name`, which is the user's, with the one in place, which has been `ours`.
    ///
    /// Should the user save again meanwhile, that is newer and stays: it goes on until what comes out of place is what
    /// was known to be there.
    fn put_back(&self, name: &str, ours: Known, failed: LandError) -> LandError {
        let ours_inode = ours.inode;
        let mut in_place = Some(ours);
        for _ in 0..PATIENCE {
            let aside = self.known(name).map(|(_, known)| known);
            match self.dir.rename(name, self.dir.name(), RenameFlags::EXCHANGE) {
                Ok(()) => {}
                // The file was removed since: then what was displaced is all there is.
                Err(Errno::NOENT) => match self.dir.rename(name, self.dir.name(), RenameFlags::NOREPLACE) {
                    Ok(()) => return failed,
                    Err(Errno::EXIST) => continue,
                    Err(_) => break,
                },
                Err(_) => break,
            }
            let _ = self.dir.sync();
            if let (Some((file, out)), Some(known)) = (self.known(name), &in_place)
                && out.inode == known.inode
                // What the user wrote to a file of theirs before a later save is reported late at most.
                && (out.inode != ours_inode || out.content == known.content)
            {
                return failed.with_displaced(self.take(name, file, &known.content));
            }
            in_place = aside;
        }
        self.error.kept(name)
    }

    /// Returns the file at `name` as it is now; `None` if it cannot be read.
    fn known(&self, name: &str) -> Option<(File, Known)> {
        let (file, content) = self.read_open(name).ok().flatten()?;
        let inode = file.metadata().ok()?.ino();
        Some((file, Known { inode, content }))
    }

    /// Changes the mode of a file in place, and looks whether it is that of the file that is there afterwards.
    fn change_mode(&self, live: &File, mode: u32) -> Result<Landed, LandError> {
        if directory::has_mode(live, mode) {
            return Ok(Landed::Already);
        }
        let changed = directory::set_mode(live, mode).and_then(|()| live.sync_all());
        changed.map_err(|source| self.error.io(source))?;
        match self.read_open(self.dir.name())? {
            Some((there, _)) if directory::has_mode(&there, mode) => Ok(Landed::Done),
            found => Err(self.error.moved(found.map(|(_, bytes)| bytes))),
        }
    }

    pub(super) fn create(
        &self,
        new: &[u8],
        executable: Option<bool>,
        permissions: Option<u32>,
    ) -> Result<Landed, LandError> {
        let (dir, error) = (self.dir, self.error);
        if let Some((live, found)) = self.read_open(dir.name())? {
            let mode = directory::mode(&live, executable).map_err(|source| error.io(source))?;
            return match found == new {
                true => self.change_mode(&live, mode),
                false => Err(error.moved(Some(found))),
            };
        }
        dir.check_writable(None, error)?;
        let temporary = dir.temporary().map_err(|errno| error.errno(errno))?;
        let executable = Some(executable == Some(true));
        let given = permissions.map(|mode| directory::with_executable(mode, executable));
        let written = given
            .map_or_else(|| directory::mode(&temporary.file, executable), Ok)
            .and_then(|mode| directory::set_mode(&temporary.file, mode))
            .and_then(|()| write(&temporary.file, new))
            .and_then(|()| temporary.file.sync_all());
        written.map_err(|source| error.io(source))?;
        let name = temporary.ready().map_err(|errno| error.rename(errno))?;
        if let Err(errno) = dir.rename(&name, dir.name(), RenameFlags::NOREPLACE) {
            dir.discard(&name);
            return Err(match errno {
                Errno::EXIST => error.moved(dir.read(dir.name()).ok().flatten()),
                other => error.rename(other),
            });
        }
        let seen = dir.sync().map_err(|source| error.io(source));
        match seen.and_then(|()| self.read_open(dir.name())) {
            Ok(Some((_, found))) if found == new => Ok(Landed::Done),
            // The user has saved over what landed, or removed it. That is newer.
            Ok(found) => Err(error.moved(found.map(|(_, bytes)| bytes))),
            Err(failed) => {
                self.take_back(new);
                Err(failed)
            }
        }
    }

    pub(super) fn remove(&self, old: &[u8]) -> Result<Landed, LandError> {
        let Some((live, found)) = self.read_open(self.dir.name())? else {
            return Ok(Landed::Already);
        };
        self.dir.check_writable(Some(&live), self.error)?;
        if found != old {
            return Err(self.error.moved(Some(found)));
        }
        self.take_out(old).map(Landed::Displaced)
    }

    pub(super) fn be_absent(&self) -> Result<Landed, LandError> {
        match self.read_open(self.dir.name())? {
            None => Ok(Landed::Already),
            Some((_, found)) => Err(self.error.moved(Some(found))),
        }
    }

    /// Takes the file with the content `old` out of place, and puts it back if it has another.
    fn take_out(&self, old: &[u8]) -> Result<Displaced, LandError> {
        let (dir, error) = (self.dir, self.error);
        let name = dir.set_aside().map_err(|errno| error.rename(errno))?;
        let look = || match self.read_open(&name)? {
            Some((file, found)) if found == old => Ok(file),
            found => Err(error.moved(found.map(|(_, bytes)| bytes))),
        };
        // Twice, for the same reason as in an exchange.
        let taken = look().and_then(|_| dir.sync().map_err(|source| error.io(source)));
        let seen = taken.and_then(|()| Ok((look()?, self.read_open(dir.name())?)));
        match seen {
            Ok((file, None)) => Ok(self.take(&name, file, old)),
            // The user has saved it again. That is newer.
            Ok((file, Some((_, found)))) => Err(self.moved(Some(found), self.take(&name, file, old))),
            Err(failed) => match dir.rename(&name, dir.name(), RenameFlags::NOREPLACE) {
                Ok(()) => {
                    let _ = dir.sync();
                    Err(failed)
                }
                Err(_) => Err(error.kept(&name)),
            },
        }
    }

    /// Removes a file that was created but is not sure to last, unless the user has saved over it.
    fn take_back(&self, new: &[u8]) {
        let Ok(name) = self.dir.set_aside() else { return };
        match self.read_open(&name) {
            Ok(Some((_, found))) if found == new => self.dir.discard(&name),
            _ => {
                if let Err(errno) = self.dir.rename(&name, self.dir.name(), RenameFlags::NOREPLACE) {
                    tracing::error!("A file that was saved while a change landed is in {name} now: {errno}.");
                }
            }
        }
    }

    fn take(&self, name: &str, file: File, known: &[u8]) -> Displaced {
        Displaced::take(self.dir, name, file, known, self.displaced)
    }

    fn moved(&self, found: Option<Vec<u8>>, displaced: Displaced) -> LandError {
        self.error.moved(found).with_displaced(displaced)
    }

    fn read_open(&self, name: &str) -> Result<Option<(File, Vec<u8>)>, LandError> {
        self.dir.read_open(name).map_err(|found| found.into_error(self.error))
    }
}

/// A file as it was found.
struct Known {
    inode: u64,
    content: Vec<u8>,
}

/// What an exchange has come to that need not be taken back. The file is the displaced one.
enum Verified {
    Landed(File),
    /// Something else is in place by now.
    Overwritten(File, Option<Vec<u8>>),
}

fn write(mut file: &File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)
}
