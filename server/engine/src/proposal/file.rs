//! One changed file of a proposal, computed from the two trees in the object store.

use aca_protocol::HunkId;
use aca_protocol::proposal::FileChange;
use aca_review::Hunk;
use aca_workspace::objects::{Blob, DiffKind, FileDiff, Objects, Tree};

use crate::core::HunkRef;

/// A changed file with its hunks.
#[derive(Debug, Clone)]
pub(crate) struct ChangedFile {
    /// The path in the result, relative to the workspace.
    pub(crate) path: String,
    /// What happens to it.
    pub(crate) change: FileChange,
    /// Its content in the base.
    pub(crate) base: Option<Vec<u8>>,
    /// Its content in the result.
    pub(crate) result: Option<Vec<u8>>,
    /// Whether it becomes, or stays, executable.
    pub(crate) executable: bool,
    /// How it is decided.
    pub(crate) parts: Parts,
}

/// How a file is decided.
#[derive(Debug, Clone)]
pub(crate) enum Parts {
    /// By hunks of lines.
    Lines(Vec<Hunk>),
    /// As a whole.
    Whole(HunkId),
}

impl ChangedFile {
    /// Returns the identifiers of the file's hunks.
    pub(crate) fn ids(&self) -> Vec<HunkId> {
        match &self.parts {
            Parts::Lines(hunks) => hunks.iter().map(|hunk| hunk.id.clone()).collect(),
            Parts::Whole(id) => vec![id.clone()],
        }
    }

    /// Returns whether the change reads or writes the file at `path`.
    pub(crate) fn is_about(&self, path: &str) -> bool {
        self.path == path || matches!(&self.change, FileChange::Rename { from } if from == path)
    }

    /// Returns the base as text. Only files with [`Parts::Lines`] are known to have one.
    pub(crate) fn base_text(&self) -> &str {
        self.base.as_deref().and_then(text).unwrap_or_default()
    }
}

/// Returns what differs between two trees, in path order. The same trees give the same hunks.
///
/// # Errors
///
/// A sentence, if the object store cannot be read.
pub(crate) fn files(objects: &Objects, base: &Tree, result: &Tree) -> Result<Vec<ChangedFile>, String> {
    let diffs = objects.diff(base, result).map_err(|error| error.to_string())?;
    let mut files: Vec<ChangedFile> = diffs.into_iter().flat_map(changes).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Returns the hunks of a proposal between two trees, file by file in path order.
///
/// # Errors
///
/// A sentence, if the object store cannot be read.
pub fn hunks_between(objects: &Objects, base: &Tree, result: &Tree) -> Result<Vec<HunkRef>, String> {
    let files = files(objects, base, result)?;
    let refs = |file: &ChangedFile| {
        let path = file.path.clone();
        file.ids()
            .into_iter()
            .map(move |id| HunkRef { id, path: path.clone() })
            .collect::<Vec<_>>()
    };
    Ok(files.iter().flat_map(refs).collect())
}

/// Returns what there is to decide about a file. Lines and the executable bit are two decisions.
fn changes(diff: FileDiff) -> Vec<ChangedFile> {
    let executable = |blob: &Option<Blob>| blob.as_ref().map(|blob| blob.executable);
    let both = diff.kind == DiffKind::Modified && executable(&diff.base) != executable(&diff.result);
    let mode = both.then(|| FileDiff {
        kind: DiffKind::ModeOnly,
        ..diff.clone()
    });
    let content = changed(diff);
    let mode = mode.filter(|_| content.change == FileChange::Modify).map(changed);
    std::iter::once(content).chain(mode).collect()
}

fn changed(diff: FileDiff) -> ChangedFile {
    let executable = diff
        .result
        .as_ref()
        .or(diff.base.as_ref())
        .is_some_and(|blob| blob.executable);
    let base = diff.base.map(|blob| blob.bytes);
    let result = diff.result.map(|blob| blob.bytes);
    let texts = base
        .as_deref()
        .map_or(Some(""), text)
        .zip(result.as_deref().map_or(Some(""), text));
    let change = match diff.kind {
        DiffKind::Modified if texts.is_some() => FileChange::Modify,
        DiffKind::Modified => FileChange::Binary,
        DiffKind::Created => FileChange::Create,
        DiffKind::Deleted => FileChange::Delete,
        DiffKind::Renamed { from } => FileChange::Rename { from },
        DiffKind::ModeOnly => FileChange::Mode { executable },
        DiffKind::Unsupported { reason } => FileChange::Unsupported { reason },
    };
    let parts = match (&change, texts) {
        (FileChange::Modify, Some((base, result))) => Parts::Lines(aca_review::hunks(&diff.path, base, result)),
        _ => {
            let kind = kind(&change);
            Parts::Whole(aca_review::whole_file_hunk(
                &diff.path,
                kind,
                base.as_deref(),
                result.as_deref(),
            ))
        }
    };
    ChangedFile {
        path: diff.path,
        change,
        base,
        result,
        executable,
        parts,
    }
}

fn kind(change: &FileChange) -> &'static str {
    match change {
        FileChange::Modify => "modify",
        FileChange::Create => "create",
        FileChange::Delete => "delete",
        FileChange::Rename { .. } => "rename",
        FileChange::Binary => "binary",
        FileChange::Mode { executable: true } => "executable",
        FileChange::Mode { executable: false } => "not executable",
        FileChange::Unsupported { .. } => "unsupported",
    }
}

/// Returns the bytes as text, if they are; a NUL makes them binary.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}
