//! One changed file of a proposal, computed from the two trees in the object store.

use std::collections::BTreeMap;

use aca_protocol::HunkId;
use aca_protocol::proposal::FileChange;
use aca_review::ledger::{FileLedger, Span};
use aca_review::text::{self, Decoded, Encoding};
use aca_workspace::objects::{Blob, DiffKind, FileDiff, Objects, Tree};

use crate::core::HunkRef;

/// A changed file with its hunks.
#[derive(Debug, Clone)]
pub(crate) struct ChangedFile {
    /// The path in the result, relative to the workspace.
    pub(crate) path: String,
    /// What happens to it.
    pub(crate) change: FileChange,
    /// How it is decided.
    pub(crate) parts: Parts,
}

/// How a file is decided.
#[derive(Debug, Clone)]
pub(crate) enum Parts {
    /// By hunks of lines.
    Lines {
        /// The hunks.
        ledger: Box<FileLedger>,
        /// The texts in the base and in the result.
        texts: Texts,
    },
    /// As a whole.
    Whole {
        /// The only hunk.
        id: HunkId,
        /// The file in the base.
        base: Option<Blob>,
        /// The file in the agent's result.
        agents: Option<Blob>,
        /// The file as it would land: the agent's, or what a person made of it.
        result: Option<Blob>,
    },
}

impl ChangedFile {
    /// Returns the identifiers of the file's hunks.
    pub(crate) fn ids(&self) -> Vec<HunkId> {
        match &self.parts {
            Parts::Lines { ledger, .. } => ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect(),
            Parts::Whole { id, .. } => vec![id.clone()],
        }
    }

    /// Returns the paths that the change reads or writes.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let from = match &self.change {
            FileChange::Rename { from } => Some(from.as_str()),
            _ => None,
        };
        std::iter::once(self.path.as_str()).chain(from)
    }

    /// Cuts the file into other hunks. Spans that do not fit its texts are passed over.
    pub(crate) fn cut(&mut self, spans: &[Span]) {
        let Parts::Lines { ledger, texts } = &mut self.parts else {
            return;
        };
        match FileLedger::with_spans(&self.path, &texts.before, &texts.after, spans) {
            Ok(cut) => **ledger = cut,
            Err(error) => tracing::warn!(%error, path = self.path, "hunks that were cut are whole again"),
        }
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

/// As [`files`], for trees by name and with the hunks of some files cut otherwise.
pub(crate) fn named(
    objects: &Objects,
    base: &str,
    result: &str,
    spans: &BTreeMap<String, Vec<Span>>,
) -> Result<Vec<ChangedFile>, String> {
    let base = Tree::parse(base).map_err(|error| error.to_string())?;
    let result = Tree::parse(result).map_err(|error| error.to_string())?;
    let mut files = files(objects, &base, &result)?;
    for file in &mut files {
        if let Some(spans) = spans.get(&file.path) {
            file.cut(spans);
        }
    }
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
    let FileDiff {
        path,
        kind,
        base,
        result,
    } = diff;
    if kind == DiffKind::Modified
        && let Some(texts) = texts(base.as_ref(), result.as_ref())
    {
        return ChangedFile {
            change: FileChange::Modify,
            parts: Parts::Lines {
                ledger: Box::new(FileLedger::new(&path, &texts.before, &texts.after)),
                texts,
            },
            path,
        };
    }
    let change = match kind {
        DiffKind::Modified => FileChange::Binary,
        DiffKind::Created => FileChange::Create,
        DiffKind::Deleted => FileChange::Delete,
        DiffKind::Renamed { from } => FileChange::Rename { from },
        DiffKind::ModeOnly => FileChange::Mode {
            executable: result.as_ref().is_some_and(|blob| blob.executable),
        },
        DiffKind::Unsupported { reason } => FileChange::Unsupported { reason },
    };
    let bytes = |blob: &'_ Option<Blob>| blob.as_ref().map(|blob| blob.bytes.clone());
    let id = aca_review::whole_file_hunk(&path, name(&change), bytes(&base).as_deref(), bytes(&result).as_deref());
    ChangedFile {
        path,
        change,
        parts: Parts::Whole {
            id,
            base,
            agents: result.clone(),
            result,
        },
    }
}

/// Two contents as texts that differ.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    pub(crate) before: String,
    pub(crate) after: String,
    /// What the text afterwards is written in, where the live file does not say.
    pub(crate) encoding: Encoding,
}

/// Returns two contents as texts, if both are, in one encoding, and differ. A change of the encoding itself is one of
/// the whole file: no line would show it.
pub(super) fn texts(before: Option<&Blob>, after: Option<&Blob>) -> Option<Texts> {
    let (before, after) = (text::decode(&before?.bytes)?, text::decode(&after?.bytes)?);
    let encoding = common(&before, &after).filter(|_| before.text != after.text)?;
    Some(Texts {
        before: before.text,
        after: after.text,
        encoding,
    })
}

/// Returns the encoding of two texts. ASCII alone does not tell UTF-8 from ISO 8859-1.
fn common(a: &Decoded, b: &Decoded) -> Option<Encoding> {
    match (a.encoding, b.encoding) {
        (a, b) if a == b => Some(a),
        (Encoding::Utf8, Encoding::Latin1) if a.text.is_ascii() => Some(Encoding::Latin1),
        (Encoding::Latin1, Encoding::Utf8) if b.text.is_ascii() => Some(Encoding::Latin1),
        _ => None,
    }
}

fn name(change: &FileChange) -> &'static str {
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
