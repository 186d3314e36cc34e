//! The hunks of one file: what was decided about each, and where each stands on the live text.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aca_protocol::HunkId;

use crate::compose::Composer;
use crate::diff::{Change, Difference, Lines, difference, git_difference};
use crate::document::{Document, Interner};
use crate::hunk::{Hunk, build};
use crate::placement::{Placed, Placer, Site, WordMerge};
use crate::span::{cut, cut_whole, joined, margins};

pub use crate::landing::{Landed, Resolution};
pub use crate::placement::Placement;
pub use crate::span::Span;

/// What was decided about a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Open,
    /// It was put into the file.
    Landed {
        /// The text that landed in place of the hunk's old text, as [`Landed`] gave it.
        text: String,
    },
    /// It is not wanted.
    Rejected,
}

/// What a person made of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The text that it is to put into the file.
    pub text: String,
    /// The text that it replaces, if that is not the hunk's old text: what the file said there when it was amended.
    pub over: Option<String>,
}

impl From<String> for Amendment {
    fn from(text: String) -> Self {
        Self { text, over: None }
    }
}

/// Why the hunks of a file were not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The file has no such hunk. It may have been split or joined.
    #[error("there is no hunk {0} in this file any more")]
    Unknown(HunkId),
    /// Only what is undecided can be split, joined or amended.
    #[error("hunk {0} is decided already; bring it back first")]
    Decided(HunkId),
    /// Only the agent's own text can be split or joined.
    #[error("hunk {0} was amended; take the amendment back first")]
    Amended(HunkId),
    /// The lines are not within the hunk, or they are none.
    #[error("the hunk has {lines} lines, and there are none of them in that range")]
    Lines {
        /// How many lines of the hunk can be chosen from.
        lines: usize,
    },
    /// The lines are all that the hunk changes.
    #[error("these lines are all that hunk {0} changes")]
    Whole(HunkId),
    /// The hunks do not follow one another, or there are fewer than two.
    #[error("only hunks that follow one another can be joined, and at least two")]
    NotNeighbours,
}

/// Spans do not cut the difference between two texts into hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recorded hunks do not fit the texts of the file")]
pub struct Misfit;

/// The hunks of one text file.
///
/// It answers where they stand on the live text after each change of it. That costs one comparison of two texts and a
/// search among the lines that differ, because lines that were met before keep their numbers.
#[derive(Debug, Clone)]
pub struct FileLedger {
    path: String,
    base: String,
    result: String,
    /// What changed from base to result, cut as finely as it can be.
    changes: Vec<Change>,
    /// For each change, the lines of the base that count as touched by it.
    reach: Vec<Range<usize>>,
    hunks: Vec<Hunk>,
    /// Where each hunk is in `hunks`.
    indexes: Arc<HashMap<HunkId, usize>>,
    /// What is known of each hunk beyond its text, in the same order.
    states: Vec<State>,
    interner: Interner,
    /// The base in which the landed hunks have landed, and the hunks on it. They are made when they are needed.
    expected: Document,
    sites: Option<Vec<Site>>,
    live: Document,
    placed: Option<Vec<Placed>>,
    placements: Vec<Placement>,
    words: Vec<Option<WordMerge>>,
}

/// What is known of a hunk.
#[derive(Debug, Clone)]
struct State {
    standing: Standing,
    amended: Option<Amendment>,
}

impl State {
    /// Returns the text that the hunk would put into the file.
    fn puts<'a>(&'a self, hunk: &'a Hunk) -> &'a str {
        self.amended.as_ref().map_or(&hunk.new, |amended| &amended.text)
    }

    /// Returns the text that the hunk replaces.
    fn replaces<'a>(&'a self, hunk: &'a Hunk) -> &'a str {
        let over = self.amended.as_ref().and_then(|amended| amended.over.as_deref());
        over.unwrap_or(&hunk.old)
    }
}

/// How many bytes of lines that are in no text any more are remembered, at least.
const MAX_OLD_BYTES: usize = 1 << 20;

const OPEN: State = State {
    standing: Standing::Open,
    amended: None,
};

impl FileLedger {
    /// Returns the hunks between `base` and `result`, all open. `path` only goes into the identifiers.
    pub fn new(path: &str, base: &str, result: &str) -> Self {
        let difference = difference(base, result);
        let spans = joined(&difference.changes);
        Self::cut(path, base, result, difference, &spans)
    }

    /// Returns the hunks between `base` and `result` as they were cut before, all open.
    ///
    /// # Errors
    ///
    /// [`Misfit`], if the spans are not those of a ledger of these texts.
    pub fn with_spans(path: &str, base: &str, result: &str, spans: &[Span]) -> Result<Self, Misfit> {
        let (base_lines, result_lines) = (Lines::new(base), Lines::new(result));
        if !cut_whole(spans, &base_lines, &result_lines) {
            return Err(Misfit);
        }
        Ok(Self::cut(path, base, result, difference(base, result), spans))
    }

    fn cut(path: &str, base: &str, result: &str, difference: Difference, spans: &[Span]) -> Self {
        let Difference { changes, reach, .. } = difference;
        let hunks = build(path, &Lines::new(base), &Lines::new(result), &changes, spans);
        Self {
            path: path.to_owned(),
            base: base.to_owned(),
            result: result.to_owned(),
            changes,
            reach,
            states: vec![OPEN; hunks.len()],
            indexes: indexes(&hunks),
            hunks,
            interner: Interner::default(),
            expected: Document::empty(),
            sites: None,
            live: Document::empty(),
            placed: None,
            placements: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Returns how the file is cut into hunks, in file order.
    pub fn spans(&self) -> Vec<Span> {
        let span = |hunk: &Hunk| Span {
            base: hunk.base.clone(),
            result: hunk.result.clone(),
            nth: hunk.nth,
        };
        self.hunks.iter().map(span).collect()
    }

    /// Returns the hunks in file order.
    pub fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// Returns what was decided about a hunk; none if there is no such hunk.
    pub fn standing(&self, id: &HunkId) -> Option<&Standing> {
        Some(&self.states.get(self.index(id).ok()?)?.standing)
    }

    /// Returns the text that a hunk would put into the file now: its amended text, or the agent's.
    pub fn proposed(&self, id: &HunkId) -> Option<&str> {
        let index = self.index(id).ok()?;
        self.proposed_at(index)
    }

    /// Returns the text that a hunk replaces: what the file said there when it was amended, or what the base has.
    pub fn replaced(&self, id: &HunkId) -> Option<&str> {
        let index = self.index(id).ok()?;
        Some(self.states.get(index)?.replaces(self.hunks.get(index)?))
    }

    /// Returns what a person made of a hunk.
    pub fn amendment(&self, id: &HunkId) -> Option<&Amendment> {
        self.states.get(self.index(id).ok()?)?.amended.as_ref()
    }

    /// Sets what was decided about a hunk. Any decision may follow any other.
    ///
    /// # Errors
    ///
    /// [`Refused::Unknown`].
    pub fn set(&mut self, id: &HunkId, standing: Standing) -> Result<(), Refused> {
        let index = self.index(id)?;
        if let Some(state) = self.states.get_mut(index)
            && state.standing != standing
        {
            state.standing = standing;
            self.forget();
        }
        Ok(())
    }

    /// Puts another text in place of the agent's, or the agent's back.
    ///
    /// # Errors
    ///
    /// [`Refused::Unknown`], and [`Refused::Decided`] if the hunk is not open.
    pub fn amend(&mut self, id: &HunkId, amended: Option<Amendment>) -> Result<(), Refused> {
        let index = self.index(id)?;
        if let Some(state) = self.states.get_mut(index) {
            if state.standing != Standing::Open {
                return Err(Refused::Decided(id.clone()));
            }
            if state.amended != amended {
                state.amended = amended;
                self.forget();
            }
        }
        Ok(())
    }

    /// Cuts a hunk so that `lines` of its new lines, or of its old lines if it only removes, are a hunk of their own.
    /// They count from the hunk's first line. Returns the hunks it became, in file order, among them one for `lines`
    /// unless nothing changes there; all of them together do what it did.
    ///
    /// # Errors
    ///
    /// [`Refused`], if the hunk is unknown, decided or amended, or if the lines are not a part of it.
    pub fn split(&mut self, id: &HunkId, lines: Range<usize>) -> Result<Vec<HunkId>, Refused> {
        let index = self.own(id)?;
        let mut spans = self.spans();
        let span = spans.get(index).cloned().ok_or_else(|| Refused::Unknown(id.clone()))?;
        let count = if span.result.is_empty() {
            span.base.len()
        } else {
            span.result.len()
        };
        if lines.is_empty() || lines.end > count {
            return Err(Refused::Lines { lines: count });
        }
        let parts = cut(&span, &lines, &Lines::new(&self.base), &Lines::new(&self.result));
        if parts.len() < 2 {
            return Err(Refused::Whole(id.clone()));
        }
        let made = index..index + parts.len();
        spans.splice(index..=index, parts);
        self.recut(&spans);
        let made = self.hunks.get(made).unwrap_or_default();
        Ok(made.iter().map(|hunk| hunk.id.clone()).collect())
    }

    /// Makes one hunk of several that follow one another; the unchanged lines between them become part of it.
    ///
    /// # Errors
    ///
    /// [`Refused`], if one of the hunks is unknown, decided or amended, or if they are no neighbours.
    pub fn join(&mut self, ids: &[HunkId]) -> Result<HunkId, Refused> {
        let mut indexes = ids.iter().map(|id| self.own(id)).collect::<Result<Vec<_>, _>>()?;
        indexes.sort_unstable();
        let (Some(first), Some(last)) = (indexes.first().copied(), indexes.last().copied()) else {
            return Err(Refused::NotNeighbours);
        };
        if first == last || !indexes.iter().copied().eq(first..=last) {
            return Err(Refused::NotNeighbours);
        }
        let mut spans = self.spans();
        let (Some(top), Some(bottom)) = (spans.get(first), spans.get(last)) else {
            return Err(Refused::NotNeighbours);
        };
        let whole = Span::new(top.base.start..bottom.base.end, top.result.start..bottom.result.end);
        spans.splice(first..=last, [whole]);
        self.recut(&spans);
        self.hunks
            .get(first)
            .map(|hunk| hunk.id.clone())
            .ok_or(Refused::NotNeighbours)
    }

    /// Places the hunks on the live text of the file; the placements come in the order of the hunks.
    ///
    /// What the last call found is used again, so that a small change of the live text takes little time. The answer
    /// is the same as without.
    pub fn place(&mut self, live: &str) -> &[Placement] {
        if self.interner.bytes() > MAX_OLD_BYTES + 2 * (self.expected.bytes() + live.len()) {
            // Every keystroke makes a line that may never be met again.
            (self.expected, self.live) = (Document::empty(), Document::empty());
            self.interner = Interner::default();
            self.forget();
        }
        self.expect();
        let moved = self.live.update(live, &mut self.interner);
        if moved || self.placed.is_none() {
            let placed = self.place_all();
            self.placements = placed.iter().map(|placed| placed.placement.clone()).collect();
            self.placed = Some(placed);
        }
        &self.placements
    }

    fn place_all(&mut self) -> Vec<Placed> {
        let (expected, live) = (self.expected.tokens(), self.live.tokens());
        let Difference { changes, touched, .. } = git_difference(expected, live, self.interner.count());
        let sites = self.sites.as_deref().unwrap_or_default();
        let placer = Placer {
            expected: &self.expected,
            live: &self.live,
            sites,
            changes: &changes,
            touched: &touched,
        };
        let words = self.words.iter_mut().enumerate();
        words.filter_map(|(index, words)| placer.place(index, words)).collect()
    }

    /// Makes the expected text and the hunks on it, unless they are there.
    fn expect(&mut self) {
        if self.sites.is_some() {
            return;
        }
        let base = Lines::new(&self.base);
        let mut text = Composer::default();
        let (mut sites, mut from, mut done) = (Vec::<Site>::with_capacity(self.hunks.len()), 0, 0);
        for (hunk, state) in self.hunks.iter().zip(&self.states) {
            let start = done + (hunk.base.start - from);
            text.push(base.text(from..hunk.base.start));
            let (here, other, landed) = match &state.standing {
                Standing::Landed { text } => (text.as_str(), state.replaces(hunk), true),
                Standing::Open | Standing::Rejected => (state.replaces(hunk), state.puts(hunk), false),
            };
            text.push(here);
            from = hunk.base.end;
            done = start + here.split_inclusive('\n').count();
            sites.push(Site {
                lines: start..done,
                landed,
                other: other.to_owned(),
                other_lines: other.split_inclusive('\n').count(),
                margin: (0, 0),
            });
        }
        text.push(base.text(from..base.len().max(from)));
        self.expected.update(&text.finish(), &mut self.interner);
        let spans = self.spans();
        for (site, margin) in sites.iter_mut().zip(margins(&spans, &self.changes, &self.reach)) {
            site.margin = margin;
        }
        self.words = vec![None; sites.len()];
        self.sites = Some(sites);
    }

    /// Cuts the file anew; hunks that stay keep what was decided about them.
    pub(crate) fn recut(&mut self, spans: &[Span]) {
        let (base, result) = (Lines::new(&self.base), Lines::new(&self.result));
        let hunks = build(&self.path, &base, &result, &self.changes, spans);
        let old = self.hunks.iter().map(|hunk| &hunk.id).zip(self.states.drain(..));
        let mut known: HashMap<&HunkId, State> = old.collect();
        self.states = hunks
            .iter()
            .map(|hunk| known.remove(&hunk.id).unwrap_or(OPEN))
            .collect();
        self.indexes = indexes(&hunks);
        self.hunks = hunks;
        self.forget();
    }

    /// Forgets what followed from the hunks and their decisions.
    fn forget(&mut self) {
        self.sites = None;
        self.placed = None;
    }

    pub(crate) fn index(&self, id: &HunkId) -> Result<usize, Refused> {
        let index = self.indexes.get(id).copied();
        index.ok_or_else(|| Refused::Unknown(id.clone()))
    }

    /// Returns the index of a hunk that is open and says what the agent wrote.
    fn own(&self, id: &HunkId) -> Result<usize, Refused> {
        let index = self.index(id)?;
        match self.states.get(index) {
            Some(state) if state.standing != Standing::Open => Err(Refused::Decided(id.clone())),
            Some(state) if state.amended.is_some() => Err(Refused::Amended(id.clone())),
            _ => Ok(index),
        }
    }

    pub(crate) fn proposed_at(&self, index: usize) -> Option<&str> {
        Some(self.states.get(index)?.puts(self.hunks.get(index)?))
    }

    pub(crate) fn placed_at(&self, index: usize) -> Option<&Placed> {
        self.placed.as_ref()?.get(index)
    }

    pub(crate) fn site(&self, index: usize) -> Option<&Site> {
        self.sites.as_ref()?.get(index)
    }

    /// Returns the hunks on the expected text, once the live text was placed.
    pub(crate) fn sites(&self) -> &[Site] {
        self.sites.as_deref().unwrap_or_default()
    }

    /// Returns what the user changed, once the live text was placed.
    pub(crate) fn changed_by_user(&self) -> Vec<Change> {
        let (expected, live) = (self.expected.tokens(), self.live.tokens());
        git_difference(expected, live, self.interner.count()).changes
    }

    /// Returns the lines of the base and of the result.
    pub(crate) fn texts(&self) -> (Lines<'_>, Lines<'_>) {
        (Lines::new(&self.base), Lines::new(&self.result))
    }

    pub(crate) fn expected(&self) -> &Document {
        &self.expected
    }

    pub(crate) fn live(&self) -> &Document {
        &self.live
    }
}

fn indexes(hunks: &[Hunk]) -> Arc<HashMap<HunkId, usize>> {
    let named = hunks.iter().enumerate().map(|(index, hunk)| (hunk.id.clone(), index));
    Arc::new(named.collect())
}
