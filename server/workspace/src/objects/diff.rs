//! What differs between two snapshots, file by file, with renames found.

use super::tree::Mode;
use super::{Error, Objects, Tree};

/// A file that differs between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path; after a rename the new one.
    pub path: String,
    /// How it differs.
    pub kind: DiffKind,
    /// What it was; `None` if it was not there.
    pub base: Option<Blob>,
    /// What it is; `None` if it is gone.
    pub result: Option<Blob>,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffKind {
    /// Its content, and perhaps its mode.
    Modified,
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps other content.
    Renamed {
        /// The path in the base.
        from: String,
    },
    /// Only whether it is executable.
    ModeOnly,
    /// It is or was something that cannot be shown; neither side has a [`Blob`].
    Unsupported {
        /// What it is, as a sentence.
        reason: String,
    },
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it is executable.
    pub executable: bool,
}

/// One record of `git diff-tree --raw`.
struct Record {
    modes: [Option<Mode>; 2],
    oids: [String; 2],
    status: char,
    paths: Vec<String>,
}

impl Objects {
    /// Returns the files that differ between `base` and `result`, in the order of their paths.
    ///
    /// # Errors
    ///
    /// If the store lacks one of them.
    pub fn diff(&self, base: &Tree, result: &Tree) -> Result<Vec<FileDiff>, Error> {
        if base == result {
            return Ok(Vec::new());
        }
        let mut diff = self.git.command("diff-tree");
        diff.args([
            "-r",
            "-z",
            "-M",
            "--raw",
            "--full-index",
            "--no-ext-diff",
            "--no-textconv",
        ]);
        let listed = self.git.run(diff.args([base.as_str(), result.as_str()]), b"")?;
        let listed = String::from_utf8_lossy(&listed);
        let records = parse(&listed).ok_or_else(|| self.git.answer("diff-tree"))?;
        let wanted: Vec<&str> = records.iter().flat_map(Record::blobs).collect();
        let mut blobs = self.read(&wanted)?.into_iter();
        Ok(records.iter().map(|record| record.to_diff(&mut blobs)).collect())
    }
}

impl Record {
    /// The two sides: those that exist, if they are plain files.
    fn sides(&self) -> [Option<(&str, Mode)>; 2] {
        let [base, result] = &self.oids;
        let [base_mode, result_mode] = self.modes;
        [
            base_mode.map(|mode| (base.as_str(), mode)),
            result_mode.map(|mode| (result.as_str(), mode)),
        ]
    }

    fn is_supported(&self) -> bool {
        self.sides().into_iter().flatten().all(|(_, mode)| mode.is_file())
    }

    fn blobs(&self) -> Vec<&str> {
        if !self.is_supported() {
            return Vec::new();
        }
        self.sides().into_iter().flatten().map(|(oid, _)| oid).collect()
    }

    fn to_diff(&self, blobs: &mut impl Iterator<Item = Vec<u8>>) -> FileDiff {
        let path = self.paths.last().cloned().unwrap_or_default();
        if !self.is_supported() {
            let reason = format!("{path} is a symbolic link or a nested repository, which cannot be reviewed yet.");
            return FileDiff {
                path,
                kind: DiffKind::Unsupported { reason },
                base: None,
                result: None,
            };
        }
        let [base, result] = self.sides().map(|side| {
            let (_, mode) = side?;
            Some(Blob {
                bytes: blobs.next()?,
                executable: mode == Mode::Executable,
            })
        });
        let [base_oid, result_oid] = &self.oids;
        let kind = match (self.status, self.paths.as_slice()) {
            ('R', [from, _]) => DiffKind::Renamed { from: from.clone() },
            _ if base.is_none() => DiffKind::Created,
            _ if result.is_none() => DiffKind::Deleted,
            _ if base_oid == result_oid => DiffKind::ModeOnly,
            _ => DiffKind::Modified,
        };
        FileDiff {
            path,
            kind,
            base,
            result,
        }
    }
}

/// Reads `:100644 100755 OID OID M\0path\0`, with a second path after a rename.
fn parse(listed: &str) -> Option<Vec<Record>> {
    let mut fields = listed.split('\0');
    let mut records = Vec::new();
    while let Some(meta) = fields.next().filter(|field| !field.is_empty()) {
        let parts: Vec<&str> = meta.strip_prefix(':')?.split(' ').collect();
        let [base_mode, result_mode, base, result, status] = parts.as_slice() else {
            return None;
        };
        let status = status.chars().next()?;
        let count = if status == 'R' { 2 } else { 1 };
        let paths: Vec<String> = fields.by_ref().take(count).map(str::to_owned).collect();
        let modes = [Mode::parse(base_mode), Mode::parse(result_mode)];
        records.push(Record {
            modes,
            oids: [(*base).to_owned(), (*result).to_owned()],
            status,
            paths,
        });
    }
    Some(records)
}
