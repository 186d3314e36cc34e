//! Which lines of a hunk a selection names.

use aca_protocol::proposal::{FileChange, HunkState};
use lsp_types::Range;

use crate::board::Hunk;
use crate::commands::SplitArgs;

/// Returns what to cut out of a hunk so that only the selected lines are accepted, if that is clear.
///
/// A selection is one of lines that are in the file, and a hunk is cut by the lines that it puts there. Which of them a
/// selection means is clear where the hunk only removes lines, and where it replaces as many as it puts.
pub(super) fn lines(hunk: &Hunk, selected: Range) -> Option<SplitArgs> {
    let view = &hunk.view;
    let is_plain = hunk.change == FileChange::Modify && matches!(view.state, HunkState::Clean | HunkState::Moved);
    let new_lines = view.new.lines().count();
    let is_clear = new_lines == 0 || u32::try_from(new_lines) == Ok(view.lines);
    if !is_plain || !is_clear || selected.start == selected.end {
        return None;
    }
    // A selection that ends before the first character of a line does not include that line.
    let last = if selected.end.character == 0 && selected.end.line > selected.start.line {
        selected.end.line - 1
    } else {
        selected.end.line
    };
    let start = selected.start.line.saturating_sub(view.line);
    let end = last.checked_sub(view.line)?.saturating_add(1).min(view.lines);
    let is_part = start < end && end - start < view.lines;
    is_part.then(|| SplitArgs {
        task: hunk.review.task.clone(),
        hunk: view.id.clone(),
        start,
        end,
        accept: true,
    })
}
