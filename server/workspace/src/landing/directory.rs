//! The directory of a file that something lands in, held open: what is done by name is done in it and nowhere else.

use std::fs::{File, Permissions};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Gid, Mode, OFlags, RenameFlags, ResolveFlags, Uid, XattrFlags};
use rustix::io::Errno;

use super::LandError;
use super::error::At;
use super::names::{self, Stage};

/// Any bit that lets someone write.
const WRITABLE: u32 = 0o222;

pub(super) struct Directory {
    root: OwnedFd,
    fd: OwnedFd,
    /// Of the file, relative to the root.
    path: String,
    name: String,
    /// Directories that were made, outermost first.
    created: Vec<String>,
}

/// A new file in the directory, removed when dropped.
pub(super) struct Temporary<'a> {
    dir: &'a Directory,
    name: String,
    pub(super) file: File,
}

/// What is there instead of a plain file.
pub(super) enum Odd {
    NotAFile,
    HardLinks,
    Errno(Errno),
}

impl Directory {
    /// Opens the directory of `path` below `root`; `None` if it is not there and not to be created.
    pub(super) fn open(root: &Path, path: &str, create: bool) -> Result<Option<Self>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
        let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
        let mut created = Vec::new();
        let fd = match open_below(&root, parent) {
            Err(Errno::NOENT) if create => make(&root, parent, &mut created)?,
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        Ok(Some(Self {
            root,
            fd,
            path: path.to_owned(),
            name: name.to_owned(),
            created,
        }))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Opens a plain file for reading; `None` if there is nothing.
    pub(super) fn open_file(&self, name: &str) -> Result<Option<File>, Odd> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NXIO) => return Err(Odd::NotAFile),
            Err(errno) => return Err(Odd::Errno(errno)),
        };
        let meta = file.metadata().map_err(|error| Odd::from(&error))?;
        match meta.nlink() {
            _ if !meta.is_file() => Err(Odd::NotAFile),
            0 | 1 => Ok(Some(file)),
            _ => Err(Odd::HardLinks),
        }
    }

    /// Returns the content of a plain file; `None` if there is nothing.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Odd> {
        Ok(self.read_open(name)?.map(|(_, bytes)| bytes))
    }

    /// Returns a plain file and its content; `None` if there is nothing.
    pub(super) fn read_open(&self, name: &str) -> Result<Option<(File, Vec<u8>)>, Odd> {
        let Some(mut file) = self.open_file(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| Odd::from(&error))?;
        Ok(Some((file, bytes)))
    }

    /// Checks that neither the directory nor the file says that it is not to be changed. Even root heeds it.
    pub(super) fn check_writable(&self, file: Option<&File>, error: &At<'_>) -> Result<(), LandError> {
        let dir = rustix::fs::fstat(&self.fd).map_err(|errno| error.errno(errno))?;
        let file_mode = file.map(|file| file.metadata().map(|meta| meta.mode())).transpose();
        let file_mode = file_mode.map_err(|source| error.io(source))?.unwrap_or(WRITABLE);
        if dir.st_mode & WRITABLE == 0 || file_mode & WRITABLE == 0 {
            return Err(error.read_only());
        }
        let may_write = |name: &str| match rustix::fs::accessat(&self.fd, name, Access::WRITE_OK, AtFlags::EACCESS) {
            // An editor is about to replace it. Whether it is still as expected is looked at later.
            Err(Errno::NOENT) => Ok(()),
            other => other,
        };
        let file_access = if file.is_some() { may_write(&self.name) } else { Ok(()) };
        may_write(".").and(file_access).map_err(|errno| error.errno(errno))
    }

    /// Makes an empty file.
    pub(super) fn temporary(&self) -> Result<Temporary<'_>, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = names::unused(&self.path, Stage::Unfinished);
        let fd = rustix::fs::openat(&self.fd, name.as_str(), flags, Mode::from_raw_mode(0o666))?;
        Ok(Temporary {
            dir: self,
            name,
            file: File::from(fd),
        })
    }

    /// Renames the file to a name that nothing has, and returns that.
    pub(super) fn set_aside(&self) -> Result<String, Errno> {
        let name = names::unused(&self.path, Stage::Ready);
        self.rename(&self.name, &name, RenameFlags::NOREPLACE)?;
        Ok(name)
    }

    /// Renames a file to one outside of this directory.
    pub(super) fn move_out(&self, name: &str, to: &Path) -> Result<(), Errno> {
        rustix::fs::renameat_with(&self.fd, name, CWD, to, RenameFlags::NOREPLACE)
    }

    pub(super) fn rename(&self, from: &str, to: &str, flags: RenameFlags) -> Result<(), Errno> {
        rustix::fs::renameat_with(&self.fd, from, &self.fd, to, flags)
    }

    pub(super) fn unlink(&self, name: &str) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())
    }

    /// Removes a file that holds nothing of the user's.
    pub(super) fn discard(&self, name: &str) {
        if let Err(error) = self.unlink(name) {
            tracing::warn!("{name} is left over and cannot be removed: {error}.");
        }
    }

    /// Makes names durable: in the directory, and in those above that got a new one.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        rustix::fs::fsync(&self.fd)?;
        for created in &self.created {
            let parent = created.rsplit_once('/').map_or(".", |(parent, _)| parent);
            rustix::fs::fsync(open_below(&self.root, parent)?)?;
        }
        Ok(())
    }

    /// Removes the directories above the file at `path` that it leaves empty. One that cannot be removed stays.
    pub(super) fn remove_empty(&self, path: &str) {
        let mut below = path;
        while let Some((dir, _)) = below.rsplit_once('/') {
            let (parent, name) = dir.rsplit_once('/').unwrap_or((".", dir));
            let removed = open_below(&self.root, parent)
                .and_then(|parent| rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR));
            if removed.is_err() {
                return;
            }
            below = dir;
        }
    }

    /// Removes the directories that were made for nothing; one that is used by now stays.
    pub(super) fn remove_created(&mut self) {
        while let Some(dir) = self.created.pop() {
            if rustix::fs::unlinkat(&self.root, dir.as_str(), AtFlags::REMOVEDIR).is_err() {
                return;
            }
        }
    }
}

impl Temporary<'_> {
    /// Gives the file, which is complete now, a name that says so, and returns that. From here on it is not removed.
    pub(super) fn ready(mut self) -> Result<String, Errno> {
        let name = names::unused(&self.dir.path, Stage::Ready);
        self.dir.rename(&self.name, &name, RenameFlags::NOREPLACE)?;
        self.name.clear();
        Ok(name)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            self.dir.discard(&self.name);
        }
    }
}

impl Odd {
    pub(super) fn into_error(self, error: &At<'_>) -> LandError {
        match self {
            Self::NotAFile => error.not_a_file(),
            Self::HardLinks => error.hard_links(),
            Self::Errno(errno) => error.errno(errno),
        }
    }
}

impl From<&std::io::Error> for Odd {
    fn from(error: &std::io::Error) -> Self {
        Self::Errno(Errno::from_io_error(error).unwrap_or(Errno::IO))
    }
}

/// Returns the permissions that a file is to have.
pub(super) fn mode(file: &File, executable: Option<bool>) -> std::io::Result<u32> {
    Ok(with_executable(file.metadata()?.mode(), executable))
}

/// Returns permissions, made executable for those who may read, or for nobody, where they do not say so already.
pub(super) fn with_executable(mode: u32, executable: Option<bool>) -> u32 {
    let mode = mode & 0o777;
    match executable {
        Some(true) if mode & 0o100 == 0 => mode | ((mode & 0o444) >> 2),
        Some(false) => mode & !0o111,
        _ => mode,
    }
}

pub(super) fn has_mode(file: &File, mode: u32) -> bool {
    file.metadata().is_ok_and(|meta| meta.mode() & 0o777 == mode)
}

pub(super) fn set_mode(file: &File, mode: u32) -> std::io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// Copies owner, group and extended attributes as far as this process may.
pub(super) fn copy_owner(from: &File, to: &File) -> std::io::Result<()> {
    let meta = from.metadata()?;
    let owner = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
    // Who may not give a file away keeps its own.
    let _ = rustix::fs::fchown(to, Some(owner.0), Some(owner.1));
    let mut names = vec![0; 65_536];
    let Ok(len) = rustix::fs::flistxattr(from, &mut names[..]) else {
        return Ok(());
    };
    names.truncate(len);
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 65_536];
        if let Ok(len) = rustix::fs::fgetxattr(from, name, &mut value[..]) {
            value.truncate(len);
            let _ = rustix::fs::fsetxattr(to, name, &value, XattrFlags::empty());
        }
    }
    Ok(())
}

fn open_below(root: &OwnedFd, path: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, path, flags, Mode::empty(), resolve)
}

/// Makes a directory and those missing above it.
fn make(root: &OwnedFd, path: &str, created: &mut Vec<String>) -> Result<OwnedFd, Errno> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for dir in ends.filter_map(|end| path.get(..end)) {
        let (parent, name) = dir.rsplit_once('/').unwrap_or((".", dir));
        let parent = open_below(root, parent)?;
        match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => created.push(dir.to_owned()),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    open_below(root, path)
}
