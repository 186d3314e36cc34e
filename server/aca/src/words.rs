//! The words for tasks, hunks and costs on a terminal.

use std::time::Duration;

use aca_protocol::HunkId;
use aca_protocol::proposal::{CheckState, CheckView, FileChange, FileView, HunkState, HunkView, ProposalView};
use aca_protocol::task::{TaskState, TaskView, Usage};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span};

use crate::figures;
use crate::terminal::{harmless, harmless_line, paint};

/// Says where a task stands, in a few words.
pub(crate) fn state(state: &TaskState) -> String {
    match state {
        TaskState::Queued => "queued".into(),
        TaskState::Preparing { step } if step.is_empty() => "preparing".into(),
        TaskState::Preparing { step } => format!("preparing: {}", harmless_line(step)),
        TaskState::Running { activity, .. } if activity.is_empty() => "running".into(),
        TaskState::Running { activity, .. } => format!("running: {}", harmless_line(activity)),
        TaskState::Paused => "paused".into(),
        TaskState::Verifying { .. } => "verifying".into(),
        TaskState::Stopping => "stopping".into(),
        TaskState::Stopped => "stopped".into(),
        TaskState::Ready { pending, conflicts: 0 } => format!("ready: {} to review", count(*pending, "hunk")),
        TaskState::Ready { pending, conflicts } => {
            format!(
                "ready: {} to review, {}",
                count(*pending, "hunk"),
                count(*conflicts, "conflict")
            )
        }
        TaskState::NothingToDo { .. } => "finished without a change".into(),
        TaskState::Landed { accepted, rejected } => format!("landed: {accepted} accepted, {rejected} rejected"),
        TaskState::Rejected => "rejected".into(),
        TaskState::Failed { reason } => format!("failed: {}", harmless(reason)),
        TaskState::Lost { reason } => format!("lost: {}", harmless(reason)),
    }
}

/// Says where a task stands, in one word and perhaps a number.
pub(crate) fn short_state(of: &TaskState) -> String {
    match of {
        TaskState::Ready { pending, conflicts: 0 } => format!("ready {pending}"),
        TaskState::Ready { pending, conflicts } => format!("ready {pending} !{conflicts}"),
        TaskState::Preparing { .. } => "preparing".into(),
        TaskState::Running { .. } => "running".into(),
        TaskState::NothingToDo { .. } => "no change".into(),
        TaskState::Landed { .. } => "landed".into(),
        TaskState::Failed { .. } => "failed".into(),
        TaskState::Lost { .. } => "lost".into(),
        other => state(other),
    }
}

/// Says what a task has used of the model; empty for nothing.
pub(crate) fn usage(usage: &Usage) -> String {
    if usage.requests == 0 {
        return String::new();
    }
    let tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
    let cost = figures::cost(usage.cost_micros);
    format!("{tokens} tokens in, {} out, {cost}", usage.output_tokens)
}

/// How a task's state is coloured.
pub(crate) fn state_style(state: &TaskState) -> Style {
    let style = Style::new();
    match state {
        TaskState::Failed { .. } | TaskState::Lost { .. } => style.red(),
        TaskState::Ready { .. } | TaskState::Paused => style.yellow(),
        TaskState::Landed { .. } => style.green(),
        _ => style.cyan(),
    }
}

/// One line about a task.
pub(crate) fn task_line(task: &TaskView) -> String {
    let words = Span::styled(state(&task.state), state_style(&task.state));
    let title = format!("  {}  ", harmless_line(&task.title));
    paint(Line::from(vec![task.id.to_string().dim(), title.into(), words]))
}

/// What happens to a file, as a heading.
pub(crate) fn file_heading(file: &FileView) -> String {
    let path = harmless_line(&file.path);
    match &file.change {
        FileChange::Modify => path,
        FileChange::Create => format!("{path} (new)"),
        FileChange::Delete => format!("{path} (deleted)"),
        FileChange::Rename { from } => format!("{path} (was {})", harmless_line(from)),
        FileChange::Binary => format!(
            "{path} (binary, {})",
            if file.hunks.is_empty() { "unchanged" } else { "changed" }
        ),
        FileChange::Mode { executable: true } => format!("{path} (becomes executable)"),
        FileChange::Mode { executable: false } => format!("{path} (no longer executable)"),
        FileChange::Unsupported { reason } => format!("{path} (can only be rejected: {})", harmless(reason)),
    }
}

/// Where a hunk stands, in a few words.
pub(crate) fn hunk_state(state: &HunkState) -> &'static str {
    match state {
        HunkState::Clean => "to decide",
        HunkState::Moved => "to decide: its lines have moved",
        HunkState::Touched { .. } => "to decide: the lines beside it were changed meanwhile",
        HunkState::Overlapping { .. } => "conflict: these lines were changed meanwhile",
        HunkState::Gone { .. } => "conflict: the place of this change is gone",
        HunkState::AlreadyThere => "the file already says this",
        HunkState::Landed => "landed",
        HunkState::Rejected => "rejected",
    }
}

/// Finds a hunk of a proposal, with its file.
pub(crate) fn find<'p>(proposal: &'p ProposalView, id: &HunkId) -> Option<(&'p FileView, &'p HunkView)> {
    let hunks = proposal.files.iter();
    let mut hunks = hunks.flat_map(|file| file.hunks.iter().map(move |hunk| (file, hunk)));
    hunks.find(|(_, hunk)| hunk.id == *id)
}

/// Enough of a hunk's id to name it on the command line.
pub(crate) fn short(id: &HunkId) -> String {
    id.as_str().chars().take(8).collect()
}

/// Said where a project has no check.
pub(crate) const NO_CHECK: &str =
    "This project has no check: none is configured and none was recognised. Set checks.command in aca.toml.";

/// Says how a check ended, with its command.
pub(crate) fn check(check: &CheckView) -> String {
    match &check.state {
        CheckState::Broken { reason } => format!("{}: {reason}", check_state(&check.state)),
        state => format!("{}: {}", check_state(state), check.command),
    }
}

/// Says how a check ended.
pub(crate) fn check_state(state: &CheckState) -> String {
    match state {
        CheckState::Running => "check runs".into(),
        CheckState::Passed => "check passed".into(),
        CheckState::Failed { code: Some(code) } => format!("check failed with {code}"),
        CheckState::Failed { code: None } => "check ended by a signal or the time limit".into(),
        CheckState::Broken { .. } => "check could not be run".into(),
    }
}

/// The beginning of a text, where all of it is too much for one line.
pub(crate) fn beginning(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// How long ago something was, roughly.
pub(crate) fn ago(time: Duration) -> String {
    match time.as_secs() {
        0..60 => "just now".into(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// The number of some things with their noun.
pub(crate) fn count_of<T>(things: &[T], noun: &str) -> String {
    count(u32::try_from(things.len()).unwrap_or(u32::MAX), noun)
}

/// A number with its noun.
pub(crate) fn count(number: u32, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_costs_in_words() {
        for (given, expected) in [
            (
                TaskState::Ready {
                    pending: 1,
                    conflicts: 0,
                },
                "ready: 1 hunk to review",
            ),
            (
                TaskState::Ready {
                    pending: 3,
                    conflicts: 1,
                },
                "ready: 3 hunks to review, 1 conflict",
            ),
            (
                TaskState::Running {
                    activity: "a\u{1b}b".into(),
                    since_ms: 0,
                },
                "running: a\\u{1b}b",
            ),
        ] {
            assert_eq!(state(&given), expected);
        }
        let used = Usage {
            requests: 1,
            input_tokens: 10,
            output_tokens: 5,
            cost_micros: 1_239_999,
            ..Usage::default()
        };
        assert_eq!(usage(&used), "10 tokens in, 5 out, $1.23");
        let little = Usage { cost_micros: 1, ..used };
        assert_eq!(usage(&little), "10 tokens in, 5 out, < $0.01");
        assert_eq!(usage(&Usage::default()), "");
    }
}
