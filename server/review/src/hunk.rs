//! Hunks: the difference between base and result as decisions to take, with identifiers that survive restarts.

use std::fmt::Write as _;
use std::ops::Range;

use aca_protocol::HunkId;
use sha2::{Digest, Sha256};

use crate::diff::{Change, Lines, changes};
use crate::span::{Span, joined};

/// One decision: lines of the base and what the result has in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Names the hunk. It depends on the path, on `old` and `new`, and on where in the base they are; how the other
    /// hunks of the file are cut and decided does not matter.
    pub id: HunkId,
    /// The lines of the base it replaces, zero-based; empty for a pure insertion before that line.
    pub base: Range<usize>,
    /// The lines of the result that stand there; empty for a removal.
    pub result: Range<usize>,
    /// The text it replaces.
    pub old: String,
    /// The text it puts there.
    pub new: String,
    /// Which one it is of a person's own insertions at the same place.
    pub nth: u32,
}

impl Hunk {
    /// Says whether two hunks have lines in common, of the base or of the result.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let meet = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start) < a.end.min(b.end);
        meet(&self.base, &other.base) || meet(&self.result, &other.result)
    }
}

/// Returns the hunks that turn `base` into `result`, in file order. `path` only goes into the identifiers.
pub fn hunks(path: &str, base: &str, result: &str) -> Vec<Hunk> {
    let changes = changes(base, result);
    build(
        path,
        &Lines::new(base),
        &Lines::new(result),
        &changes,
        &joined(&changes),
    )
}

/// Turns spans into hunks. `changes` are those between base and result.
pub(crate) fn build(path: &str, base: &Lines<'_>, result: &Lines<'_>, changes: &[Change], spans: &[Span]) -> Vec<Hunk> {
    let hunk = |span: &Span| {
        let old = base.text(span.base.clone());
        let new = result.text(span.result.clone());
        Hunk {
            id: id(path, changes, span, old, new),
            base: span.base.clone(),
            result: span.result.clone(),
            old: old.to_owned(),
            new: new.to_owned(),
            nth: span.nth,
        }
    };
    spans.iter().map(hunk).collect()
}

/// Returns the identifier of a span. A change that was cut has several spans, perhaps at the same line of the base, so
/// its line within the change counts too.
fn id(path: &str, changes: &[Change], span: &Span, old: &str, new: &str) -> HunkId {
    let index = changes.partition_point(|change| change.after.start <= span.result.start);
    let change = index.checked_sub(1).and_then(|index| changes.get(index));
    let within = change.map_or(0, |change| span.result.start - change.after.start);
    let (line, within) = ((span.base.start as u64).to_le_bytes(), (within as u64).to_le_bytes());
    let nth = span.nth.to_le_bytes();
    let mut parts: Vec<&[u8]> = vec![
        b"lines",
        path.as_bytes(),
        &line,
        &within,
        old.as_bytes(),
        new.as_bytes(),
    ];
    if span.nth > 0 {
        parts.push(&nth);
    }
    digest(&parts)
}

/// Returns the identifier of a change that is decided as a whole: a new, deleted, renamed or binary file, or a mode.
///
/// `kind` names the change; whatever else distinguishes it (the path a file had, the new mode) belongs into it.
pub fn whole_file_hunk(path: &str, kind: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> HunkId {
    let there = |side: Option<&[u8]>| [u8::from(side.is_some())];
    digest(&[
        b"whole",
        kind.as_bytes(),
        path.as_bytes(),
        &there(old),
        old.unwrap_or_default(),
        &there(new),
        new.unwrap_or_default(),
    ])
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
