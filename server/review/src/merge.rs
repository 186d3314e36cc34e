//! Three-way merge of a whole text, for what is decided as a whole: a rename with edits, taking a landing back.

use std::ops::Range;

use crate::compose::Composer;
use crate::diff::git_difference;
use crate::document::{Document, Interner};
use crate::placement::{Placement, Placer, Site};
use crate::span::{margins, span};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// Both sides' changes fit together, and this is the text.
    Clean(String),
    /// These lines of the live text were changed by both sides, or touch what the other changed.
    Conflict(Vec<Range<usize>>),
}

/// Merges the changes from `base` to `result` into `live`, by lines.
///
/// It is clean where `git merge-file` is, and then the text is the same. Where a difference is so large that git itself
/// stops looking for the shortest, it can be a conflict where git is clean, never the other way round. To take a
/// landing back, `base` is the text right after it, `result` the text right before it, and `live` the text now.
pub fn merge(base: &str, live: &str, result: &str) -> Merge {
    let mut interner = Interner::default();
    let expected = Document::new(base, &mut interner);
    let live = Document::new(live, &mut interner);
    let result = Document::new(result, &mut interner);
    let ours = git_difference(expected.tokens(), live.tokens(), interner.count());
    let theirs = git_difference(expected.tokens(), result.tokens(), interner.count());
    let spans: Vec<_> = theirs.changes.iter().map(span).collect();
    let site = |(change, margin): (_, _)| {
        let change: &crate::diff::Change = change;
        Site {
            lines: change.before.clone(),
            landed: false,
            other: result.lines(change.after.clone()).to_owned(),
            other_lines: change.after.len(),
            margin,
        }
    };
    let sites: Vec<Site> = theirs
        .changes
        .iter()
        .zip(margins(&spans, &theirs.changes, &theirs.reach))
        .map(site)
        .collect();
    let placer = Placer {
        expected: &expected,
        live: &live,
        sites: &sites,
        changes: &ours.changes,
        touched: &ours.touched,
    };
    let (mut text, mut done, mut conflicts) = (Composer::default(), 0, Vec::new());
    for (index, site) in sites.iter().enumerate() {
        let Some(placed) = placer.place_by_lines(index) else {
            continue;
        };
        match placed.placement {
            Placement::AlreadyThere { .. } => {}
            Placement::Clean { .. } | Placement::Moved { .. } => {
                text.push(live.lines(done..placed.live.start));
                text.push(&site.other);
                done = placed.live.end;
            }
            Placement::Touched { .. } | Placement::Overlap { .. } | Placement::Gone { .. } => {
                conflicts.push(placed.live)
            }
        }
    }
    text.push(live.lines(done..live.len()));
    if conflicts.is_empty() {
        Merge::Clean(text.finish())
    } else {
        Merge::Conflict(conflicts)
    }
}
