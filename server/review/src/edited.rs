//! An edit of the proposed text, taken over as amended hunks and hunks of the person's own.
//!
//! Four texts lie side by side: what is expected of the file, what it says, what is proposed, and what the person made
//! of that. An edit is about a *region*: lines that begin and end between the same two lines in all four of them. What
//! the agent has in a region becomes one hunk, which replaces what the file says there now, so that nothing the user
//! typed before is in its way.

use std::collections::HashSet;
use std::ops::Range;

use aca_protocol::HunkId;

use crate::alignment::{Alignment, Region, Strand, carried};
use crate::diff::{Change, Lines, changes};
use crate::hunk::Hunk;
use crate::ledger::{Amendment, FileLedger, Span, Standing};
use crate::proposed::Piece;
use crate::span::{cut_whole, trimmed};

/// The number of an insertion that has none yet.
const NEW: u32 = u32::MAX;

/// Why an edit of the proposed text was not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It changes lines that have landed.
    #[error("line {} has landed already", .line + 1)]
    Landed {
        /// The first live line of the region, counted from zero.
        line: usize,
    },
    /// It cannot be told apart from what else was changed.
    #[error("the change cannot be told apart from others at the same place")]
    Unclear,
}

impl FileLedger {
    /// Returns the hunks of the file after a person has made `text` of what it proposes on `live`.
    ///
    /// A change within the lines of open hunks, or next to them, amends them as one hunk; a change elsewhere is a hunk of
    /// its own. A rejected hunk among its lines is open again. [`FileLedger::propose`] then gives `text`.
    ///
    /// # Errors
    ///
    /// [`EditError`].
    pub fn edited(&mut self, live: &str, text: &str) -> Result<Self, EditError> {
        let proposed = self.propose(live);
        let both = |change: Change| (change.before, change.after);
        let has_landed = |id| matches!(self.standing(id), Some(Standing::Landed { .. }));
        let alignment = Alignment {
            sites: self.sites().iter().map(|site| site.lines.clone()).collect(),
            landed: self.hunks().iter().map(|hunk| has_landed(&hunk.id)).collect(),
            users: Strand::new(self.changed_by_user().into_iter().map(both)),
            pieces: Strand::new(
                proposed
                    .pieces
                    .iter()
                    .map(|piece| (piece.live.clone(), piece.proposed.clone())),
            ),
            holds: proposed.pieces.iter().map(|piece| self.holds(piece)).collect(),
            edits: Strand::new(changes(&proposed.text, text).into_iter().map(both)),
        };
        let text_lines = Lines::new(text);
        let says = |regions: &[Region]| {
            let mut edited = self.with_regions(regions, &text_lines)?;
            (edited.propose(live).text == text).then_some(edited)
        };
        // Among lines that repeat, the rest of a difference may be drawn otherwise once a part of it is settled.
        let all = Lines::new(&proposed.text).len();
        let edited = says(&alignment.regions()?).or_else(|| says(&[alignment.whole(all).ok()?]));
        edited.ok_or(EditError::Unclear)
    }

    /// Returns the hunks of `after` that were not there before, with each of these that they have lines of.
    #[must_use]
    pub fn origins(&self, after: &Self) -> Vec<(HunkId, HunkId)> {
        let new = after.hunks().iter().filter(|hunk| self.index(&hunk.id).is_err());
        let from = new.flat_map(|hunk| {
            let has = self.hunks().iter().filter(|was| hunk.meets(was));
            has.map(|was| (hunk.id.clone(), was.id.clone()))
        });
        from.collect()
    }

    /// Returns the hunks of a piece.
    fn holds(&self, piece: &Piece) -> Range<usize> {
        let indexes = || piece.hunks.iter().filter_map(|id| self.index(id).ok());
        indexes().min().unwrap_or_default()..indexes().max().map_or(0, |last| last + 1)
    }

    /// Returns the ledger in which the hunks of each region are one, which says what `text` says there. None if two
    /// hunks had the same identifier.
    fn with_regions(&self, regions: &[Region], text: &Lines<'_>) -> Option<Self> {
        let (base, result) = self.texts();
        let mut spans: Vec<Span> = Vec::new();
        let mut amended: Vec<(usize, Option<Amendment>)> = Vec::new();
        let mut next = 0;
        let known = self.spans();
        for region in regions {
            spans.extend_from_slice(known.get(next..region.sites.start).unwrap_or_default());
            next = region.sites.end;
            let span = self.span(region);
            let (old, agents) = (base.text(span.base.clone()), result.text(span.result.clone()));
            let (live, new) = (self.live().lines(region.live.clone()), text.text(region.edited.clone()));
            if old == agents && live == new {
                continue;
            }
            let over = (live != old).then(|| live.to_owned());
            if over.is_none() && new == agents {
                if let Some(span) = trimmed(span.base, span.result, &base, &result) {
                    amended.push((spans.len(), None));
                    spans.push(span);
                }
                continue;
            }
            let text = new.to_owned();
            amended.push((spans.len(), Some(Amendment { text, over })));
            spans.push(span);
        }
        spans.extend_from_slice(known.get(next..).unwrap_or_default());
        number(&mut spans);
        if !cut_whole(&spans, &base, &result) {
            return None;
        }
        let mut edited = self.clone();
        edited.recut(&spans);
        let ids: Vec<HunkId> = edited.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
            return None;
        }
        for (index, amendment) in amended {
            let id = ids.get(index)?;
            edited.set(id, Standing::Open).ok()?;
            edited.amend(id, amendment).ok()?;
        }
        Some(edited)
    }

    /// Returns the lines of a region in the base and in the result.
    fn span(&self, region: &Region) -> Span {
        let side = |of: fn(&Hunk) -> &Range<usize>| {
            let at = |line, next: usize| {
                let last = next.checked_sub(1);
                let last = last.and_then(|last| Some((&self.site(last)?.lines, of(self.hunks().get(last)?))));
                carried(line, last)
            };
            at(region.expected.start, region.sites.start)..at(region.expected.end, region.sites.end)
        };
        let mut span = Span::new(side(|hunk| &hunk.base), side(|hunk| &hunk.result));
        if span.base.is_empty() && span.result.is_empty() {
            let was = self.hunks().get(region.sites.clone()).unwrap_or_default().first();
            span.nth = was.map_or(NEW, |was| was.nth);
        }
        span
    }
}

/// Gives insertions of a person's own that are at the same place numbers that tell them apart. Those that were there
/// keep theirs.
fn number(spans: &mut [Span]) {
    for index in 0..spans.len() {
        let Some(span) = spans
            .get(index)
            .filter(|span| span.base.is_empty() && span.result.is_empty())
        else {
            continue;
        };
        let same = |other: &&Span| other.base == span.base && other.result == span.result;
        let above = spans.get(..index).unwrap_or_default().iter().filter(same);
        let kept = spans
            .iter()
            .skip(index + 1)
            .filter(same)
            .filter(|other| other.nth != NEW);
        let taken: Vec<u32> = above.chain(kept).map(|other| other.nth).collect();
        let free = (0..).find(|nth| !taken.contains(nth)).unwrap_or_default();
        if let Some(span) = spans.get_mut(index).filter(|span| span.nth == NEW) {
            span.nth = free;
        }
    }
}
