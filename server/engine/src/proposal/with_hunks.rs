//! A snapshot with hunks of a proposal in it: what a check runs on, and what a further round starts from.

use std::collections::BTreeMap;
use std::ops::Range;

use aca_protocol::HunkId;
use aca_protocol::proposal::FileChange;
use aca_review::ledger::{FileLedger, Placement, Resolution, Standing};
use aca_review::text;
use aca_workspace::objects::{Blob, Objects, Tree};

use super::content::merged;
use super::file::{ChangedFile, Parts, named};
use super::ledger::Ledger;
use crate::core::Task;

/// The files of a snapshot that hunks are about, as they come to be.
type Contents = BTreeMap<String, Option<Blob>>;

/// A snapshot with hunks in it.
#[derive(Debug)]
pub(crate) struct WithHunks {
    /// The snapshot.
    pub(crate) tree: Tree,
    /// The hunks that are not in it, because someone changed the same place.
    pub(crate) left_out: Vec<HunkId>,
    /// Where the others are.
    pub(crate) places: Vec<Place>,
}

/// Where a hunk is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The hunk.
    pub(crate) hunk: HunkId,
    /// The file, relative to the workspace.
    pub(crate) path: String,
    /// Its lines, counted from zero.
    pub(crate) lines: Range<usize>,
}

/// Puts the chosen hunks of a task's proposal into the snapshot `onto`, as people amended and cut them. Hunks that
/// have landed are taken to be in it.
///
/// # Errors
///
/// A sentence, if the object store cannot be read or written.
pub(crate) fn with_hunks(objects: &Objects, onto: &Tree, task: &Task, chosen: &[HunkId]) -> Result<WithHunks, String> {
    let mut files = touched(objects, task, chosen)?;
    // A file that goes away may make room for a directory of its name, or a directory for a file.
    files.sort_by_key(|file| file.change != FileChange::Delete);
    let paths: Vec<&str> = files.iter().flat_map(ChangedFile::paths).collect();
    let found = objects.files_at(onto, &paths).map_err(|error| error.to_string())?;
    let before: Contents = paths.iter().map(|path| (*path).to_owned()).zip(found).collect();
    let mut contents = before.clone();
    let (mut left_out, mut places) = (Vec::new(), Vec::new());
    for file in files {
        let wanted = file.ids().into_iter().filter(|id| chosen.contains(id)).collect();
        let landed = match file.parts {
            Parts::Lines { mut ledger, .. } => lines(&mut ledger, &file.path, wanted, &mut contents, &mut left_out),
            Parts::Whole { id, base, result, .. } => {
                let both = (base.as_ref(), result.as_ref());
                whole(&id, &file.path, &file.change, both, &mut contents, &mut left_out)
            }
        };
        places.extend(landed);
    }
    contents.retain(|path, content| before.get(path) != Some(content));
    let changed: Vec<(String, Option<Blob>)> = contents.into_iter().collect();
    let tree = objects.with_files(onto, &changed).map_err(|error| error.to_string())?;
    Ok(WithHunks { tree, left_out, places })
}

/// Returns where the hunks of a task's proposal are in the agent's whole result.
///
/// # Errors
///
/// A sentence, if the object store cannot be read.
pub(crate) fn places_in_result(objects: &Objects, task: &Task) -> Result<Vec<Place>, String> {
    let Some(proposed) = &task.proposed else {
        return Ok(Vec::new());
    };
    let files = named(objects, &proposed.base, &proposed.result, &task.spans)?;
    let of = |file: ChangedFile| match file.parts {
        Parts::Lines { ledger, .. } => {
            let place = |hunk: &aca_review::Hunk| Place {
                hunk: hunk.id.clone(),
                path: file.path.clone(),
                lines: hunk.result.clone(),
            };
            ledger.hunks().iter().map(place).collect()
        }
        Parts::Whole { id, .. } => whole_place(&id, &file.path, &file.change),
    };
    Ok(files.into_iter().flat_map(of).collect())
}

/// Returns the files of a task's proposal that have one of the chosen hunks.
fn touched(objects: &Objects, task: &Task, chosen: &[HunkId]) -> Result<Vec<ChangedFile>, String> {
    let Some(proposed) = &task.proposed else {
        return Ok(Vec::new());
    };
    let files = named(objects, &proposed.base, &proposed.result, &task.spans)?;
    let mut ledger = Ledger::new(task.clone(), files, None, 0);
    ledger
        .files
        .retain(|file| file.ids().iter().any(|id| chosen.contains(id)));
    Ok(ledger.files)
}

/// Puts hunks of lines into a file and returns where they are.
fn lines(
    ledger: &mut FileLedger,
    path: &str,
    wanted: Vec<HunkId>,
    contents: &mut Contents,
    left_out: &mut Vec<HunkId>,
) -> Vec<Place> {
    let now = contents.get(path).cloned().flatten();
    let decoded = now.as_ref().and_then(|blob| text::decode(&blob.bytes));
    let (Some(now), Some(decoded)) = (now, decoded) else {
        left_out.extend(wanted);
        return Vec::new();
    };
    let mut wanted: Vec<(HunkId, Resolution)> = wanted.into_iter().map(|id| (id, Resolution::Merge)).collect();
    let landed = loop {
        match ledger.land(&decoded.text, &wanted) {
            Ok(landed) => break landed,
            Err(conflicts) => {
                wanted.retain(|(id, _)| !conflicts.contains(id));
                left_out.extend(conflicts);
            }
        }
    };
    let Ok(bytes) = text::encode(&landed.text, decoded.encoding) else {
        left_out.extend(wanted.into_iter().map(|(id, _)| id));
        return Vec::new();
    };
    let content = Blob { bytes, ..now };
    contents.insert(path.to_owned(), Some(content));
    for (id, text) in landed.hunks {
        // The hunk is one of the ledger's own.
        let _ = ledger.set(&id, Standing::Landed { text });
    }
    let placements: Vec<Placement> = ledger.place(&landed.text).to_vec();
    let placed = ledger.hunks().iter().zip(placements);
    let chosen = placed.filter(|(hunk, _)| wanted.iter().any(|(id, _)| *id == hunk.id));
    let place = |(hunk, placement): (&aca_review::Hunk, Placement)| Place {
        hunk: hunk.id.clone(),
        path: path.to_owned(),
        lines: placement.line()..placement.line() + placement.lines(),
    };
    chosen.map(place).collect()
}

/// Makes a change that is decided as a whole and returns where it is.
fn whole(
    id: &HunkId,
    path: &str,
    change: &FileChange,
    (base, result): (Option<&Blob>, Option<&Blob>),
    contents: &mut Contents,
    left_out: &mut Vec<HunkId>,
) -> Vec<Place> {
    let bytes = |blob: Option<&Blob>| blob.map(|blob| blob.bytes.clone());
    let now = contents.get(path).cloned().flatten();
    let is_result = bytes(now.as_ref()) == bytes(result);
    let after = match change {
        FileChange::Create if now.is_none() || is_result => Some(result.cloned()),
        FileChange::Delete if is_result || bytes(now.as_ref()) == bytes(base) => Some(None),
        FileChange::Binary if is_result || bytes(now.as_ref()) == bytes(base) => Some(result.cloned()),
        FileChange::Mode { executable } => now.map(|now| {
            Some(Blob {
                executable: *executable,
                ..now
            })
        }),
        FileChange::Rename { from } => {
            let source = contents.get(from).cloned().flatten();
            let moved = source
                .filter(|_| now.is_none() || is_result)
                .and_then(|source| match base {
                    Some(base) if base.bytes == source.bytes => result.cloned(),
                    _ => merged(base, &source, result),
                });
            if moved.is_some() {
                contents.insert(from.clone(), None);
            }
            moved.map(Some)
        }
        _ => None,
    };
    match after {
        Some(after) => {
            contents.insert(path.to_owned(), after);
            whole_place(id, path, change)
        }
        None => {
            left_out.push(id.clone());
            Vec::new()
        }
    }
}

/// Every line of a file that is new or replaced as a whole belongs to its only hunk.
fn whole_place(id: &HunkId, path: &str, change: &FileChange) -> Vec<Place> {
    let all = matches!(
        change,
        FileChange::Create | FileChange::Binary | FileChange::Rename { .. }
    );
    let place = Place {
        hunk: id.clone(),
        path: path.to_owned(),
        lines: 0..usize::MAX,
    };
    all.then_some(place).into_iter().collect()
}

#[cfg(test)]
mod tests;
