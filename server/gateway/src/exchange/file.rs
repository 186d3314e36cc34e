//! A record's file: chunks of lines, each compressed, and sealed in a sealed session.
//!
//! `0001.jsonl.zst` is a row of zstd frames, which `zstdcat` reads. `0001.sealed` is a row of the same frames, each sealed
//! and with its length before it. A chunk that was cut off at the end counts as not there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aca_protocol::AttemptId;
use aca_secrets::SessionKey;

const PLAIN: &str = "jsonl.zst";
const SEALED: &str = "sealed";
/// Fast, and small enough: see the crate's `README.md`.
const LEVEL: i32 = 3;
/// What a file unpacks to at most; more is damage.
const MAX_UNPACKED: u64 = 64 << 20;

/// Where the records of one attempt are, and what seals them.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    dir: PathBuf,
    attempt: AttemptId,
    key: Option<SessionKey>,
}

/// A file that is written to.
pub(super) struct Chunks {
    file: File,
    folder: Folder,
    name: String,
    count: u32,
    /// Its size, in bytes.
    pub(super) size: u64,
}

impl Folder {
    pub(super) fn new(dir: &Path, attempt: &AttemptId, key: Option<SessionKey>) -> Self {
        Self {
            dir: dir.to_owned(),
            attempt: attempt.clone(),
            key,
        }
    }

    pub(super) fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
    }

    /// Returns the numbers and sizes of the records that are there, in order.
    pub(super) fn numbers(&self) -> io::Result<Vec<(u32, u64)>> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.split_once('.')?.0.parse().ok());
            if let Some(number) = number {
                numbers.push((number, entry.metadata()?.len()));
            }
        }
        numbers.sort_unstable();
        // A record that was made smaller after its session was sealed is there twice.
        numbers.dedup_by_key(|(number, _)| *number);
        Ok(numbers)
    }

    /// Begins a record's file, in the place of one that is there.
    pub(super) fn begin(&self, number: u32) -> io::Result<Chunks> {
        self.open_new(&name_of(number), &self.place(number))
    }

    /// Writes a record's file anew, whole or not at all. Returns its size.
    pub(super) fn replace(&self, number: u32, lines: &[u8]) -> io::Result<u64> {
        let new = self.dir.join(".new");
        let mut chunks = self.open_new(&name_of(number), &new)?;
        chunks.append(lines)?;
        std::fs::rename(new, self.place(number))?;
        Ok(chunks.size)
    }

    /// Reads a record's lines, as far as they are there; nothing if there is no such record. One from before its session
    /// was sealed is plain.
    pub(super) fn read(&self, number: u32) -> io::Result<Option<Vec<u8>>> {
        let sealed = match &self.key {
            Some(key) => read_file(&self.path(number, SEALED))?.map(|packed| (packed, key)),
            None => None,
        };
        let mut lines = Vec::new();
        match sealed {
            None => {
                let Some(packed) = read_file(&self.path(number, PLAIN))? else {
                    return Ok(None);
                };
                unpack(&packed, &mut lines)?;
            }
            Some((packed, key)) => {
                let mut rest = packed.as_slice();
                let mut count = 0;
                while let Some((sealed, after)) = split_chunk(rest) {
                    let plain = key.open_sealed(&self.about(&name_of(number), count), sealed);
                    unpack(&plain.map_err(io::Error::other)?, &mut lines)?;
                    rest = after;
                    count += 1;
                }
            }
        }
        Ok(Some(lines))
    }

    fn open_new(&self, name: &str, path: &Path) -> io::Result<Chunks> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Chunks {
            file,
            folder: self.clone(),
            name: name.to_owned(),
            count: 0,
            size: 0,
        })
    }

    /// Where a record is written to.
    fn place(&self, number: u32) -> PathBuf {
        self.path(number, if self.key.is_some() { SEALED } else { PLAIN })
    }

    fn path(&self, number: u32, kind: &str) -> PathBuf {
        self.dir.join(format!("{}.{kind}", name_of(number)))
    }

    /// What a sealed chunk is bound to: moved elsewhere, it does not open.
    fn about(&self, name: &str, count: u32) -> Vec<u8> {
        format!("exchange {} {name} {count}", self.attempt).into_bytes()
    }
}

impl Chunks {
    /// Appends lines.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let packed = zstd::bulk::compress(lines, LEVEL)?;
        let chunk = match &self.folder.key {
            None => packed,
            Some(key) => {
                let about = self.folder.about(&self.name, self.count);
                let sealed = key.seal(&about, &packed).map_err(io::Error::other)?;
                let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
                [&length.to_le_bytes()[..], &sealed].concat()
            }
        };
        // One write, so that a process that is killed leaves a chunk whole or not at all.
        self.file.write_all(&chunk)?;
        self.count += 1;
        self.size += chunk.len() as u64;
        Ok(())
    }
}

fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn name_of(number: u32) -> String {
    format!("{number:04}")
}

fn split_chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// Unpacks a row of frames; the last may be cut off.
fn unpack(packed: &[u8], lines: &mut Vec<u8>) -> io::Result<()> {
    let decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
    match decoder.take(MAX_UNPACKED).read_to_end(lines) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(()),
    }
}
