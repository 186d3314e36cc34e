//! The second pass of a merge, for a place that both sides changed: line by line, and by words where both changed a
//! line.
//!
//! Each side is seen as what it does to each line of the base (keep, edit, remove) and what it inserts between two of
//! them. Nothing that one side inserted as lines is taken apart, so no line of the user's can be lost or glued to
//! another.

use crate::compose::Composer;
use crate::diff::{Change, Lines, changes};
use crate::words::{likeness, merge_words};

/// More text than this on any side is not merged again, in bytes: a reader could not check it.
const MAX_TEXT: usize = 64 << 10;

/// Lines are compared pair by pair only up to this number of pairs.
const MAX_PAIRS: usize = 4096;

/// What one line must have in common with another to be a version of it, from 0 to 1.
const ALIKE: f64 = 0.5;

/// What a side does to a line of the base.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate<'a> {
    Kept,
    Edited(&'a str),
    Removed,
}

/// What a side does.
struct Side<'a> {
    /// To each line of the base.
    fates: Vec<Fate<'a>>,
    /// What it inserts before each line of the base, and at the end.
    inserted: Vec<Vec<&'a str>>,
}

/// Merges two versions of a few lines; none if both changed the same words, inserted at the same place, or one changed
/// what the other removed.
pub(crate) fn merge_again(base: &str, live: &str, other: &str) -> Option<String> {
    if [base, live, other].iter().any(|text| text.len() > MAX_TEXT) {
        return None;
    }
    let (ours, theirs) = (Side::new(base, live), Side::new(base, other));
    let base = Lines::new(base);
    let mut text = Composer::default();
    let lines = base.all().iter().map(Some).chain([None]);
    let inserted = ours.inserted.iter().zip(&theirs.inserted);
    for (at, (line, (our, their))) in lines.zip(inserted).enumerate() {
        let into_removed = |side: &Side<'_>, insertion: &[&str]| !insertion.is_empty() && side.removes_around(at);
        if into_removed(&theirs, our) || into_removed(&ours, their) {
            return None;
        }
        match (our.is_empty(), their.is_empty()) {
            (false, false) if our != their => return None,
            (true, _) => their.iter().for_each(|line| text.push(line)),
            _ => our.iter().for_each(|line| text.push(line)),
        }
        let (Some(line), Some(our), Some(their)) = (line, ours.fates.get(at), theirs.fates.get(at)) else {
            continue;
        };
        match (our, their) {
            (Fate::Kept, Fate::Kept) => text.push(line),
            (Fate::Edited(new), Fate::Kept) | (Fate::Kept, Fate::Edited(new)) => text.push(new),
            (Fate::Edited(our), Fate::Edited(their)) => text.push(&merge_words(line, our, their)?),
            (Fate::Removed, Fate::Edited(_)) | (Fate::Edited(_), Fate::Removed) => return None,
            (Fate::Removed, _) | (_, Fate::Removed) => {}
        }
    }
    Some(text.finish())
}

impl<'a> Side<'a> {
    fn new(base: &str, version: &'a str) -> Self {
        let changes = changes(base, version);
        let (base, version) = (Lines::new(base), Lines::new(version));
        let mut side = Self {
            fates: vec![Fate::Kept; base.len()],
            inserted: vec![Vec::new(); base.len() + 1],
        };
        for change in changes {
            let (old, new) = (base.slice(change.before.clone()), version.slice(change.after.clone()));
            for fate in side.fates.iter_mut().skip(change.before.start).take(old.len()) {
                *fate = Fate::Removed;
            }
            side.inserted_or_edited(&change, new, &pairs(old, new));
        }
        side
    }

    /// Records the new lines of a change: those in `pairs`, of old and new lines, as edits.
    fn inserted_or_edited(&mut self, change: &Change, new: &[&'a str], pairs: &[(usize, usize)]) {
        let mut gap = change.before.start;
        let mut pairs = pairs.iter().peekable();
        for (index, line) in new.iter().enumerate() {
            if let Some((old, _)) = pairs.next_if(|(_, paired)| *paired == index) {
                if let Some(fate) = self.fates.get_mut(change.before.start + old) {
                    *fate = Fate::Edited(line);
                }
                gap = change.before.start + old + 1;
            } else if let Some(inserted) = self.inserted.get_mut(gap) {
                inserted.push(line);
            }
        }
    }

    /// Says whether the lines on both sides of a gap are removed.
    fn removes_around(&self, gap: usize) -> bool {
        let removed = |line: Option<usize>| line.and_then(|line| self.fates.get(line)) == Some(&Fate::Removed);
        removed(gap.checked_sub(1)) && removed(Some(gap))
    }
}

/// Returns which new lines are versions of which old ones, in order: the choice with the most in common.
fn pairs(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    if old.len() * new.len() > MAX_PAIRS {
        return Vec::new();
    }
    let width = new.len() + 1;
    // For each pair of beginnings, the most they have in common.
    let mut best = vec![0.0_f64; (old.len() + 1) * width];
    let at = |table: &[f64], index: usize| table.get(index).copied().unwrap_or_default();
    for (row, a) in old.iter().enumerate() {
        for (column, b) in new.iter().enumerate() {
            let here = (row + 1) * width + column + 1;
            let alike = Some(likeness(a, b)).filter(|alike| *alike > ALIKE).unwrap_or_default();
            let paired = at(&best, here - width - 1) + alike;
            let most = paired.max(at(&best, here - width)).max(at(&best, here - 1));
            if let Some(best) = best.get_mut(here) {
                *best = most;
            }
        }
    }
    let (mut row, mut column) = (old.len(), new.len());
    let mut pairs = Vec::new();
    while row > 0 && column > 0 {
        let here = row * width + column;
        if at(&best, here) == at(&best, here - width) {
            row -= 1;
        } else if at(&best, here) == at(&best, here - 1) {
            column -= 1;
        } else {
            (row, column) = (row - 1, column - 1);
            pairs.push((row, column));
        }
    }
    pairs.reverse();
    pairs
}
