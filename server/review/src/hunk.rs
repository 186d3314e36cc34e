//! Hunks: the difference between base and result as decisions to take, with identifiers that survive restarts.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use aca_protocol::HunkId;
use sha2::{Digest, Sha256};

use crate::diff::{Change, Lines, changes};

/// Changes with fewer unchanged lines than this between them are one decision.
const GAP: usize = 2;

/// One decision: lines of the base and what the result has in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Names the hunk. It depends on the path, on `old` and `new`, and on how many equal hunks come before it.
    pub id: HunkId,
    /// The lines of the base it replaces, zero-based; empty for a pure insertion before that line.
    pub base: Range<usize>,
    /// The lines of the result that stand there; empty for a removal.
    pub result: Range<usize>,
    /// The text it replaces.
    pub old: String,
    /// The text it puts there.
    pub new: String,
}

/// Returns the hunks that turn `base` into `result`, in file order. `path` only goes into the identifiers.
pub fn hunks(path: &str, base: &str, result: &str) -> Vec<Hunk> {
    let (base, result) = (Lines::new(base), Lines::new(result));
    build(path, &base, &result, join(changes(&base, &result)))
}

/// Turns changes into hunks.
pub(crate) fn build(path: &str, base: &Lines<'_>, result: &Lines<'_>, changes: Vec<Change>) -> Vec<Hunk> {
    let mut seen: HashMap<(&str, &str), u64> = HashMap::new();
    changes
        .into_iter()
        .map(|change| {
            let old = base.text(change.before.clone());
            let new = result.text(change.after.clone());
            let occurrence = seen.entry((old, new)).or_default();
            let id = digest(&[
                path.as_bytes(),
                old.as_bytes(),
                new.as_bytes(),
                &occurrence.to_le_bytes(),
            ]);
            *occurrence += 1;
            Hunk {
                id,
                base: change.before,
                result: change.after,
                old: old.to_owned(),
                new: new.to_owned(),
            }
        })
        .collect()
}

/// Returns the identifier of a change that is decided as a whole: a new, deleted, renamed or binary file, or a mode.
///
/// `kind` names the change; whatever else distinguishes it (the path a file had, the new mode) belongs into it.
pub fn whole_file_hunk(path: &str, kind: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> HunkId {
    let there = |side: Option<&[u8]>| [u8::from(side.is_some())];
    digest(&[
        kind.as_bytes(),
        path.as_bytes(),
        &there(old),
        old.unwrap_or_default(),
        &there(new),
        new.unwrap_or_default(),
    ])
}

/// Joins changes that are too close to be read apart.
fn join(changes: Vec<Change>) -> Vec<Change> {
    let mut joined: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        match joined.last_mut() {
            Some(last) if change.before.start - last.before.end < GAP => {
                last.before.end = change.before.end;
                last.after.end = change.after.end;
            }
            _ => joined.push(change),
        }
    }
    joined
}

/// Hashes parts so that no two lists of parts give the same bytes.
fn digest(parts: &[&[u8]]) -> HunkId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut id = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    HunkId::new(id)
}
