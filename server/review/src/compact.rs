//! Where changes are drawn that could be drawn at several places: as git draws them.
//!
//! A group of inserted or removed lines between lines that repeat it can slide. It is slid up and down as far as it
//! goes and becomes one with every group it meets; then it goes to the lowest place where the other text has changed
//! lines too, so that it becomes a replacement, and else to the lowest place of all or the one that reads best.

use imara_diff::{IndentHeuristic, IndentLevel, SliderHeuristic, Token};

use crate::diff::Change;
use crate::myers::Marks;

/// Changed lines of one text between two lines that both texts have.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// How many lines that both texts have are above it.
    at: usize,
    /// Its first line.
    start: usize,
    /// How many lines it has.
    len: usize,
}

/// Returns the changes that marks stand for, drawn at git's places. `indent` is asked for the best place of a change
/// that can slide freely; without it, the place is the lowest, as for `git merge-file`.
pub(crate) fn compact(
    before: &[Token],
    after: &[Token],
    marks: &Marks,
    indent: Option<&dyn Fn(Token) -> IndentLevel>,
) -> Vec<Change> {
    let (removed, added) = (groups(&marks.removed), groups(&marks.added));
    let removed = slide(before, &removed, &added, indent);
    let added = slide(after, &added, &removed, indent);
    join(&removed, &added)
}

fn groups(marks: &[bool]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    for (line, changed) in marks.iter().enumerate() {
        match groups.last_mut() {
            _ if !changed => at += 1,
            Some(last) if last.start + last.len == line => last.len += 1,
            _ => groups.push(Group {
                at,
                start: line,
                len: 1,
            }),
        }
    }
    groups
}

/// Slides the groups of one text; `other` are those of the other text.
fn slide(
    text: &[Token],
    groups: &[Group],
    other: &[Group],
    indent: Option<&dyn Fn(Token) -> IndentLevel>,
) -> Vec<Group> {
    let meets = |at: usize| other.binary_search_by_key(&at, |group| group.at).is_ok();
    let same = |a: usize, b: usize| text.get(a).is_some_and(|a| text.get(b) == Some(a));
    let mut done: Vec<Group> = Vec::with_capacity(groups.len());
    let mut next = groups.iter().copied().peekable();
    while let Some(mut group) = next.next() {
        let (highest, meeting) = loop {
            let len = group.len;
            while group.start > 0 && same(group.start - 1, group.start + group.len - 1) {
                group.start -= 1;
                group.at -= 1;
                if let Some(above) = done.pop_if(|above| above.at == group.at) {
                    group.start = above.start;
                    group.len += above.len;
                }
            }
            let highest = group.at;
            let mut meeting = meets(highest).then_some(highest);
            while same(group.start, group.start + group.len) {
                group.start += 1;
                group.at += 1;
                if let Some(below) = next.next_if(|below| below.at == group.at) {
                    group.len += below.len;
                }
                if meets(group.at) {
                    meeting = Some(group.at);
                }
            }
            if group.len == len {
                break (highest, meeting);
            }
        };
        let up = match (meeting, indent) {
            _ if group.at == highest => 0,
            (Some(meeting), _) => group.at - meeting,
            (None, Some(indent)) => group.at.saturating_sub(best(text, &group, highest, indent)),
            (None, None) => 0,
        };
        group.start -= up;
        group.at -= up;
        done.push(group);
    }
    done
}

/// Returns the place between `highest` and where it is at which a group reads best.
fn best(text: &[Token], group: &Group, highest: usize, indent: &dyn Fn(Token) -> IndentLevel) -> usize {
    let end = group.start + group.len;
    let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    let earliest = number(end - (group.at - highest));
    let range = number(group.start)..number(end);
    let best_end = IndentHeuristic::new(indent).best_slider_end(text, range, earliest);
    group.at - end.saturating_sub(best_end as usize)
}

/// Puts the groups of both texts together.
fn join(removed: &[Group], added: &[Group]) -> Vec<Change> {
    let (mut removed, mut added) = (removed.iter().peekable(), added.iter().peekable());
    // How many lines the groups so far have.
    let (mut gone, mut come) = (0, 0);
    let mut changes = Vec::new();
    while let Some(at) = removed
        .peek()
        .map(|group| group.at)
        .into_iter()
        .chain(added.peek().map(|group| group.at))
        .min()
    {
        let before = removed.next_if(|group| group.at == at).map_or(0, |group| group.len);
        let after = added.next_if(|group| group.at == at).map_or(0, |group| group.len);
        changes.push(Change {
            before: at + gone..at + gone + before,
            after: at + come..at + come + after,
        });
        gone += before;
        come += after;
    }
    changes
}
