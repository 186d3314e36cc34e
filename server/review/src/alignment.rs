//! Four texts side by side: what is expected of a file, what it says, what is proposed, and what a person made of that.

use std::ops::Range;

use crate::edited::EditError;

/// Lines of one text and those that stand in place of them in the next, in order. Between them the texts are the same.
#[derive(Debug)]
pub(crate) struct Strand {
    before: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
}

/// How the texts differ.
#[derive(Debug)]
pub(crate) struct Alignment {
    /// All hunks on the expected text.
    pub(crate) sites: Vec<Range<usize>>,
    /// Whether each has landed.
    pub(crate) landed: Vec<bool>,
    /// From the expected text to the live one.
    pub(crate) users: Strand,
    /// From the live text to the proposed one.
    pub(crate) pieces: Strand,
    /// For each piece, its hunks.
    pub(crate) holds: Vec<Range<usize>>,
    /// From the proposed text to the edited one.
    pub(crate) edits: Strand,
}

/// Lines that begin and end between the same two lines in all texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) expected: Range<usize>,
    pub(crate) live: Range<usize>,
    pub(crate) proposed: Range<usize>,
    pub(crate) edited: Range<usize>,
    /// The hunks in it; none of them has landed.
    pub(crate) sites: Range<usize>,
    users: Range<usize>,
    pieces: Range<usize>,
    edits: Range<usize>,
}

impl Alignment {
    /// Returns the regions of all edits, in order and disjoint.
    ///
    /// # Errors
    ///
    /// [`EditError::Landed`], if something in one of them has landed.
    pub(crate) fn regions(&self) -> Result<Vec<Region>, EditError> {
        let mut regions: Vec<Region> = Vec::new();
        for index in 0..self.edits.before.len() {
            if regions.last().is_some_and(|last| index < last.edits.end) {
                continue;
            }
            let mut region = self.region(index..index + 1)?;
            while let Some(last) = regions.pop_if(|last| last.meets(&region)) {
                region = self.region(last.edits.start..region.edits.end)?;
            }
            regions.push(region);
        }
        Ok(regions)
    }

    /// Returns the region of some edits. What the user changed next to it is part of it, so that it is not in the way,
    /// unless something has landed there.
    fn region(&self, edits: Range<usize>) -> Result<Region, EditError> {
        let region = self.grown(edits.clone(), true);
        region.or_else(|_| self.grown(edits, false))
    }

    /// Returns the region of all `lines` of the proposed text.
    pub(crate) fn whole(&self, lines: usize) -> Result<Region, EditError> {
        self.around(0..lines, 0..self.edits.before.len(), true)
    }

    fn grown(&self, edits: Range<usize>, next_to: bool) -> Result<Region, EditError> {
        let proposed = span(&self.edits.before, &edits).unwrap_or_default();
        self.around(proposed, edits, next_to)
    }

    fn around(&self, proposed: Range<usize>, edits: Range<usize>, next_to: bool) -> Result<Region, EditError> {
        let live = proposed.start..proposed.start;
        let pieces = sharing(&self.pieces.after, &proposed, true);
        let mut region = Region {
            proposed,
            edits,
            pieces,
            // What follows from that is found below.
            expected: live.clone(),
            edited: live.clone(),
            users: 0..0,
            sites: 0..0,
            live,
        };
        loop {
            let before = region.clone();
            self.grow(&mut region, next_to);
            let landed = self.landed.get(region.sites.clone()).unwrap_or_default();
            if landed.contains(&true) {
                return Err(EditError::Landed {
                    line: region.live.start,
                });
            }
            if region == before {
                return Ok(region);
            }
        }
    }

    /// Adds to the proposed lines of a region what shares lines with it in any of the texts, and finds its lines in the
    /// others.
    fn grow(&self, region: &mut Region, next_to: bool) {
        add(&mut region.edits, sharing(&self.edits.before, &region.proposed, true));
        // What an edit touches is in the region; of other hunks, only those that share lines with it.
        let edits = span(&self.edits.before, &region.edits).unwrap_or_default();
        add(&mut region.pieces, sharing(&self.pieces.after, &edits, true));
        let proposed = hull(region.proposed.clone(), Some(edits));
        (region.proposed, region.live) = self.pieces.backwards(&mut region.pieces, proposed);
        region.users = sharing(&self.users.after, &region.live, next_to);
        let live = hull(region.live.clone(), span(&self.users.after, &region.users));
        (region.live, region.expected) = self.users.backwards(&mut region.users, live);
        region.sites = span(&self.holds, &region.pieces).unwrap_or_default();
        add(&mut region.sites, sharing(&self.sites, &region.expected, false));
        add(&mut region.pieces, sharing(&self.holds, &region.sites, false));
        // The same way back, so that everything that was met is in the proposed lines.
        let expected = hull(region.expected.clone(), span(&self.sites, &region.sites));
        let (_, live) = self.users.forwards(&mut region.users, expected);
        let (_, proposed) = self
            .pieces
            .forwards(&mut region.pieces, hull(region.live.clone(), Some(live)));
        region.proposed = hull(region.proposed.clone(), Some(proposed));
        region.edited = self
            .edits
            .forwards(&mut region.edits.clone(), region.proposed.clone())
            .1;
    }
}

impl Region {
    /// Says whether the region, which is above another, shares anything with it.
    fn meets(&self, below: &Self) -> bool {
        below.proposed.start < self.proposed.end
            || below.live.start < self.live.end
            || below.expected.start < self.expected.end
            || below.sites.start < self.sites.end
            || below.edits.start < self.edits.end
    }
}

impl Strand {
    pub(crate) fn new(pairs: impl Iterator<Item = (Range<usize>, Range<usize>)>) -> Self {
        let (before, after) = pairs.unzip();
        Self { before, after }
    }

    /// Adds to `held` what shares lines of the first text with `lines`. Returns the lines of both texts then.
    fn forwards(&self, held: &mut Range<usize>, lines: Range<usize>) -> (Range<usize>, Range<usize>) {
        across(&self.before, &self.after, held, lines)
    }

    /// As [`Strand::forwards`], from lines of the second text.
    fn backwards(&self, held: &mut Range<usize>, lines: Range<usize>) -> (Range<usize>, Range<usize>) {
        across(&self.after, &self.before, held, lines)
    }
}

/// Returns the line in another text of a line behind `last`, whose lines differ in the two. Without it, they are the
/// same up to there.
pub(crate) fn carried(line: usize, last: Option<(&Range<usize>, &Range<usize>)>) -> usize {
    last.map_or(line, |(from, to)| (line + to.end).saturating_sub(from.end))
}

fn across(
    from: &[Range<usize>],
    to: &[Range<usize>],
    held: &mut Range<usize>,
    lines: Range<usize>,
) -> (Range<usize>, Range<usize>) {
    let lines = hull(lines, span(from, held));
    add(held, sharing(from, &lines, false));
    let lines = hull(lines, span(from, held));
    let at = |line, next: usize| {
        let last = next.checked_sub(1);
        carried(line, last.and_then(|last| Some((from.get(last)?, to.get(last)?))))
    };
    let other = at(lines.start, held.start)..at(lines.end, held.end);
    (lines, other)
}

/// Returns which of some ranges, which are in order, share lines with `lines`, or touch them if `next_to` holds. Where
/// there are none, it says between which the lines are.
fn sharing(ranges: &[Range<usize>], lines: &Range<usize>, next_to: bool) -> Range<usize> {
    let from = ranges.partition_point(|range| range.end < lines.start || (!next_to && range.end == lines.start));
    let to = ranges.partition_point(|range| range.start < lines.end || (next_to && range.start == lines.end));
    from..to.max(from)
}

/// Adds to what is held, and what is between the two: several may be at one line.
fn add(held: &mut Range<usize>, more: Range<usize>) {
    if held.start == held.end {
        *held = more;
    } else {
        *held = hull(held.clone(), Some(more));
    }
}

/// Returns the lines from the first to the last of the held ranges.
fn span(ranges: &[Range<usize>], held: &Range<usize>) -> Option<Range<usize>> {
    let held = ranges.get(held.clone())?;
    Some(held.first()?.start..held.last()?.end)
}

fn hull(lines: Range<usize>, more: Option<Range<usize>>) -> Range<usize> {
    more.map_or(lines.clone(), |more| {
        lines.start.min(more.start)..lines.end.max(more.end)
    })
}
