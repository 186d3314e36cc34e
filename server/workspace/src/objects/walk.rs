//! Reads a directory tree that a hostile program wrote. Links are never followed, nothing but plain files is opened.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode as Permissions, OFlags, Stat};

/// How deep directories may be nested.
const MAX_DEPTH: usize = 100;

/// What a walk has come upon.
pub(super) struct Found<'a> {
    /// Its path, relative to the root of the walk.
    pub(super) path: &'a str,
    pub(super) kind: FileType,
    pub(super) stat: Stat,
    dir: BorrowedFd<'a>,
    name: &'a str,
}

/// Whether a walk goes into a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    Yes,
    No,
}

/// Is told of everything in a tree.
pub(super) trait Visit {
    type Error;

    /// Something with an acceptable path.
    fn found(&mut self, found: &Found<'_>) -> Result<Into, Self::Error>;

    /// Something at `path` that is not looked at, and why. It and what is below it count as unchanged.
    fn refused(&mut self, path: &str, reason: &str);

    /// A name that is not accepted, with what can be said of it without opening it.
    fn odd(&mut self, path: &str, stat: Option<&Stat>, reason: &str);
}

impl Found<'_> {
    /// Reads a plain file of at most `max` bytes, as it is now.
    ///
    /// # Errors
    ///
    /// If it has become another kind of thing, or larger.
    pub(super) fn read(&self, max: u64) -> std::io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(self.dir, self.name, flags, Permissions::empty())?);
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is not a plain file any more"));
        }
        let mut bytes = Vec::new();
        file.take(max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max {
            return Err(std::io::Error::other("it is larger than it was"));
        }
        Ok(bytes)
    }

    /// Returns where a symbolic link points to.
    pub(super) fn target(&self) -> std::io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(self.dir, self.name, Vec::new())?.into_bytes())
    }
}

/// Walks the tree at `root`.
///
/// # Errors
///
/// The outer error is about `root` itself, the inner one is the visitor's.
pub(super) fn walk<V: Visit>(root: &Path, visitor: &mut V) -> std::io::Result<Result<(), V::Error>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = rustix::fs::open(root, flags, Permissions::empty())?;
    Ok(enter(dir, "", 0, visitor))
}

fn enter<V: Visit>(dir: OwnedFd, path: &str, depth: usize, visitor: &mut V) -> Result<(), V::Error> {
    let names = match names(&dir) {
        Ok(names) => names,
        Err(error) => {
            visitor.refused(path, &format!("the directory cannot be read: {error}"));
            return Ok(());
        }
    };
    for name in names {
        let shown = String::from_utf8_lossy(&name);
        let below = if path.is_empty() {
            shown.to_string()
        } else {
            format!("{path}/{shown}")
        };
        let stat = || rustix::fs::statat(&dir, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).ok();
        let Ok(name) = str::from_utf8(&name) else {
            visitor.odd(&below, stat().as_ref(), "its name is not UTF-8");
            continue;
        };
        if name == ".git" {
            if depth > 0 {
                visitor.refused(&below, "it is a repository inside the workspace");
            }
            continue;
        }
        if let Err(reason) = crate::paths::check_name(name) {
            visitor.odd(&below, stat().as_ref(), reason);
            continue;
        }
        visit(dir.as_fd(), name, &below, depth, visitor)?;
    }
    Ok(())
}

fn visit<V: Visit>(dir: BorrowedFd<'_>, name: &str, path: &str, depth: usize, visitor: &mut V) -> Result<(), V::Error> {
    let stat = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(error) => {
            visitor.refused(path, &format!("it cannot be examined: {error}"));
            return Ok(());
        }
    };
    let kind = FileType::from_raw_mode(stat.st_mode);
    let into = visitor.found(&Found {
        path,
        kind,
        stat,
        dir,
        name,
    })?;
    if kind != FileType::Directory || into == Into::No {
        return Ok(());
    }
    if depth >= MAX_DEPTH || path.len() > 3000 {
        visitor.refused(path, "directories are nested too deeply");
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(dir, name, flags, Permissions::empty()) {
        Ok(below) => enter(below, path, depth + 1, visitor),
        Err(error) => {
            visitor.refused(path, &format!("the directory cannot be opened: {error}"));
            Ok(())
        }
    }
}

/// Returns the sorted names in a directory.
fn names(dir: &OwnedFd) -> std::io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
