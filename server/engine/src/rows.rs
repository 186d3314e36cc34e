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

/// Returns what the database says of an attempt.
pub(crate) fn attempt_row(attempt: &Attempt) -> Row {
    Row::Attempt {
        id: attempt.id.clone(),
        task: attempt.task.clone(),
        state: format!("{:?}", attempt.stage).to_lowercase(),
    }
}
