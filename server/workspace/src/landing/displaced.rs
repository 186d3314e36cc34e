//! What a landing took out of place, kept for a while: an editor that had the file open may still write to it.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use sha1::{Digest as _, Sha1};

use super::directory::Directory;

/// A file that was taken out of place, which no name in the workspace leads to any more.
///
/// A program that opened it before may write to it still, and believes that it has saved. So it is kept for some seconds
/// and looked at with [`Displaced::late_write`]. If it is dropped without [`Displaced::finish`], its file stays, and a
/// later [`super::recover()`] finds it.
#[derive(Debug)]
#[must_use = "what is written to it late would be lost"]
pub struct Displaced {
    held: Held,
    /// What the caller knows; `None` is nothing.
    known: Option<Content>,
}

/// What leads to a displaced file.
#[derive(Debug)]
enum Held {
    /// It has no name.
    Open(File),
    /// Its name. It is opened to be looked at and not kept open: a landing may displace thousands of files.
    Kept(PathBuf),
}

/// What tells one content from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    len: usize,
    hash: [u8; 20],
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        Self {
            len: bytes.len(),
            hash: Sha1::digest(bytes).into(),
        }
    }
}

impl Displaced {
    /// Moves a file out of the workspace, to `kept` if that is on the same file system. `known` is what needs no
    /// attention if it is all that is in the file.
    ///
    /// The other way the file has no name from now on. Then a write to it is seen only as long as this process lives.
    pub(super) fn take(dir: &Directory, name: &str, file: File, known: &[u8], kept: Option<&Path>) -> Self {
        let kept = kept.map(|kept| kept.join(name));
        let moved = kept.filter(|kept| dir.move_out(name, kept).is_ok());
        if moved.is_none()
            && let Err(error) = dir.unlink(name)
        {
            tracing::warn!("{name} is left over and cannot be removed: {error}.");
        }
        Self {
            held: moved.map_or(Held::Open(file), Held::Kept),
            known: Some(Content::of(known)),
        }
    }

    /// A file that an earlier process left at `path`. Its content is a late write unless it `is_known`.
    pub(super) fn left(mut file: File, path: PathBuf, is_known: impl Fn(&[u8]) -> bool) -> std::io::Result<Self> {
        let content = read(&mut file)?;
        Ok(Self {
            held: Held::Kept(path),
            known: is_known(&content).then(|| Content::of(&content)),
        })
    }

    /// Says whether the file had this content when it was displaced, or when it was last looked at.
    pub fn had(&self, content: &[u8]) -> bool {
        self.known == Some(Content::of(content))
    }

    /// Moves a file that an earlier process left in the workspace out of it.
    pub(super) fn move_to(&mut self, dir: &Path) {
        let Held::Kept(from) = &self.held else { return };
        let Some(to) = from.file_name().map(|name| dir.join(name)) else {
            return;
        };
        if rustix::fs::renameat_with(CWD, from, CWD, &to, RenameFlags::NOREPLACE).is_ok() {
            self.held = Held::Kept(to);
        }
    }

    /// Returns where the file is; none if it has no name.
    pub fn path(&self) -> Option<&Path> {
        match &self.held {
            Held::Open(_) => None,
            Held::Kept(path) => Some(path),
        }
    }

    /// Returns what is in the file, without a word on whether that is new.
    ///
    /// # Errors
    ///
    /// Those of reading the file.
    pub fn read(&mut self) -> std::io::Result<Vec<u8>> {
        match &mut self.held {
            Held::Open(file) => read(file),
            Held::Kept(path) => std::fs::read(path),
        }
    }

    /// Returns what was written to the file since it was displaced, or since this was last asked; `None` if nothing was.
    ///
    /// What it returns may be half of what a program is about to write. It is the caller's to keep.
    ///
    /// # Errors
    ///
    /// Those of reading the file.
    pub fn late_write(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let bytes = self.read()?;
        let content = Some(Content::of(&bytes));
        let is_known = std::mem::replace(&mut self.known, content) == content;
        Ok((!is_known).then_some(bytes))
    }

    /// Removes the file unless something was written to it late: that is returned, and is to be kept before this is
    /// called again.
    ///
    /// # Errors
    ///
    /// Those of the file system. The file stays then.
    pub fn finish(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(late) = self.late_write()? {
            return Ok(Some(late));
        }
        if let Held::Kept(path) = &self.held {
            let file = File::open(path)?;
            std::fs::remove_file(path)?;
            self.held = Held::Open(file);
        }
        // A write may have come just before the name went.
        self.late_write()
    }
}

fn read(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
