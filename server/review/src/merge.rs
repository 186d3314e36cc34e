//! Three-way merge of a whole text, for what is decided as a whole: a rename with edits, taking a landing back.

use crate::hunk::Hunk;
use crate::ledger::{FileLedger, Placement, Resolution};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// Both sides' changes fit together, and this is the text.
    Clean(String),
    /// These changes from base to result overlap with the live side's, or touch them.
    Conflict(Vec<Hunk>),
}

/// Merges the changes from `base` to `result` into `live`, by lines.
///
/// It is clean only where `git merge-file` is, and then the text is the same. To take a landing back, `base` is the
/// text right after it, `result` the text right before it, and `live` the text now.
pub fn merge(base: &str, live: &str, result: &str) -> Merge {
    let mut ledger = FileLedger::of_changes(base, result);
    let fits = |placement: &Placement| {
        matches!(
            placement,
            Placement::Clean { .. } | Placement::Moved { .. } | Placement::AlreadyThere { .. }
        )
    };
    let fit: Vec<bool> = ledger.place(live).iter().map(fits).collect();
    let all: Vec<_> = ledger
        .hunks()
        .iter()
        .map(|hunk| (hunk.id.clone(), Resolution::Merge))
        .collect();
    if fit.iter().all(|fits| *fits)
        && let Ok(landed) = ledger.land(live, &all)
    {
        return Merge::Clean(landed.text);
    }
    let touching = ledger.hunks().iter().zip(fit).filter(|(_, fits)| !fits);
    Merge::Conflict(touching.map(|(hunk, _)| hunk.clone()).collect())
}
