//! A task as front ends see it: the durable state together with what is known only while it runs.

use std::path::Path;

use aca_protocol::proposal::Decision;
use aca_protocol::task::{TaskState, TaskView};

use super::{Phase, State, Task};

/// What is known of a task besides its events; rebuilt from the journal and from the live files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// What is being prepared, or what the agent does, in a few words.
    pub activity: String,
    /// Undecided hunks that overlap with what the files say now.
    pub conflicts: u32,
    /// Counts the changes of this record.
    pub revision: u64,
}

impl State {
    /// Returns a task as front ends see it.
    pub fn view(&self, task: &Task, live: &Live, workspace: &Path) -> TaskView {
        TaskView {
            id: task.id.clone(),
            session: self.session().clone(),
            workspace: workspace.to_owned(),
            title: task.title.clone(),
            origin: task.origin.clone(),
            state: task.shown(live),
            attempt: task.attempt.clone(),
            usage: task.usage,
            recovery: task.recovery(),
            created_ms: task.created_ms,
            changed_ms: task.changed_ms,
            revision: task.revision + live.revision,
        }
    }
}

impl Task {
    fn shown(&self, live: &Live) -> TaskState {
        match &self.phase {
            Phase::Queued => TaskState::Queued,
            Phase::Preparing => TaskState::Preparing {
                step: live.activity.clone(),
            },
            Phase::Running { since_ms } => TaskState::Running {
                activity: live.activity.clone(),
                since_ms: *since_ms,
            },
            Phase::Paused { .. } => TaskState::Paused,
            Phase::Verifying { since_ms } => TaskState::Verifying { since_ms: *since_ms },
            Phase::Stopping => TaskState::Stopping,
            Phase::Stopped => TaskState::Stopped,
            Phase::NothingToDo => TaskState::NothingToDo {
                summary: self.summary.clone(),
            },
            Phase::Failed { reason } => TaskState::Failed { reason: reason.clone() },
            Phase::Lost { reason } => TaskState::Lost { reason: reason.clone() },
            Phase::Review => self.shown_review(live),
        }
    }

    fn shown_review(&self, live: &Live) -> TaskState {
        let pending = count(self.pending());
        if pending > 0 {
            return TaskState::Ready {
                pending,
                conflicts: live.conflicts.min(pending),
            };
        }
        let accepted = count(
            self.decisions
                .values()
                .filter(|decision| **decision == Decision::Accept),
        );
        let rejected = count(
            self.decisions
                .values()
                .filter(|decision| **decision == Decision::Reject),
        );
        if accepted == 0 {
            TaskState::Rejected
        } else {
            TaskState::Landed { accepted, rejected }
        }
    }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
