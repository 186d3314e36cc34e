//! Looks through directories that an agent, or nobody known, has written: links are never followed, nothing but plain
//! files is opened.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

/// How deep directories may be nested.
const MAX_DEPTH: usize = 12;

/// How many things are looked at.
const MAX_ENTRIES: usize = 200_000;

/// Something below the directory.
#[derive(Debug)]
pub(super) enum Found {
    /// A plain file, open to be read.
    File {
        /// Its path below the directory, with `/` between components.
        path: String,
        /// The file.
        file: File,
    },
    /// Something else than a plain file or a directory, or something that cannot be read.
    Odd {
        /// Its path below the directory.
        path: String,
        /// What it is, as a clause.
        reason: String,
    },
}

/// Tells `each` of everything below `dir`, in the order of names; directories for which `enter` says no are passed by.
///
/// # Errors
///
/// Those of `each`, and a sentence if `dir` cannot be read or has too much in it. A directory that is not there is empty.
pub(super) fn walk(
    dir: &Path,
    enter: &dyn Fn(&str) -> bool,
    each: &mut dyn FnMut(Found) -> Result<(), String>,
) -> Result<(), String> {
    let failed = |error: rustix::io::Errno| format!("{} cannot be read: {error}.", dir.display());
    let top = match rustix::fs::open(dir, DIR, Mode::empty()) {
        Ok(top) => top,
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut walk = Walk {
        enter,
        each,
        entries: 0,
    };
    walk.directory(&top, "", 0)
        .map_err(|error| error.unwrap_or_else(|| format!("{} has too many files in it.", dir.display())))
}

const DIR: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

struct Walk<'a> {
    enter: &'a dyn Fn(&str) -> bool,
    each: &'a mut dyn FnMut(Found) -> Result<(), String>,
    entries: usize,
}

/// Why a walk ended; nothing if there is too much.
type Ended = Option<String>;

impl Walk<'_> {
    fn directory(&mut self, dir: &OwnedFd, above: &str, depth: usize) -> Result<(), Ended> {
        for name in names(dir) {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(None);
            }
            let shown = String::from_utf8_lossy(&name);
            let path = if above.is_empty() {
                shown.into_owned()
            } else {
                format!("{above}/{shown}")
            };
            if str::from_utf8(&name).is_err() {
                self.odd(path, "its name is not text")?;
                continue;
            }
            self.entry(dir, &name, path, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, dir: &OwnedFd, name: &[u8], path: String, depth: usize) -> Result<(), Ended> {
        let Ok(stat) = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) else {
            // It has gone away since.
            return Ok(());
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if !(self.enter)(&path) => Ok(()),
            FileType::Directory if depth >= MAX_DEPTH => self.odd(path, "directories are nested too deeply"),
            FileType::Directory => match rustix::fs::openat(dir, name, DIR, Mode::empty()) {
                Ok(below) => self.directory(&below, &path, depth + 1),
                Err(error) => self.odd(path, &format!("it cannot be opened: {error}")),
            },
            FileType::RegularFile => match plain(dir, name) {
                Ok(file) => (self.each)(Found::File { path, file }).map_err(Some),
                Err(error) => self.odd(path, &format!("it cannot be opened: {error}")),
            },
            FileType::Symlink => self.odd(path, "it is a symbolic link"),
            _ => self.odd(path, "it is a pipe, a socket or a device"),
        }
    }

    fn odd(&mut self, path: String, reason: &str) -> Result<(), Ended> {
        let reason = reason.to_owned();
        (self.each)(Found::Odd { path, reason }).map_err(Some)
    }
}

fn plain(dir: &OwnedFd, name: &[u8]) -> std::io::Result<File> {
    let file = File::from(rustix::fs::openat(dir, name, FILE, Mode::empty())?);
    let meta = file.metadata()?;
    if meta.is_file() && meta.nlink() == 1 {
        Ok(file)
    } else {
        Err(std::io::Error::other("it is not a plain file with one name"))
    }
}

/// Returns the sorted names in a directory; none if it cannot be read.
fn names(dir: &OwnedFd) -> Vec<Vec<u8>> {
    let entries = Dir::read_from(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_bytes().to_vec());
    let mut names: Vec<Vec<u8>> = names.filter(|name| name != b"." && name != b"..").collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_never_followed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("in/a/b")).unwrap();
        std::fs::create_dir_all(at("in/skipped")).unwrap();
        std::fs::write(at("secret"), "s").unwrap();
        for file in ["in/a/b/deep", "in/plain", "in/skipped/file"] {
            std::fs::write(at(file), "x").unwrap();
        }
        symlink(at("secret"), at("in/link")).unwrap();
        symlink(dir.path(), at("in/up")).unwrap();
        std::fs::hard_link(at("secret"), at("in/twice")).unwrap();
        let mut seen = Vec::new();
        let enter = |path: &str| path != "skipped";
        walk(&at("in"), &enter, &mut |found| {
            seen.push(match found {
                Found::File { path, .. } => path,
                Found::Odd { path, .. } => format!("odd {path}"),
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, ["a/b/deep", "odd link", "plain", "odd twice", "odd up"]);
        walk(&at("none"), &enter, &mut |_| panic!("nothing is there")).unwrap();
        assert!(
            walk(&at("in/up"), &enter, &mut |_| Ok(())).is_err(),
            "a link as the directory itself"
        );
    }
}
