//! The smallest edits that turn one text into another, for an editor that holds the first.

use crate::diff::{Lines, changes};

/// One replacement. All edits of a list refer to the text before any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The byte offset at which the replaced text begins.
    pub start_byte: usize,
    /// The byte offset at which it ends.
    pub end_byte: usize,
    /// What stands there afterwards.
    pub text: String,
}

/// Returns the edits that turn `before` into `after`, in order and disjoint; none if the texts are equal.
///
/// The lines that differ are found first, then each edit is trimmed to the characters that differ. No edit begins or
/// ends between `\r` and `\n`, because an editor has no position there.
pub fn edits(before: &str, after: &str) -> Vec<TextEdit> {
    let found = changes(before, after);
    let (before, after) = (Lines::new(before), Lines::new(after));
    found
        .into_iter()
        .map(|change| {
            let start = before.start(change.before.start);
            trim(start, before.text(change.before), after.text(change.after))
        })
        .collect()
}

/// Takes what `old`, which begins at byte `start`, and `new` have in common at their ends off the edit.
fn trim(start: usize, old: &str, new: &str) -> TextEdit {
    let mut head: usize = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    if splits_line_end(old, head) || splits_line_end(new, head) {
        head -= 1;
    }
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let common = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(a, b)| a == b);
    let mut tail: usize = common.map(|(a, _)| a.len_utf8()).sum();
    if splits_line_end(old, old.len() - tail) || splits_line_end(new, new.len() - tail) {
        tail -= 1;
    }
    TextEdit {
        start_byte: start + head,
        end_byte: start + old.len() - tail,
        text: new.get(head..new.len() - tail).unwrap_or_default().to_owned(),
    }
}

/// Says whether a byte offset is between `\r` and `\n`.
fn splits_line_end(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.get(at) == Some(&b'\n') && at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r')
}
