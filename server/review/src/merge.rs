//! Three-way merge of a whole text, for changes that are decided as a whole (a rename with edits).

use aca_protocol::HunkId;

use crate::apply::apply;
use crate::diff::{Lines, changes};
use crate::hunk::{Hunk, build};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// Both sides' changes fit together, and this is the text.
    Clean(String),
    /// These changes from base to result overlap with the live side's.
    Conflict(Vec<Hunk>),
}

/// Merges the changes from `base` to `result` into `live`.
///
/// It is clean only where `git merge-file` is, and then the text is the same.
pub fn merge(base: &str, live: &str, result: &str) -> Merge {
    let (base_lines, result_lines) = (Lines::new(base), Lines::new(result));
    let hunks = build("", &base_lines, &result_lines, changes(&base_lines, &result_lines));
    let all: Vec<HunkId> = hunks.iter().map(|hunk| hunk.id.clone()).collect();
    match apply(base, live, &hunks, &[], &all) {
        Ok(text) => Merge::Clean(text),
        Err(overlapping) => Merge::Conflict(
            hunks
                .into_iter()
                .filter(|hunk| overlapping.contains(&hunk.id))
                .collect(),
        ),
    }
}
