//! Reads the result of an attempt from the directory the agent worked on. Everything there is hostile.
//!
//! What is refused stays as it is in the base, so that a refusal never looks like a deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ChildStdin};

use rustix::fs::{FileType, Stat};
use sha1::{Digest as _, Sha1};

use super::checkout::{Checkout, Stamp};
use super::ignored::Ignored;
use super::tree::{Changes, Entry, Mode};
use super::walk::{self, Found, Into, Visit};
use super::{Error, Objects, Tree, git};

/// The largest changed file that is taken, in bytes.
pub const MAX_FILE_BYTES: u64 = 20 << 20;
/// How many bytes all changed files may have.
const MAX_CHANGED_BYTES: u64 = 500 << 20;
/// How many files and directories a result may have.
const MAX_ENTRIES: usize = 2_000_000;
/// How many refusals are listed one by one.
const MAX_REFUSED: usize = 200;

/// A result that is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The base with the agent's changes.
    pub tree: Tree,
    /// The paths that were not taken, each with the reason, as a clause.
    pub refused: Vec<(String, String)>,
}

impl Objects {
    /// Stores what the agent made of `base` in `dir`, which `checkout` describes as it was before.
    ///
    /// New files that the base ignores are left out, and so is a repository's own data. No program runs on `dir`.
    ///
    /// # Errors
    ///
    /// If there is more than can be reviewed, the directory is gone, or the store cannot be written.
    pub fn import_result(&self, base: &Tree, dir: &Path, checkout: &Checkout) -> Result<Imported, Error> {
        let entries = self.list(base)?;
        let ignored = self.ignored(&entries)?;
        let mut import = Import {
            objects: self,
            dir,
            known: checkout.tree() == base,
            checkout,
            dirs: dirs(&entries),
            base: &entries,
            ignored,
            ignored_below: None,
            repository: None,
            seen: BTreeSet::new(),
            changes: Changes::new(),
            refused: BTreeMap::new(),
            writer: None,
            entries: 0,
            bytes: 0,
        };
        walk::walk(dir, &mut import).map_err(|error| Error::io(dir, "read", error))??;
        import.finish(base)
    }
}

struct Import<'a> {
    objects: &'a Objects,
    dir: &'a Path,
    base: &'a BTreeMap<String, Entry>,
    /// The directories of the base.
    dirs: BTreeSet<&'a str>,
    checkout: &'a Checkout,
    /// Whether the checkout describes the base.
    known: bool,
    ignored: Ignored,
    /// A directory of the base that is ignored: what is new in it is left out.
    ignored_below: Option<String>,
    /// The nested repository that the walk came to last. The checkout has an empty directory in its place.
    repository: Option<String>,
    seen: BTreeSet<String>,
    changes: Changes,
    refused: BTreeMap<String, String>,
    writer: Option<Writer>,
    entries: usize,
    bytes: u64,
}

impl Visit for Import<'_> {
    type Error = Error;

    fn found(&mut self, found: &Found<'_>) -> Result<Into, Error> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(self.too_large(format!("it has more than {MAX_ENTRIES} files")));
        }
        if let Some(repository) = &self.repository
            && is_below(found.path, repository)
        {
            let repository = repository.clone();
            self.refused(
                &repository,
                "it is a nested repository, and what is in it cannot be reviewed yet",
            );
            return Ok(Into::No);
        }
        match found.kind {
            FileType::Directory => Ok(self.directory(found.path)),
            FileType::RegularFile => self.file(found).map(|()| Into::No),
            FileType::Symlink => {
                self.symlink(found);
                Ok(Into::No)
            }
            _ => {
                self.refused(found.path, "it is a pipe, a socket or a device");
                Ok(Into::No)
            }
        }
    }

    fn odd(&mut self, path: &str, stat: Option<&Stat>, reason: &str) {
        let stamp = stat.map(Stamp::of);
        if self.known && stamp.is_some() && self.checkout.stamp(path) == stamp.as_ref() {
            self.seen.insert(path.to_owned());
        } else {
            self.refused(path, reason);
        }
    }

    fn refused(&mut self, path: &str, reason: &str) {
        if !self.is_left_out(path, false) {
            self.refused.insert(path.to_owned(), reason.to_owned());
        }
    }
}

impl Import<'_> {
    fn directory(&mut self, path: &str) -> Into {
        match self.base.get(path).map(|entry| entry.mode) {
            Some(Mode::Repository) => {
                self.seen.insert(path.to_owned());
                self.repository = Some(path.to_owned());
                return Into::Yes;
            }
            Some(Mode::Symlink) => {
                self.refused(path, "a symbolic link was replaced by a directory");
                return Into::No;
            }
            Some(Mode::File | Mode::Executable) | None => {}
        }
        if !self.is_left_out(path, true) {
            return Into::Yes;
        }
        if self.dirs.contains(path) {
            if !self.is_below_ignored(path) {
                self.ignored_below = Some(path.to_owned());
            }
            return Into::Yes;
        }
        Into::No
    }

    fn file(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let (path, base) = (found.path, self.base.get(found.path));
        let executable = found.stat.st_mode & 0o100 != 0;
        if base.is_some_and(|entry| !entry.mode.is_file()) {
            self.refused(path, "a symbolic link or a nested repository was replaced by a file");
            return Ok(());
        }
        if base.is_none() && self.is_left_out(path, false) {
            return Ok(());
        }
        let unchanged = self.known && self.checkout.stamp(path) == Some(&Stamp::of(&found.stat));
        if unchanged && base.is_some_and(|entry| entry.mode == Mode::file(executable)) {
            self.seen.insert(path.to_owned());
            return Ok(());
        }
        let size = u64::try_from(found.stat.st_size).unwrap_or(u64::MAX);
        if size > MAX_FILE_BYTES {
            let reason = format!(
                "it has {} MiB, and a changed file may have {}",
                size >> 20,
                MAX_FILE_BYTES >> 20
            );
            self.refused(path, &reason);
            return Ok(());
        }
        match found.read(MAX_FILE_BYTES) {
            Ok(bytes) => self.take(path, executable, &bytes),
            Err(error) => {
                self.refused(path, &format!("it cannot be read: {error}"));
                Ok(())
            }
        }
    }

    fn take(&mut self, path: &str, executable: bool, bytes: &[u8]) -> Result<(), Error> {
        self.seen.insert(path.to_owned());
        let entry = Entry {
            mode: Mode::file(executable),
            oid: blob_oid(bytes),
        };
        let base = self.base.get(path);
        if base == Some(&entry) {
            return Ok(());
        }
        if base.is_none_or(|base| base.oid != entry.oid) {
            self.bytes += bytes.len() as u64;
            if self.bytes > MAX_CHANGED_BYTES {
                return Err(self.too_large(format!(
                    "its changed files have more than {} MiB",
                    MAX_CHANGED_BYTES >> 20
                )));
            }
            match &mut self.writer {
                Some(writer) => writer.write(self.objects, bytes)?,
                none => none.insert(Writer::start(self.objects)?).write(self.objects, bytes)?,
            }
        }
        self.changes.insert(path.to_owned(), Some(entry));
        Ok(())
    }

    /// Links are not reviewed yet; those of the base may stay as they are.
    fn symlink(&mut self, found: &Found<'_>) {
        let same = self.base.get(found.path).is_some_and(|entry| {
            entry.mode == Mode::Symlink && found.target().is_ok_and(|target| blob_oid(&target) == entry.oid)
        });
        if same {
            self.seen.insert(found.path.to_owned());
        } else {
            self.refused(
                found.path,
                "it is a new or changed symbolic link, which cannot be reviewed yet",
            );
        }
    }

    /// Whether a path that the base does not have is ignored.
    fn is_left_out(&self, path: &str, is_dir: bool) -> bool {
        !self.base.contains_key(path) && (self.is_below_ignored(path) || self.ignored.contains(path, is_dir))
    }

    fn is_below_ignored(&self, path: &str) -> bool {
        self.ignored_below.as_deref().is_some_and(|dir| is_below(path, dir))
    }

    fn finish(mut self, base: &Tree) -> Result<Imported, Error> {
        for (path, entry) in self.base {
            if self.seen.contains(path) || is_refused(&self.refused, path) {
                continue;
            }
            match entry.mode {
                Mode::File | Mode::Executable => {
                    self.changes.insert(path.clone(), None);
                }
                Mode::Symlink => {
                    self.refused.insert(
                        path.clone(),
                        "removing a symbolic link cannot be reviewed yet".to_owned(),
                    );
                }
                Mode::Repository => {}
            }
        }
        self.keep_refused();
        if let Some(writer) = self.writer.take() {
            writer.finish(self.objects)?;
        }
        let tree = self.objects.change(base, &self.changes)?;
        self.objects.git.sync()?;
        let more = self.refused.len().saturating_sub(MAX_REFUSED);
        let mut refused: Vec<_> = self.refused.into_iter().take(MAX_REFUSED).collect();
        if more > 0 {
            refused.push(("…".to_owned(), format!("{more} more were not taken")));
        }
        Ok(Imported { tree, refused })
    }

    /// What is refused stays as in the base, so nothing else can take its place or be below it.
    fn keep_refused(&mut self) {
        let kept: Vec<&String> = self
            .base
            .keys()
            .filter(|path| !self.changes.contains_key(*path) && is_refused(&self.refused, path))
            .collect();
        let blocked = |path: &String| kept.iter().any(|kept| is_below(path, kept) || is_below(kept, path));
        let blocked: Vec<String> = if kept.is_empty() {
            Vec::new()
        } else {
            self.changes.keys().filter(|path| blocked(path)).cloned().collect()
        };
        for path in blocked {
            self.changes.remove(&path);
            self.refused
                .insert(path, "it takes the place of something that is not taken".to_owned());
        }
    }

    fn too_large(&self, reason: String) -> Error {
        Error::ResultTooLarge {
            path: self.dir.to_owned(),
            reason,
        }
    }
}

/// Writes blobs as one pack.
struct Writer {
    child: Child,
    stdin: ChildStdin,
}

impl Writer {
    fn start(objects: &Objects) -> Result<Self, Error> {
        let mut import = objects.git.command("-c");
        import.args(["fastimport.unpackLimit=0", "fast-import", "--quiet", "--done"]);
        let mut child = git::spawn(&mut import)?;
        let stdin = child.stdin.take().ok_or_else(|| objects.git.answer("no pipe"))?;
        Ok(Self { child, stdin })
    }

    fn write(&mut self, objects: &Objects, bytes: &[u8]) -> Result<(), Error> {
        let mut write = || {
            write!(self.stdin, "blob\ndata {}\n", bytes.len())?;
            self.stdin.write_all(bytes)?;
            self.stdin.write_all(b"\n")
        };
        write().map_err(|error| Error::io(objects.git.dir(), "written to", error))
    }

    fn finish(mut self, objects: &Objects) -> Result<(), Error> {
        let ended = self.stdin.write_all(b"done\n");
        drop(self.stdin);
        let output = self
            .child
            .wait_with_output()
            .map_err(|source| Error::NoGit { source })?;
        if output.status.success() && ended.is_ok() {
            return Ok(());
        }
        Err(objects.git.failure(&objects.git.command("fast-import"), &output))
    }
}

/// Returns the name git gives to a blob.
fn blob_oid(bytes: &[u8]) -> String {
    let mut sha = Sha1::new();
    sha.update(format!("blob {}\0", bytes.len()));
    sha.update(bytes);
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dirs(entries: &BTreeMap<String, Entry>) -> BTreeSet<&str> {
    let mut dirs = BTreeSet::new();
    for path in entries.keys() {
        let mut path = path.as_str();
        while let Some((dir, _)) = path.rsplit_once('/') {
            if !dirs.insert(dir) {
                break;
            }
            path = dir;
        }
    }
    dirs
}

/// Whether `path` or a directory above it was refused; an unreadable root is the empty path.
fn is_refused(refused: &BTreeMap<String, String>, path: &str) -> bool {
    let mut dir = Some(path);
    while let Some(path) = dir {
        if refused.contains_key(path) {
            return true;
        }
        dir = path.rsplit_once('/').map(|(dir, _)| dir);
    }
    refused.contains_key("")
}

fn is_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}
