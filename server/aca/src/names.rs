//! Tasks and hunks as they are named on the command line: by an id, by a beginning that only one has, and tasks also by
//! words of their titles.

use std::collections::BTreeSet;

use aca_protocol::HunkId;
use aca_protocol::methods::TasksResult;
use aca_protocol::task::{TaskState, TaskView};

use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, harmless_line};
use crate::words;

/// What is said where a workspace has no task at all.
pub(crate) const NO_TASK: &str = "There is no task in this workspace yet. Begin with: aca run \"what to do\"";

/// So many tasks are named where several are meant.
const NAMED: usize = 5;

/// Finds a task by its id, by a beginning of it, or by words of its title; without any, the newest that `fits`.
///
/// # Errors
///
/// When there is none, or there are several.
pub(crate) fn task<'t>(
    tasks: &'t TasksResult,
    wanted: Option<&str>,
    fits: impl Fn(&TaskState) -> bool,
    none: &str,
) -> Result<&'t TaskView, Failure> {
    let tasks = &tasks.tasks;
    let Some(wanted) = wanted else {
        let newest = tasks.iter().rev().find(|task| fits(&task.state));
        return newest.ok_or_else(|| Failure::new(Exit::Nothing, none));
    };
    if let Some(exact) = tasks.iter().find(|task| task.id.as_str() == wanted) {
        return Ok(exact);
    }
    let begins = |task: &&TaskView| !wanted.is_empty() && task.id.as_str().starts_with(wanted);
    let words = wanted.trim().to_lowercase();
    let says = |task: &&TaskView| !words.is_empty() && task.title.to_lowercase().contains(&words);
    let mut alike: Vec<&TaskView> = tasks.iter().filter(begins).collect();
    if alike.is_empty() {
        alike = tasks.iter().filter(says).collect();
    }
    let wanted = harmless(wanted);
    match alike.as_slice() {
        [task] => Ok(task),
        [] => Err(Failure::new(
            Exit::Nothing,
            format!("There is no task `{wanted}` in this workspace; `aca status` lists all."),
        )),
        several => {
            let named = several.iter().take(NAMED);
            let named: Vec<String> = named
                .map(|task| format!("{} ({})", task.id, words::beginning(&harmless_line(&task.title), 30)))
                .collect();
            let more = several.len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let message = format!(
                "`{wanted}` may be any of {}{more}; say more of the id.",
                named.join(", ")
            );
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

/// Says that there is nothing to stop, hold or tell, if no agent is at work for a task.
///
/// # Errors
///
/// Then.
pub(crate) fn must_be_at_work(task: &TaskView) -> Result<(), Failure> {
    if !task.state.is_settled() {
        return Ok(());
    }
    let message = format!("The task {} is not at work: {}.", task.id, words::state(&task.state));
    Err(Failure::new(Exit::Nothing, message))
}

/// Finds hunks; each once, in order of their ids.
///
/// # Errors
///
/// When there is no such hunk, or there are several.
pub(crate) fn hunks(known: &[HunkId], wanted: &[String]) -> Result<Vec<HunkId>, Failure> {
    let mut found = BTreeSet::new();
    for wanted in wanted {
        let alike: Vec<&HunkId> = known
            .iter()
            .filter(|id| !wanted.is_empty() && id.as_str().starts_with(wanted))
            .collect();
        let exact = alike.iter().copied().find(|id| id.as_str() == wanted);
        let id = match (exact, alike.as_slice()) {
            (Some(id), _) => id,
            (None, [id]) => *id,
            (None, []) => {
                let message = format!(
                    "There is no hunk `{}` here; `aca review --list` shows all.",
                    harmless(wanted)
                );
                return Err(Failure::new(Exit::Nothing, message));
            }
            (None, _) => {
                let message = format!("Several hunks begin with `{wanted}`; say more of the id.");
                return Err(Failure::new(Exit::Usage, message));
            }
        };
        found.insert(id.clone());
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use aca_protocol::task::{Origin, Usage};
    use aca_protocol::{SessionId, TaskId};

    use super::*;

    fn task(id: &str, state: TaskState) -> TaskView {
        TaskView {
            id: TaskId::new(id),
            session: SessionId::new("s"),
            workspace: "/w".into(),
            title: format!("Title of {id}"),
            origin: Origin::Text { text: "t".into() },
            state,
            attempt: None,
            usage: Usage::default(),
            recovery: Vec::new(),
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
            (Some("of X"), Ok("x")),
            (Some("title"), Err(Exit::Usage)),
            (Some(""), Err(Exit::Nothing)),
        ] {
            let found = super::task(&tasks, wanted, is_ready, "Nothing is ready.");
            assert_eq!(
                found.map(|task| task.id.as_str()).map_err(|failure| failure.exit),
                expected
            );
        }
        let at_work = |task: &TaskView| must_be_at_work(task).map_err(|failure| failure.exit);
        assert_eq!(at_work(&task("a", TaskState::Queued)), Ok(()));
        assert_eq!(at_work(&task("a", TaskState::Stopped)), Err(Exit::Nothing));
        let none = super::task(&tasks, None, |_| false, "Nothing is ready.").unwrap_err();
        assert_eq!((none.exit, none.message.as_str()), (Exit::Nothing, "Nothing is ready."));
    }
}
