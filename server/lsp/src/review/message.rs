//! What a pending hunk proposes, in the few lines a diagnostic has room for.

use aca_protocol::proposal::{FileChange, HunkState, HunkView};

use crate::board::Pending;
use crate::life::short;

/// How many old and how many new lines are quoted.
const MAX_LINES: usize = 6;
/// How long a quoted line is, in characters.
const MAX_LINE: usize = 100;

/// Returns a sentence about the hunk and the beginning of its lines.
pub(crate) fn message(pending: &Pending) -> String {
    let mut text = format!("{} [{}]", sentence(pending), short(&pending.title, 60));
    quote(&mut text, '-', &pending.hunk.old);
    quote(&mut text, '+', &pending.hunk.new);
    text
}

fn sentence(pending: &Pending) -> String {
    match &pending.hunk.state {
        HunkState::Overlapping { .. } => {
            return "This conflicts with what was typed here since. It can be rejected, or done by hand.".to_owned();
        }
        HunkState::AlreadyThere => return "The file already says what aca proposes here.".to_owned(),
        HunkState::Gone { reason } => return format!("The place of this change is gone: {reason}"),
        HunkState::Touched { .. } => {
            return "Lines beside this change were typed since; both fit together. Accept it by itself.".to_owned();
        }
        HunkState::Clean | HunkState::Moved | HunkState::Landed | HunkState::Rejected => {}
    }
    match &pending.change {
        FileChange::Modify => lines_change(&pending.hunk),
        FileChange::Create => format!("aca proposes to create {}.", pending.path),
        FileChange::Delete => format!("aca proposes to delete {}.", pending.path),
        FileChange::Rename { from } => format!("aca proposes to rename {from} to {}.", pending.path),
        FileChange::Binary => format!("aca proposes to replace {}, which is not text.", pending.path),
        FileChange::Mode { executable: true } => format!("aca proposes to make {} executable.", pending.path),
        FileChange::Mode { executable: false } => format!("aca proposes to make {} not executable.", pending.path),
        FileChange::Unsupported { reason } => format!("{} cannot be landed by aca: {reason}", pending.path),
    }
}

fn lines_change(hunk: &HunkView) -> String {
    if !hunk.old.is_empty() && hunk.old.lines().eq(hunk.new.lines()) {
        let count = lines(hunk.old.lines().count());
        return format!("aca proposes to change only the line endings of {count}.");
    }
    match (hunk.old.lines().count(), hunk.new.lines().count()) {
        (0, new) => format!("aca proposes to insert {} here.", lines(new)),
        (old, 0) => format!("aca proposes to remove {}.", lines(old)),
        (old, new) => format!("aca proposes to replace {} by {new}.", lines(old)),
    }
}

fn lines(count: usize) -> String {
    if count == 1 {
        "1 line".to_owned()
    } else {
        format!("{count} lines")
    }
}

fn quote(text: &mut String, sign: char, quoted: &str) {
    for line in quoted.lines().take(MAX_LINES) {
        text.push('\n');
        text.push(sign);
        text.push(' ');
        text.extend(line.chars().take(MAX_LINE));
    }
    let more = quoted.lines().count().saturating_sub(MAX_LINES);
    if more > 0 {
        text.push_str(&format!("\n{sign} … {} more", lines(more)));
    }
}
