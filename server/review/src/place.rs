//! Where the hunks of a proposal stand on what the file says now.
//!
//! Hunks that have landed are part of the live text, so the live text is compared with the base *in which they have
//! landed*: what is left is what the user typed. A hunk is clean only if nothing the user changed overlaps or touches
//! its lines, which is the condition under which `git merge-file` is clean too.

use std::collections::HashSet;
use std::ops::Range;

use aca_protocol::HunkId;

use crate::diff::{Change, Lines, changes, reach};
use crate::hunk::Hunk;

/// Where a hunk stands on the live text. Lines are those of the live text, counted from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// It can land: its new text replaces these lines.
    Clean {
        /// The first line it replaces.
        line: usize,
        /// How many lines it replaces; zero for an insertion before `line`.
        lines: usize,
    },
    /// The live text already says what the hunk would make it say.
    AlreadyThere {
        /// The first line of its text.
        line: usize,
        /// How many lines its text has; zero where it removed some before `line`.
        lines: usize,
    },
    /// Someone changed the same lines, or lines that touch them.
    Overlap {
        /// The first live line of the place both changed.
        line: usize,
        /// How many live lines that place has.
        lines: usize,
        /// What these lines say, the first of them where they are very many.
        live: String,
    },
}

/// Places the hunks of one file on its live text; the placements come in the order of the hunks.
///
/// `hunks` are all hunks of the file between `base` and its result, in file order, and `landed` names those that were
/// put into the live text before. A landed hunk is placed like any other: it is already there, unless it was undone
/// (clean) or edited since (overlap).
pub fn place(base: &str, live: &str, hunks: &[Hunk], landed: &[HunkId]) -> Vec<Placement> {
    let landed: HashSet<&HunkId> = landed.iter().collect();
    let expected = Expected::new(&Lines::new(base), hunks, &landed);
    let (text, live) = (Lines::new(&expected.text), Lines::new(live));
    let changes = changes(&expected.text, live.text(0..live.len()));
    let placing = Placing {
        reaches: reaches(&text, &live, &changes),
        expected: text,
        live,
        changes,
    };
    let sites = expected.sites.iter();
    sites
        .enumerate()
        .zip(hunks)
        .map(|((index, site), hunk)| {
            let within = neighbours(&expected.sites, index, placing.expected.len(), |site| &site.lines);
            if site.landed {
                placing.place(&site.lines, &hunk.old, &within).undone()
            } else {
                placing.place(&site.lines, &hunk.new, &within)
            }
        })
        .collect()
}

impl Placement {
    /// Turns the placement of taking a hunk back into that of the hunk.
    fn undone(self) -> Self {
        match self {
            Self::Clean { line, lines } => Self::AlreadyThere { line, lines },
            Self::AlreadyThere { line, lines } => Self::Clean { line, lines },
            Self::Overlap { .. } => self,
        }
    }
}

/// The base in which the landed hunks have landed, and where each hunk is in it.
struct Expected {
    text: String,
    sites: Vec<Site>,
}

/// The lines of the expected text that are a hunk's old text or, if it has landed, its new text.
struct Site {
    lines: Range<usize>,
    landed: bool,
}

impl Expected {
    fn new(base: &Lines<'_>, hunks: &[Hunk], landed: &HashSet<&HunkId>) -> Self {
        let (mut text, mut sites) = (String::new(), Vec::with_capacity(hunks.len()));
        // The lines of the base and of the text that are done.
        let (mut from, mut done) = (0, 0);
        for hunk in hunks {
            let landed = landed.contains(&hunk.id);
            let start = done + hunk.base.start.saturating_sub(from);
            text.push_str(base.text(from..hunk.base.start));
            text.push_str(if landed { &hunk.new } else { &hunk.old });
            from = hunk.base.end;
            done = start + if landed { hunk.result.len() } else { hunk.base.len() };
            sites.push(Site {
                lines: start..done,
                landed,
            });
        }
        text.push_str(base.text(from..base.len().max(from)));
        Self { text, sites }
    }
}

/// Returns for each change the lines it reaches.
fn reaches(before: &Lines<'_>, after: &Lines<'_>, changes: &[Change]) -> Vec<Range<usize>> {
    changes
        .iter()
        .enumerate()
        .map(|(index, change)| {
            let within = neighbours(changes, index, before.len(), |change| &change.before);
            reach(before.all(), &change.before, after.slice(change.after.clone()), &within)
        })
        .collect()
}

/// Returns the lines between the item before `index` and the one after it.
fn neighbours<T>(items: &[T], index: usize, len: usize, lines: impl Fn(&T) -> &Range<usize>) -> Range<usize> {
    let before = index.checked_sub(1).and_then(|index| items.get(index));
    let after = items.get(index + 1);
    before.map_or(0, |item| lines(item).end)..after.map_or(len, |item| lines(item).start)
}

struct Placing<'a> {
    expected: Lines<'a>,
    live: Lines<'a>,
    /// What the user changed from the expected to the live text.
    changes: Vec<Change>,
    /// For each change, the lines it reaches.
    reaches: Vec<Range<usize>>,
}

impl Placing<'_> {
    /// Places the replacement of the expected lines `at` by `new`; `within` are the lines that no other hunk has.
    fn place(&self, at: &Range<usize>, new: &str, within: &Range<usize>) -> Placement {
        let new = Lines::new(new);
        let reach = self.reach(at, &new, within);
        let from = self.reaches.partition_point(|change| change.end < reach.start);
        let to = self.reaches.partition_point(|change| change.start <= reach.end);
        let touching = self.changes.get(from..to).unwrap_or_default();
        let (Some(first), Some(last)) = (touching.first(), touching.last()) else {
            let before = from.checked_sub(1).and_then(|index| self.changes.get(index));
            let line = before.map_or(at.start, |change| at.start - change.before.end + change.after.end);
            return Placement::Clean { line, lines: at.len() };
        };
        // The place both sides changed, in the expected and in the live text.
        let start = first.before.start.min(at.start);
        let end = last.before.end.max(at.end);
        let live_start = first.after.start - (first.before.start - start);
        let live_end = last.after.end + (end - last.before.end);
        let live = self.live.text(live_start..live_end);
        let (above, below) = (self.expected.text(start..at.start), self.expected.text(at.end..end));
        if is_made_of(live, [above, new.text(0..new.len()), below]) {
            return Placement::AlreadyThere {
                line: live_start + (at.start - start),
                lines: new.len(),
            };
        }
        Placement::Overlap {
            line: live_start,
            lines: live_end - live_start,
            live: beginning(live).to_owned(),
        }
    }
    /// Returns the lines that the changes of a hunk reach. A hunk may be made of several that are close together.
    fn reach(&self, at: &Range<usize>, new: &Lines<'_>, within: &Range<usize>) -> Range<usize> {
        if at.is_empty() || new.len() == 0 {
            return reach(self.expected.all(), at, new.slice(0..new.len()), within);
        }
        let mut reached = at.clone();
        for change in changes(self.expected.text(at.clone()), new.text(0..new.len())) {
            let part = at.start + change.before.start..at.start + change.before.end;
            let part = reach(self.expected.all(), &part, new.slice(change.after), within);
            reached = reached.start.min(part.start)..reached.end.max(part.end);
        }
        reached
    }
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

/// Says whether a text consists of the given parts.
fn is_made_of(text: &str, parts: [&str; 3]) -> bool {
    let rest = parts.iter().try_fold(text, |rest, part| rest.strip_prefix(part));
    rest.is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_place_the_beginning_is_shown() {
        let base = "line\n".repeat(20_000);
        let result = format!("first\n{base}last\n");
        let hunks = crate::hunks("f", &base, &result);
        let live = "other\n".repeat(20_000);
        for placement in place(&base, &live, &hunks, &[]) {
            let Placement::Overlap { live, lines, .. } = placement else {
                panic!("{placement:?}")
            };
            assert!(live.len() <= MAX_SHOWN && live.ends_with("other\n"), "{}", live.len());
            assert_eq!(lines, 20_000);
        }
        assert_eq!(hunks.len(), 2);
        assert_eq!(beginning("é\n"), "é\n");
        assert_eq!(beginning(&"é".repeat(MAX_SHOWN)).len(), MAX_SHOWN);
    }
}
