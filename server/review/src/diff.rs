//! Line differences: the only file that knows the diff library.
//!
//! The algorithm is Myers with git's heuristics, the one behind `git merge-file` and `git diff`: a merge can be clean
//! only where git is clean when both see the same lines as changed. It is bounded on any input, because the heuristics
//! give up on minimality when a search becomes expensive.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, NoSliderHeuristic, Token};

/// A text cut into lines.
pub(crate) struct Lines<'a> {
    text: &'a str,
    lines: Vec<&'a str>,
    /// Where each line starts, and the length of the text at the end.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Cuts a text into lines, each with its `\n`.
    pub(crate) fn new(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut starts = Vec::with_capacity(lines.len() + 1);
        let mut at = 0;
        for line in &lines {
            starts.push(at);
            at += line.len();
        }
        starts.push(at);
        Self { text, lines, starts }
    }

    /// Returns the number of lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Says whether this is the end of a text whose last line has no line end.
    pub(crate) fn is_behind_open_line(&self, line: usize) -> bool {
        line == self.lines.len() && !self.text.is_empty() && !self.text.ends_with('\n')
    }

    /// Returns all lines.
    pub(crate) fn all(&self) -> &[&'a str] {
        &self.lines
    }

    /// Returns the lines of a range; none if it is not within the text.
    pub(crate) fn slice(&self, lines: Range<usize>) -> &[&'a str] {
        self.lines.get(lines).unwrap_or_default()
    }

    /// Returns the byte offset at which a line starts; the length of the text beyond the end.
    pub(crate) fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// Returns the text of a range of lines.
    pub(crate) fn text(&self, lines: Range<usize>) -> &'a str {
        self.text
            .get(self.start(lines.start)..self.start(lines.end))
            .unwrap_or_default()
    }
}

/// Lines of one text that stand in place of lines of another. One of the ranges may be empty, never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The lines that go.
    pub(crate) before: Range<usize>,
    /// The lines that come.
    pub(crate) after: Range<usize>,
}

/// Returns what changed from one text to another, in order, with at least one unchanged line between two changes.
pub(crate) fn changes(before: &Lines<'_>, after: &Lines<'_>) -> Vec<Change> {
    if before.text == after.text {
        return Vec::new();
    }
    let input = InternedInput::new(before.text, after.text);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    found(&diff)
}

/// Returns what changed from one list of tokens to another, in order, with at least one unchanged token between two
/// changes. `count` is above every token.
pub(crate) fn token_changes(before: &[Token], after: &[Token], count: u32) -> Vec<Change> {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, count);
    diff.postprocess_with(before, after, NoSliderHeuristic);
    found(&diff)
}

fn found(diff: &Diff) -> Vec<Change> {
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    let hunks = diff.hunks();
    hunks
        .map(|hunk| Change {
            before: range(hunk.before),
            after: range(hunk.after),
        })
        .collect()
}

/// Returns the lines of `text` that a change may be said to touch, given that the lines `at` give way to `new`.
///
/// An insertion or removal beside lines that repeat it can be drawn at several places with the same outcome. All of
/// them count, so that no choice of a diff decides whether two people changed the same place. `within` bounds the
/// search: nothing slides past the neighbouring change.
pub(crate) fn reach<T: PartialEq>(text: &[T], at: &Range<usize>, new: &[T], within: &Range<usize>) -> Range<usize> {
    let old = text.get(at.clone()).unwrap_or_default();
    let block = if old.is_empty() { new } else { old };
    if block.is_empty() || (!old.is_empty() && !new.is_empty()) {
        return at.clone();
    }
    // Sliding by one line turns the block around by one line, so the lines beside it must repeat the block in a cycle.
    let above = text.get(within.start..at.start).unwrap_or_default().iter().rev();
    let up = above
        .zip(block.iter().rev().cycle())
        .take_while(|(a, b)| a == b)
        .count();
    let below = text.get(at.end..within.end).unwrap_or_default().iter();
    let down = below.zip(block.iter().cycle()).take_while(|(a, b)| a == b).count();
    at.start - up..at.end + down
}
