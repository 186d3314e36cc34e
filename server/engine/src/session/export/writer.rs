//! Writes the files of a package: hashed and listed as they are written, without the secrets in what is text, and in
//! place only when all of it is there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aca_protocol::session::ExportSessionResult;
use aca_redact::Redactor;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::Error;
use crate::session::package::{FORMAT, LeftOut, ListedFile, Manifest, Redacted, Redactions, is_path, names};

/// The longest line that is looked through for secrets, in bytes; longer ones are left out with their file.
const MAX_LINE: u64 = 64 << 20;

/// So much of a file is looked at to tell whether it is text, in bytes.
const HEAD: usize = 8 << 10;

/// What the redactor puts in the place of a secret begins so.
const MARK: &[u8] = b"[redacted";

/// A package that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    /// Where it is written, beside where it will be.
    dir: TempDir,
    to: PathBuf,
    redactor: Redactor,
    files: BTreeMap<String, ListedFile>,
    redactions: Redactions,
}

/// What a file holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Json,
    JsonLines,
    Text,
}

impl Writer {
    /// Begins a package that will be the directory `to`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if `to` exists already, or the directory around it does not.
    pub(super) fn new(to: &Path, redactor: Redactor) -> Result<Self, Error> {
        let shown = to.display();
        if to.symlink_metadata().is_ok() {
            return Err(Error::Invalid(format!(
                "{shown} exists already, and an export makes a new directory. Choose another name, or remove it first."
            )));
        }
        let above = to.parent().filter(|_| to.is_absolute() && to.file_name().is_some());
        let above = above.filter(|above| above.is_dir()).ok_or_else(|| {
            Error::Invalid(format!(
                "The directory that {shown} is to be made in does not exist. Make it first."
            ))
        })?;
        let dir = tempfile::Builder::new().prefix(".aca-export-").tempdir_in(above);
        let dir = dir.map_err(|error| unwritten(above, &error))?;
        Ok(Self {
            dir,
            to: to.to_owned(),
            redactor,
            files: BTreeMap::new(),
            redactions: Redactions::default(),
        })
    }

    /// Writes a value of ours as JSON, without the secrets in it.
    pub(super) fn json(&mut self, path: &str, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value);
        let text = text.map_err(|error| Error::internal("Encoding a part of an export", error))? + "\n";
        self.content(path, text.as_bytes())
    }

    /// Writes a text that was made for the package, without the secrets in it.
    pub(super) fn content(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.copy(path, path, bytes)
    }

    /// Copies a file that was `origin`, without the secrets in it if it is text.
    ///
    /// A file that cannot be copied is left out, and the package says so.
    pub(super) fn copy(&mut self, path: &str, origin: &str, from: impl std::io::Read) -> Result<(), Error> {
        if !is_path(path) {
            self.leave_out(origin, "its name is not plain");
            return Ok(());
        }
        let mut out = self.create(path)?;
        let mut from = BufReader::with_capacity(HEAD, from);
        let is_text = match from.fill_buf() {
            Ok(head) => !head.contains(&0),
            Err(error) => return self.abandon(path, origin, &format!("it cannot be read: {error}")),
        };
        let copied = match Content::of(path) {
            _ if !is_text => out.take_all(&mut from, |bytes| Cow::Borrowed(bytes)),
            Content::Json => out.take_whole(&mut from, &self.redactor),
            Content::JsonLines => out.take_lines(&mut from, &self.redactor),
            Content::Text => out.take_stream(&mut from, &self.redactor),
        };
        match copied {
            Ok(()) => {}
            Err(Failed::Read(reason)) => return self.abandon(path, origin, &reason),
            Err(Failed::Write(error)) => return Err(unwritten(self.dir.path(), &error)),
        }
        if !is_text {
            self.redactions.not_text.push(path.to_owned());
        } else if out.secrets > 0 {
            let secrets = out.secrets;
            let path = path.to_owned();
            self.redactions.redacted.push(Redacted { path, secrets });
        }
        self.list(path, out)
    }

    /// Begins a file of JSON lines.
    pub(super) fn lines(&mut self, path: &str) -> Result<Lines, Error> {
        Ok(Lines {
            path: path.to_owned(),
            out: self.create(path)?,
            redactor: self.redactor.clone(),
        })
    }

    /// Ends a file of JSON lines.
    pub(super) fn end(&mut self, lines: Lines) -> Result<(), Error> {
        let Lines { path, out, .. } = lines;
        if out.secrets > 0 {
            self.redactions.redacted.push(Redacted {
                path: path.clone(),
                secrets: out.secrets,
            });
        }
        self.list(&path, out)
    }

    /// Has `write` write a file that is no text, then lists it.
    pub(super) fn binary(&mut self, path: &str, write: impl FnOnce(File) -> Result<(), Error>) -> Result<(), Error> {
        let mut out = self.create(path)?;
        let file = out
            .file
            .try_clone()
            .map_err(|error| unwritten(self.dir.path(), &error))?;
        write(file)?;
        let written = self.dir.path().join(path);
        let read = |out: &mut Out| {
            let mut from = BufReader::with_capacity(1 << 16, File::open(&written)?);
            loop {
                let chunk = from.fill_buf()?;
                if chunk.is_empty() {
                    return Ok::<_, std::io::Error>(());
                }
                let len = chunk.len();
                out.hash.update(chunk);
                out.bytes += len as u64;
                from.consume(len);
            }
        };
        read(&mut out).map_err(|error| unwritten(&written, &error))?;
        self.redactions.not_text.push(path.to_owned());
        self.list(path, out)
    }

    /// Says that something is not in the package.
    pub(super) fn leave_out(&mut self, path: &str, reason: &str) {
        let (path, reason) = (path.to_owned(), reason.to_owned());
        self.redactions.left_out.push(LeftOut { path, reason });
    }

    /// Puts the package in its place, durably.
    pub(super) fn finish(mut self) -> Result<ExportSessionResult, Error> {
        let redactions = std::mem::take(&mut self.redactions);
        self.json(names::REDACTIONS, &redactions)?;
        let manifest = Manifest {
            format: FORMAT,
            files: self.files.values().cloned().collect(),
        };
        self.json(names::MANIFEST, &manifest)?;
        let (files, bytes) = (
            self.files.len() as u64,
            self.files.values().map(|file| file.bytes).sum(),
        );
        let failed = |error: &std::io::Error| unwritten(&self.to, error);
        let top = File::open(self.dir.path()).map_err(|error| failed(&error))?;
        rustix::fs::syncfs(&top).map_err(|error| failed(&error.into()))?;
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            let moved = renameat_with(CWD, self.dir.path(), CWD, &self.to, RenameFlags::NOREPLACE);
            moved.map_err(|error| failed(&error.into()))?;
        }
        // It has another name now, so there is nothing to be removed under the old one.
        let _ = self.dir.keep();
        let above = self.to.parent().unwrap_or(&self.to);
        let synced = File::open(above).and_then(|dir| dir.sync_all());
        synced.map_err(|error| unwritten(above, &error))?;
        Ok(ExportSessionResult {
            path: self.to,
            files,
            bytes,
        })
    }

    fn create(&self, path: &str) -> Result<Out, Error> {
        let at = self.dir.path().join(path);
        let above = at.parent().unwrap_or(self.dir.path());
        let made = crate::session::private_dir(above);
        let file = made.and_then(|()| File::options().write(true).create_new(true).mode(0o600).open(&at));
        Ok(Out {
            file: file.map_err(|error| unwritten(&at, &error))?,
            hash: Sha256::new(),
            bytes: 0,
            secrets: 0,
        })
    }

    fn list(&mut self, path: &str, out: Out) -> Result<(), Error> {
        let listed = ListedFile {
            path: path.to_owned(),
            bytes: out.bytes,
            sha256: crate::session::hex(&out.hash.finalize()),
        };
        self.files.insert(path.to_owned(), listed);
        Ok(())
    }

    fn abandon(&mut self, path: &str, origin: &str, reason: &str) -> Result<(), Error> {
        let at = self.dir.path().join(path);
        std::fs::remove_file(&at).map_err(|error| unwritten(&at, &error))?;
        self.leave_out(origin, reason);
        Ok(())
    }
}

/// A file of JSON lines that is being written.
#[derive(Debug)]
pub(super) struct Lines {
    path: String,
    out: Out,
    redactor: Redactor,
}

impl Lines {
    /// Writes a value as the next line, without the secrets in it.
    pub(super) fn push(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(value);
        let text = text.map_err(|error| Error::internal("Encoding a part of an export", error))?;
        let clean = self.redactor.json(&text);
        let put = self.out.put(text.as_bytes(), clean.as_bytes());
        let put = put.and_then(|()| self.out.write_all(b"\n"));
        put.map_err(|error| unwritten(Path::new(&self.path), &error))
    }
}

/// A file of the package on its way.
#[derive(Debug)]
struct Out {
    file: File,
    hash: Sha256,
    bytes: u64,
    secrets: u64,
}

/// Why a file could not be copied.
enum Failed {
    /// It cannot be read, with the reason as a clause.
    Read(String),
    /// The copy cannot be written.
    Write(std::io::Error),
}

impl Out {
    fn take_all(
        &mut self,
        from: &mut impl std::io::BufRead,
        mut clean: impl FnMut(&[u8]) -> Cow<'_, [u8]>,
    ) -> Result<(), Failed> {
        loop {
            let chunk = from.fill_buf().map_err(|error| Failed::Read(unreadable(&error)))?;
            if chunk.is_empty() {
                return Ok(());
            }
            let len = chunk.len();
            let clean = clean(chunk);
            self.write_all(&clean).map_err(Failed::Write)?;
            from.consume(len);
        }
    }

    fn take_stream(&mut self, from: &mut impl std::io::BufRead, redactor: &Redactor) -> Result<(), Failed> {
        let mut stream = redactor.stream();
        let mut counted = Marks::default();
        self.take_all(from, |chunk| {
            let clean = stream.push(chunk);
            counted.see(chunk, &clean);
            Cow::Owned(clean)
        })?;
        let rest = stream.finish();
        counted.see(&[], &rest);
        self.secrets += counted.more();
        self.write_all(&rest).map_err(Failed::Write)
    }

    fn take_lines(&mut self, from: &mut impl std::io::BufRead, redactor: &Redactor) -> Result<(), Failed> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            match read.map_err(|error| Failed::Read(unreadable(&error)))? {
                0 => return Ok(()),
                read if read as u64 == MAX_LINE => return Err(Failed::Read("one of its lines is too long".to_owned())),
                _ => {}
            }
            let clean = clean(&line, redactor);
            self.put(&line, &clean).map_err(Failed::Write)?;
        }
    }

    fn take_whole(&mut self, from: &mut impl std::io::BufRead, redactor: &Redactor) -> Result<(), Failed> {
        let mut bytes = Vec::new();
        let read = from.by_ref().take(MAX_LINE + 1).read_to_end(&mut bytes);
        if read.map_err(|error| Failed::Read(unreadable(&error)))? as u64 > MAX_LINE {
            return Err(Failed::Read("it is too large".to_owned()));
        }
        let clean = clean(&bytes, redactor);
        self.put(&bytes, &clean).map_err(Failed::Write)
    }

    /// Writes what was made of `before`.
    fn put(&mut self, before: &[u8], clean: &[u8]) -> std::io::Result<()> {
        let mut counted = Marks::default();
        counted.see(before, clean);
        self.secrets += counted.more();
        self.write_all(clean)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Content {
    fn of(path: &str) -> Self {
        match path.rsplit_once('.') {
            Some((_, "json")) => Self::Json,
            Some((_, "jsonl" | "ndjson")) => Self::JsonLines,
            _ => Self::Text,
        }
    }
}

/// Counts what was put in the place of secrets: marks that the text has and had not.
#[derive(Debug, Default)]
struct Marks {
    before: u64,
    after: u64,
}

impl Marks {
    fn see(&mut self, before: &[u8], after: &[u8]) {
        let count = |text: &[u8]| text.windows(MARK.len()).filter(|window| *window == MARK).count() as u64;
        self.before += count(before);
        self.after += count(after);
    }

    fn more(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

/// Takes the secrets out of what is JSON, or else of what is text, or else of bytes.
fn clean<'a>(bytes: &'a [u8], redactor: &Redactor) -> Cow<'a, [u8]> {
    let Ok(text) = str::from_utf8(bytes) else {
        return redactor.bytes(bytes);
    };
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let clean = if is_json {
        redactor.json(text)
    } else {
        redactor.text(text)
    };
    match clean {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn unreadable(error: &std::io::Error) -> String {
    format!("it cannot be read: {error}")
}

/// Says why an export cannot be written.
pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull => Error::Unavailable(format!(
            "The disk is full, so the export at {} was not made. Free some space there and try again.",
            path.display()
        )),
        _ => Error::Invalid(format!(
            "The export cannot be made, because {} cannot be written: {error}. Choose a directory that you may write to.",
            path.display()
        )),
    }
}
