//! What the database says of tasks and attempts beside their events, for whoever looks at it without folding them.

use aca_store::Row;

use crate::core::{Attempt, Task};

/// Returns what the database says of a task.
pub(crate) fn task_row(task: &Task) -> Row {
    Row::Task {
        id: task.id.clone(),
        title: task.title.clone(),
        state: format!("{:?}", task.phase)
            .split([' ', '{'])
            .next()
            .unwrap_or_default()
            .to_lowercase(),
        cost_micros: task.usage.cost_micros,
    }
}

/// Whether a row is of a task that waits for its turn or is at work.
pub(crate) fn is_unfinished(row: &Row) -> bool {
    let unfinished = ["queued", "preparing", "running", "paused", "verifying", "stopping"];
    matches!(row, Row::Task { state, .. } if unfinished.contains(&state.as_str()))
}

/// Returns what the database says of an attempt.
pub(crate) fn attempt_row(attempt: &Attempt) -> Row {
    Row::Attempt {
        id: attempt.id.clone(),
        task: attempt.task.clone(),
        state: format!("{:?}", attempt.stage).to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::TaskId;
    use aca_protocol::task::Origin;

    use super::*;
    use crate::core::Phase;

    #[test]
    fn a_row_says_whether_its_task_is_unfinished() {
        let origin = Origin::Text { text: String::new() };
        let mut task = Task::new(&TaskId::new("t"), "t", &origin, 0);
        for (phase, unfinished) in [
            (Phase::Queued, true),
            (Phase::Preparing, true),
            (Phase::Running { since_ms: 1 }, true),
            (Phase::Paused { since_ms: 1 }, true),
            (Phase::Verifying { since_ms: 1 }, true),
            (Phase::Stopping, true),
            (Phase::Stopped, false),
            (Phase::Review, false),
            (Phase::NothingToDo, false),
            (Phase::Failed { reason: "r".to_owned() }, false),
            (Phase::Lost { reason: "r".to_owned() }, false),
        ] {
            task.phase = phase;
            assert_eq!(is_unfinished(&task_row(&task)), unfinished, "{:?}", task.phase);
        }
    }
}
