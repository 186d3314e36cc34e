//! The words for tasks, hunks and costs on a terminal.

use aca_protocol::HunkId;
use aca_protocol::methods::TasksResult;
use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView};
use aca_protocol::task::{TaskState, TaskView, Usage};
use console::style;

use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, harmless_line};

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

/// Says what a task has used of the model; empty for nothing.
pub(crate) fn usage(usage: &Usage) -> String {
    if usage.requests == 0 {
        return String::new();
    }
    let tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
    let cost = match usage.cost_micros / 10_000 {
        0 if usage.cost_micros > 0 => "< $0.01".to_owned(),
        cents => format!("${}.{:02}", cents / 100, cents % 100),
    };
    format!("{tokens} tokens in, {} out, {cost}", usage.output_tokens)
}

/// One line about a task.
pub(crate) fn task_line(task: &TaskView) -> String {
    let words = state(&task.state);
    let words = match &task.state {
        TaskState::Failed { .. } | TaskState::Lost { .. } => style(words).red(),
        TaskState::Ready { .. } => style(words).yellow(),
        TaskState::Landed { .. } => style(words).green(),
        _ => style(words).cyan(),
    };
    format!("{}  {}  {words}", style(&task.id).dim(), harmless_line(&task.title))
}

/// What happens to a file, as a heading.
pub(crate) fn file_heading(file: &FileView) -> String {
    let path = harmless_line(&file.path);
    let text = match &file.change {
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
    };
    style(text).bold().to_string()
}

/// Where a hunk stands, in a few words.
pub(crate) fn hunk_state(state: &HunkState) -> &'static str {
    match state {
        HunkState::Clean | HunkState::Moved => "to decide",
        HunkState::Touched { .. } => "to decide: the lines beside it were changed meanwhile",
        HunkState::Gone { .. } => "the place of this change is gone",
        HunkState::Overlapping { .. } => "conflict: these lines were changed meanwhile",
        HunkState::AlreadyThere => "the file already says this",
        HunkState::Landed => "landed",
        HunkState::Rejected => "rejected",
    }
}

/// Enough of a hunk's id to name it on the command line.
pub(crate) fn short(id: &HunkId) -> String {
    id.as_str().chars().take(8).collect()
}

/// Whether a hunk waits for a decision.
pub(crate) fn is_undecided(hunk: &HunkView) -> bool {
    hunk.state.is_open()
}

/// Finds a task by its id, or by a beginning that only one has; without one, the newest that `fits`.
///
/// # Errors
///
/// When there is none, or there are several.
pub(crate) fn choose<'t>(
    tasks: &'t TasksResult,
    wanted: Option<&str>,
    fits: impl Fn(&TaskState) -> bool,
    none: &str,
) -> Result<&'t TaskView, Failure> {
    let Some(wanted) = wanted else {
        let newest = tasks.tasks.iter().rev().find(|task| fits(&task.state));
        return newest.ok_or_else(|| Failure::new(Exit::Nothing, none));
    };
    let alike: Vec<&TaskView> = tasks
        .tasks
        .iter()
        .filter(|task| task.id.as_str().starts_with(wanted))
        .collect();
    match alike.as_slice() {
        [task] => Ok(task),
        [] => Err(Failure::new(
            Exit::Nothing,
            format!(
                "There is no task `{}` in this workspace; `aca status` lists all.",
                harmless(wanted)
            ),
        )),
        several => several
            .iter()
            .copied()
            .find(|task| task.id.as_str() == wanted)
            .ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    format!("{} tasks begin with `{wanted}`; say more of the id.", several.len()),
                )
            }),
    }
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
    use aca_protocol::task::Origin;
    use aca_protocol::{SessionId, TaskId};

    use super::*;

    fn task(id: &str, state: TaskState) -> TaskView {
        TaskView {
            id: TaskId::new(id),
            session: SessionId::new("s"),
            workspace: "/w".into(),
            title: "t".into(),
            origin: Origin::Text { text: "t".into() },
            state,
            attempt: None,
            usage: Usage::default(),
            created_ms: 0,
            changed_ms: 0,
            revision: 1,
        }
    }

    #[test]
    fn tasks_are_found_by_a_beginning() {
        let tasks = TasksResult {
            session: SessionId::new("s"),
            tasks: vec![
                task(
                    "ab",
                    TaskState::Ready {
                        pending: 1,
                        conflicts: 0,
                    },
                ),
                task(
                    "abc",
                    TaskState::Ready {
                        pending: 2,
                        conflicts: 0,
                    },
                ),
                task("x", TaskState::Stopped),
            ],
        };
        let is_ready = |state: &TaskState| matches!(state, TaskState::Ready { .. });
        for (wanted, expected) in [
            (None, Ok("abc")),
            (Some("ab"), Ok("ab")),
            (Some("abc"), Ok("abc")),
            (Some("x"), Ok("x")),
            (Some("a"), Err(Exit::Usage)),
            (Some("y"), Err(Exit::Nothing)),
        ] {
            let found = choose(&tasks, wanted, is_ready, "Nothing is ready.");
            assert_eq!(
                found.map(|task| task.id.as_str()).map_err(|failure| failure.exit),
                expected
            );
        }
        let none = choose(&tasks, None, |_| false, "Nothing is ready.").unwrap_err();
        assert_eq!((none.exit, none.message.as_str()), (Exit::Nothing, "Nothing is ready."));
    }

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
