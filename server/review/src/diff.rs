//! Line differences: which lines of two texts differ, and where that is drawn.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, IndentLevel, InternedInput, NoSliderHeuristic, Token};

use crate::compact::compact;
use crate::myers::{Marks, marks};

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

/// The difference between two texts.
pub(crate) struct Difference {
    /// What changed, in order, with at least one unchanged line between two changes.
    pub(crate) changes: Vec<Change>,
    /// The lines of the first text that count as touched in a merge, in order: those of the changes as git draws them.
    /// Where git's way to draw them cannot be found out in reasonable time, these and the few lines between them.
    pub(crate) touched: Vec<Range<usize>>,
    /// For each of the changes, the lines of the first text from its own to those that count as touched by it.
    pub(crate) reach: Vec<Range<usize>>,
}

/// Returns the difference between two texts, drawn where it reads best.
pub(crate) fn difference(before: &str, after: &str) -> Difference {
    let input = InternedInput::new(before, after);
    let indent = |token: Token| IndentLevel::for_ascii_line(input.interner[token].bytes(), TAB);
    compare(&input.before, &input.after, input.interner.num_tokens(), Some(&indent))
}

/// Returns what changed from one text to another, drawn where it reads best.
pub(crate) fn changes(before: &str, after: &str) -> Vec<Change> {
    difference(before, after).changes
}

/// Returns the difference between two lists of lines, drawn as `git merge-file` draws it. `count` is above every token.
pub(crate) fn git_difference(before: &[Token], after: &[Token], count: u32) -> Difference {
    compare(before, after, count, None)
}

const TAB: u8 = 8;

fn compare(before: &[Token], after: &[Token], count: u32, indent: Option<&dyn Fn(Token) -> IndentLevel>) -> Difference {
    let exact = marks(before, after, count);
    let is_exact = exact.is_some();
    let marks = exact.unwrap_or_else(|| bounded_marks(before, after, count));
    let drawn = compact(before, after, &marks, None);
    let touched = if is_exact {
        drawn.iter().map(|change| change.before.clone()).collect()
    } else {
        united(reaches(before, after, &drawn))
    };
    let changes = match indent {
        Some(_) => compact(before, after, &marks, indent),
        None => drawn.clone(),
    };
    let mut reach = hulls(&changes, &drawn);
    for lines in &mut reach {
        let from = touched.partition_point(|touched| touched.end < lines.start);
        let near = touched
            .iter()
            .skip(from)
            .take_while(|touched| touched.start <= lines.end);
        if let (false, Some(hull)) = (is_exact, hull(near)) {
            *lines = lines.start.min(hull.start)..lines.end.max(hull.end);
        }
    }
    Difference {
        changes,
        touched,
        reach,
    }
}

/// Returns for each change the lines from its own to those it has in another drawing of the same difference. Where
/// several changes of one drawing are fewer in the other, they are told apart by how many lines go and come.
fn hulls(changes: &[Change], drawn: &[Change]) -> Vec<Range<usize>> {
    let size = |change: &Change| change.before.len() + change.after.len();
    let mut hulls: Vec<Range<usize>> = Vec::with_capacity(changes.len());
    let mut drawn = drawn.iter();
    // The lines of the changes so far, and of the drawn ones.
    let (mut here, mut there) = (0, 0);
    let mut open: Option<Range<usize>> = None;
    for (index, change) in changes.iter().enumerate() {
        here += size(change);
        open = hull(open.iter().chain([&change.before]));
        while there < here
            && let Some(other) = drawn.next()
        {
            there += size(other);
            open = hull(open.iter().chain([&other.before]));
        }
        if here == there {
            hulls.resize(index + 1, open.take().unwrap_or_default());
        }
    }
    hulls
}

/// Returns the lines from the first to the last of some ranges.
fn hull<'a>(ranges: impl Iterator<Item = &'a Range<usize>>) -> Option<Range<usize>> {
    ranges.cloned().reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
}

/// Returns which lines differ, with a search that is bounded on any input.
fn bounded_marks(before: &[Token], after: &[Token], count: u32) -> Marks {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, count);
    let mut marks = Marks {
        removed: vec![false; before.len()],
        added: vec![false; after.len()],
    };
    for hunk in diff.hunks() {
        let (before, after) = (range(hunk.before), range(hunk.after));
        marks.removed.get_mut(before).unwrap_or_default().fill(true);
        marks.added.get_mut(after).unwrap_or_default().fill(true);
    }
    marks
}

/// How many unchanged lines between two changes show that they are unchanged however the difference is drawn.
const CERTAIN: usize = 8;

/// Makes one range of those between which there are only a few lines.
fn united(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut united: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start < last.end + CERTAIN => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

/// Returns what changed from one list of words to another, in order.
pub(crate) fn word_changes(before: &[Token], after: &[Token], count: u32) -> Vec<Change> {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, count);
    diff.postprocess_with(before, after, NoSliderHeuristic);
    let hunks = diff.hunks();
    hunks
        .map(|hunk| Change {
            before: range(hunk.before),
            after: range(hunk.after),
        })
        .collect()
}

fn range(range: Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Returns for each change the part of `before` that it may be said to touch.
///
/// An insertion or removal beside what repeats it can be drawn at several places with the same outcome. All of them
/// count, up to the neighbouring changes.
pub(crate) fn reaches(before: &[Token], after: &[Token], changes: &[Change]) -> Vec<Range<usize>> {
    let reaches = changes.iter().enumerate().map(|(index, change)| {
        let above = index.checked_sub(1).and_then(|index| changes.get(index));
        let below = changes.get(index + 1);
        let within =
            above.map_or(0, |change| change.before.end)..below.map_or(before.len(), |change| change.before.start);
        let new = after.get(change.after.clone()).unwrap_or_default();
        reach(before, &change.before, new, &within)
    });
    reaches.collect()
}

pub(crate) fn reach<T: PartialEq>(text: &[T], at: &Range<usize>, new: &[T], within: &Range<usize>) -> Range<usize> {
    let old = text.get(at.clone()).unwrap_or_default();
    let block = if old.is_empty() { new } else { old };
    if block.is_empty() || (!old.is_empty() && !new.is_empty()) {
        return at.clone();
    }
    // Sliding by one turns the block around by one, so what is beside it must repeat the block in a cycle.
    let above = text.get(within.start..at.start).unwrap_or_default().iter().rev();
    let up = above
        .zip(block.iter().rev().cycle())
        .take_while(|(a, b)| a == b)
        .count();
    let below = text.get(at.end..within.end).unwrap_or_default().iter();
    let down = below.zip(block.iter().cycle()).take_while(|(a, b)| a == b).count();
    at.start - up..at.end + down
}
