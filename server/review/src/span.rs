//! How the difference between base and result is cut into hunks: spans, cutting one and joining several.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::diff::{Change, Lines, changes};

/// One hunk's lines, zero-based. It is what has to be kept to cut a file into the same hunks again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its lines of the base; empty for a pure insertion before that line.
    pub base: Range<usize>,
    /// Its lines of the result; empty for a removal.
    pub result: Range<usize>,
    /// Which one it is of a person's own insertions at the same place.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nth: u32,
}

impl Span {
    /// Returns the span of these lines.
    pub fn new(base: Range<usize>, result: Range<usize>) -> Self {
        Self { base, result, nth: 0 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(nth: &u32) -> bool {
    *nth == 0
}

/// Changes with fewer unchanged lines than this between them are one decision.
const GAP: usize = 2;

/// Returns a span for each decision that a reader would take alone: changes that are close together are one.
pub(crate) fn joined(changes: &[Change]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::with_capacity(changes.len());
    for change in changes {
        match spans.last_mut() {
            Some(last) if change.before.start - last.base.end < GAP => {
                last.base.end = change.before.end;
                last.result.end = change.after.end;
            }
            _ => spans.push(span(change)),
        }
    }
    spans
}

/// Returns the span of a single change.
pub(crate) fn span(change: &Change) -> Span {
    Span::new(change.before.clone(), change.after.clone())
}

/// Returns for each span how many lines above and below it count as touched by the changes in it. `reach` has the
/// lines touched by each change.
pub(crate) fn margins(spans: &[Span], changes: &[Change], reach: &[Range<usize>]) -> Vec<(usize, usize)> {
    let mut margins = vec![(0, 0); spans.len()];
    for (change, reach) in changes.iter().zip(reach) {
        let from = spans.partition_point(|span| span.base.end < change.before.start);
        let to = spans.partition_point(|span| span.base.start <= change.before.end);
        for index in from..to {
            if let (Some(margin), Some(span)) = (margins.get_mut(index), spans.get(index)) {
                margin.0 = margin.0.max(span.base.start.saturating_sub(reach.start));
                margin.1 = margin.1.max(reach.end.saturating_sub(span.base.end));
            }
        }
    }
    margins
}

/// Says whether spans are in order and disjoint, and the texts differ nowhere but within them. Within a span that is a
/// person's own they are the same.
pub(crate) fn cut_whole(spans: &[Span], base: &Lines<'_>, result: &Lines<'_>) -> bool {
    let (mut base_at, mut result_at) = (0, 0);
    for span in spans {
        let in_order = base_at <= span.base.start && result_at <= span.result.start;
        let within = span.base.end <= base.len() && span.result.end <= result.len();
        let real = span.base.start <= span.base.end && span.result.start <= span.result.end;
        if !(in_order && within && real)
            || base.text(base_at..span.base.start) != result.text(result_at..span.result.start)
        {
            return false;
        }
        (base_at, result_at) = (span.base.end, span.result.end);
    }
    base.text(base_at..base.len().max(base_at)) == result.text(result_at..result.len().max(result_at))
}

/// Cuts a span so that some of its new lines, or of its old lines if it has no new ones, become a span of their own.
///
/// `lines` count from the span's first line. Lines of the base go with the new lines that stand in their place: exactly
/// where old and new lines are equal, one by one from the top where they are not. Unchanged lines at the ends of a
/// piece go to nobody, and a piece without a change is left out. No cut is made behind a last line that has no line
/// end, because what follows it would depend on which piece lands first.
pub(crate) fn cut(span: &Span, lines: &Range<usize>, base: &Lines<'_>, result: &Lines<'_>) -> Vec<Span> {
    let at = if span.result.is_empty() {
        [lines.start, lines.end].map(|line| (span.base.start + line, span.result.start))
    } else {
        let within = changes(base.text(span.base.clone()), result.text(span.result.clone()));
        let above = old_line(&within, lines.start, false);
        let below = old_line(&within, lines.end, true);
        [(above, lines.start), (below, lines.end)].map(|(old, new)| (span.base.start + old, span.result.start + new))
    };
    let divides = |at: &(usize, usize)| !base.is_behind_open_line(at.0) && !result.is_behind_open_line(at.1);
    let mut from = (span.base.start, span.result.start);
    let mut pieces = Vec::with_capacity(3);
    for to in at.into_iter().filter(divides).chain([(span.base.end, span.result.end)]) {
        pieces.extend(trimmed(from.0..to.0, from.1..to.1, base, result));
        from = to;
    }
    pieces
}

/// Returns the old line at which a cut before the new line `new` falls. A mere removal there is above the cut if
/// `above` holds, and below it otherwise.
fn old_line(changes: &[Change], new: usize, above: bool) -> usize {
    let index = changes.partition_point(|change| change.after.end < new);
    if let Some(change) = changes.get(index).filter(|change| change.after.start <= new) {
        let at_end = new == change.after.end && (above || !change.after.is_empty());
        let paired = change.before.start + (new - change.after.start);
        return if at_end {
            change.before.end
        } else {
            paired.min(change.before.end)
        };
    }
    match index.checked_sub(1).and_then(|index| changes.get(index)) {
        Some(change) => change.before.end + (new - change.after.end),
        None => new,
    }
}

/// Takes unchanged lines off the ends of a piece; nothing is left of a piece without a change.
pub(crate) fn trimmed(base: Range<usize>, result: Range<usize>, old: &Lines<'_>, new: &Lines<'_>) -> Option<Span> {
    let (before, after) = (old.slice(base.clone()), new.slice(result.clone()));
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - head;
    let ends = before.iter().rev().zip(after.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count().min(rest);
    let span = Span::new(
        base.start + head..base.end - tail,
        result.start + head..result.end - tail,
    );
    (!span.base.is_empty() || !span.result.is_empty()).then_some(span)
}
