//! Where a hunk stands on what the file says now.
//!
//! Hunks that have landed are part of the live text, so the live text is compared with the text to *expect*: the base in
//! which they have landed. What is left is what the user changed.

use std::ops::Range;

use crate::compose::Composer;
use crate::diff::Change;
use crate::document::Document;
use crate::second::merge_again;

/// Where a hunk stands on the live text. Lines are those of the live text, counted from zero.
///
/// A hunk that has landed is [`AlreadyThere`](Placement::AlreadyThere) while its text stands, [`Clean`](Placement::Clean)
/// or [`Moved`](Placement::Moved) when someone put the old text back, and [`Overlap`](Placement::Overlap) or
/// [`Gone`](Placement::Gone) when someone changed or removed it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// It can land: its text replaces these lines, and nothing the user changed overlaps or touches them. `git
    /// merge-file` merges here too.
    Clean {
        /// The first line it replaces.
        line: usize,
        /// How many lines it replaces; zero for an insertion before `line`.
        lines: usize,
    },
    /// Like `Clean`, but its lines are not where they would be had the user not changed the file above them.
    Moved {
        /// The first line it replaces.
        line: usize,
        /// How many lines it replaces; zero for an insertion before `line`.
        lines: usize,
    },
    /// The user changed lines that touch those of the hunk, or share some with it, but not the same words. It can
    /// land: `merged`, which has the changes of both, replaces these lines.
    Touched {
        /// The first live line that is replaced.
        line: usize,
        /// How many live lines are replaced.
        lines: usize,
        /// What would stand there.
        merged: String,
    },
    /// The user and the hunk changed the same words, or inserted at the same place. It takes a
    /// [`Resolution`](crate::ledger::Resolution) to land.
    Overlap {
        /// The first live line of the place both changed.
        line: usize,
        /// How many live lines that place has.
        lines: usize,
        /// What these lines say, the first of them where they are very many.
        live: String,
    },
    /// The live text already says what the hunk would make it say.
    AlreadyThere {
        /// The first line of its text.
        line: usize,
        /// How many lines its text has; zero where it removed some before `line`.
        lines: usize,
    },
    /// The user removed all lines that it replaces, or those around the place where it inserts. It takes a
    /// [`Resolution`](crate::ledger::Resolution) to land.
    Gone {
        /// The live line before which they were.
        line: usize,
    },
}

impl Placement {
    /// Returns the first live line it is about.
    pub fn line(&self) -> usize {
        match self {
            Self::Clean { line, .. }
            | Self::Moved { line, .. }
            | Self::Touched { line, .. }
            | Self::Overlap { line, .. }
            | Self::AlreadyThere { line, .. }
            | Self::Gone { line } => *line,
        }
    }

    /// Returns how many live lines it is about.
    pub fn lines(&self) -> usize {
        match self {
            Self::Clean { lines, .. }
            | Self::Moved { lines, .. }
            | Self::Touched { lines, .. }
            | Self::Overlap { lines, .. }
            | Self::AlreadyThere { lines, .. } => *lines,
            Self::Gone { .. } => 0,
        }
    }

    /// Says whether nothing the user did is in the way, so that the hunk lands, or is there, without a question.
    pub fn lands(&self) -> bool {
        !matches!(self, Self::Overlap { .. } | Self::Gone { .. })
    }
}

/// A hunk on the expected text.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The expected lines that are its old text or, if it has landed, the text that landed.
    pub(crate) lines: Range<usize>,
    /// Whether it has landed.
    pub(crate) landed: bool,
    /// The text that a decision would put there: its proposed text or, if it has landed, its old text.
    pub(crate) other: String,
    /// How many lines `other` has.
    pub(crate) other_lines: usize,
    /// How many lines above and below `lines` it touches too, because git draws the agent's change there.
    pub(crate) margin: (usize, usize),
}

/// A placement with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) placement: Placement,
    /// The expected lines that the placement is about, the hunk's own among them.
    pub(crate) expected: Range<usize>,
    /// The live lines in place of them.
    pub(crate) live: Range<usize>,
}

/// What the user did to the expected text.
pub(crate) struct Placer<'a> {
    pub(crate) expected: &'a Document,
    pub(crate) live: &'a Document,
    pub(crate) sites: &'a [Site],
    /// What the user changed.
    pub(crate) changes: &'a [Change],
    /// The expected lines that count as touched by that, in order.
    pub(crate) touched: &'a [Range<usize>],
}

impl Placer<'_> {
    /// Places the hunk with this index; none if there is no such hunk.
    pub(crate) fn place(&self, index: usize, words: &mut Option<WordMerge>) -> Option<Placed> {
        self.place_with(index, |site, expected, live| {
            self.merge_words(site, expected, live, words)
        })
    }

    /// Places the hunk with this index without a second pass by words.
    pub(crate) fn place_by_lines(&self, index: usize) -> Option<Placed> {
        self.place_with(index, |_, _, _| None)
    }

    fn place_with(
        &self,
        index: usize,
        words: impl FnMut(&Site, &Range<usize>, &str) -> Option<String>,
    ) -> Option<Placed> {
        let site = self.sites.get(index)?;
        let reach = self.reach(index, site);
        let near = self.touched.partition_point(|touched| touched.end < reach.start);
        let clear = self.touched.get(near).is_none_or(|touched| touched.start > reach.end);
        let placed = if clear {
            self.untouched(site)
        } else {
            self.in_touch(site, words)
        };
        Some(if site.landed { placed.undone() } else { placed })
    }

    fn untouched(&self, site: &Site) -> Placed {
        let line = self.live_line(site);
        let lines = site.lines.len();
        let placement = if !site.landed && self.expected.lines(site.lines.clone()) == site.other {
            Placement::AlreadyThere { line, lines }
        } else if line == site.lines.start {
            Placement::Clean { line, lines }
        } else {
            Placement::Moved { line, lines }
        };
        placed(placement, site.lines.clone(), line..line + lines)
    }

    /// Returns the live line of a hunk whose lines the user did not change.
    fn live_line(&self, site: &Site) -> usize {
        let above = self
            .changes
            .partition_point(|change| change.before.end <= site.lines.start);
        match above.checked_sub(1).and_then(|index| self.changes.get(index)) {
            Some(change) => site.lines.start - change.before.end + change.after.end,
            None => site.lines.start,
        }
    }

    fn in_touch(&self, site: &Site, mut words: impl FnMut(&Site, &Range<usize>, &str) -> Option<String>) -> Placed {
        let at = &site.lines;
        let from = self.changes.partition_point(|change| change.before.end < at.start);
        let to = self.changes.partition_point(|change| change.before.start <= at.end);
        let touching = self.changes.get(from..to).unwrap_or_default();
        if let Some((expected, live)) = hull(at, touching)
            && self.is_there(&expected, at, &site.other, self.live.lines(live.clone()))
        {
            let line = live.start + (at.start - expected.start);
            let lines = site.other_lines;
            return placed(Placement::AlreadyThere { line, lines }, expected, live);
        }
        let shares = |change: &Change| {
            let (a, b) = (&change.before, at);
            (a.start < b.end && b.start < a.end) || (a.is_empty() && b.is_empty() && a.start == b.start)
        };
        let first = touching.iter().position(shares);
        let last = touching.iter().rposition(shares);
        let shared = first.zip(last).and_then(|(first, last)| touching.get(first..=last));
        let Some((expected, live)) = shared.and_then(|shared| hull(at, shared)) else {
            let clean = self.untouched(site);
            let (line, lines) = (clean.live.start, clean.live.len());
            let merged = site.other.clone();
            return placed(Placement::Touched { line, lines, merged }, clean.expected, clean.live);
        };
        let (line, lines) = (live.start, live.len());
        let text = self.live.lines(live.clone());
        if !site.landed
            && let Some(merged) = words(site, &expected, text)
        {
            return placed(Placement::Touched { line, lines, merged }, expected, live);
        }
        let placement = if live.is_empty() && !expected.is_empty() {
            Placement::Gone { line }
        } else {
            let live = beginning(text).to_owned();
            Placement::Overlap { line, lines, live }
        };
        placed(placement, expected, live)
    }

    /// Says whether `live` is the expected lines in which a hunk's lines say `new`.
    fn is_there(&self, expected: &Range<usize>, at: &Range<usize>, new: &str, live: &str) -> bool {
        let above = self.expected.lines(expected.start..at.start);
        let below = self.expected.lines(at.end..expected.end);
        let rest = [above, new, below]
            .iter()
            .try_fold(live, |rest, part| rest.strip_prefix(part));
        rest.is_some_and(str::is_empty)
    }

    fn merge_words(
        &self,
        site: &Site,
        expected: &Range<usize>,
        live: &str,
        words: &mut Option<WordMerge>,
    ) -> Option<String> {
        if let Some(known) = words
            && known.expected == *expected
            && known.live == live
        {
            return known.merged.clone();
        }
        let other = self.with(site, expected);
        let merged = merge_again(self.expected.lines(expected.clone()), live, &other);
        *words = Some(WordMerge {
            expected: expected.clone(),
            live: live.to_owned(),
            merged: merged.clone(),
        });
        merged
    }

    /// Returns the expected lines of a range in which a hunk's lines say its other text.
    pub(crate) fn with(&self, site: &Site, expected: &Range<usize>) -> String {
        let mut text = Composer::default();
        text.push(self.expected.lines(expected.start..site.lines.start));
        text.push(&site.other);
        text.push(self.expected.lines(site.lines.end..expected.end));
        text.finish()
    }

    /// Returns the expected lines that a hunk touches.
    fn reach(&self, index: usize, site: &Site) -> Range<usize> {
        let above = index.checked_sub(1).and_then(|index| self.sites.get(index));
        let below = self.sites.get(index + 1);
        let within = above.map_or(0, |site| site.lines.end)..below.map_or(self.expected.len(), |site| site.lines.start);
        let at = &site.lines;
        at.start.saturating_sub(site.margin.0).max(within.start)..(at.end + site.margin.1).min(within.end)
    }
}

/// A merge by words that was tried, so that it is not tried again while nothing changes near the hunk.
#[derive(Debug, Clone)]
pub(crate) struct WordMerge {
    expected: Range<usize>,
    live: String,
    merged: Option<String>,
}

impl Placed {
    /// Turns the placement of taking a landed hunk back into that of the hunk.
    fn undone(self) -> Self {
        let placement = match self.placement {
            Placement::Clean { line, lines }
            | Placement::Moved { line, lines }
            | Placement::Touched { line, lines, .. } => Placement::AlreadyThere { line, lines },
            // It was put back by hand, so where it would land does not count as moved.
            Placement::AlreadyThere { line, lines } => Placement::Clean { line, lines },
            other => other,
        };
        Self { placement, ..self }
    }
}

fn placed(placement: Placement, expected: Range<usize>, live: Range<usize>) -> Placed {
    Placed {
        placement,
        expected,
        live,
    }
}

/// Returns the expected lines from the first to the last of `at` and the changes, and the live lines in place of them;
/// none without a change.
fn hull(at: &Range<usize>, changes: &[Change]) -> Option<(Range<usize>, Range<usize>)> {
    let (first, last) = (changes.first()?, changes.last()?);
    let expected = first.before.start.min(at.start)..last.before.end.max(at.end);
    let live_start = first.after.start - (first.before.start - expected.start);
    let live_end = last.after.end + (expected.end - last.before.end);
    Some((expected, live_start..live_end))
}

/// How much of a place that both sides changed is shown, in bytes. All hunks of a file may be in one such place.
const MAX_SHOWN: usize = 16 << 10;

/// Returns the lines at the beginning of a text that fit, or a part of the first one.
fn beginning(text: &str) -> &str {
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let cut = text.get(..text.floor_char_boundary(MAX_SHOWN)).unwrap_or_default();
    let whole_lines = cut.rfind('\n').and_then(|end| cut.get(..=end));
    whole_lines.unwrap_or(cut)
}
