//! What a person decides about a task that ended without a result.

use aca_protocol::TaskId;
use aca_protocol::session::Recovery;

use super::{Event, Phase, State, Task};
use crate::Error;

/// What the agent is told when its conversation goes on.
const GO_ON: &str = "Your work was interrupted. The files are as you left them. Go on from there.";

impl State {
    /// Returns the events of going on with `task` in the way `how`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for a way it cannot go on.
    pub(super) fn recover(&self, task: TaskId, how: Recovery) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        if !known.recovery().contains(&how) {
            return Err(Error::Invalid(format!(
                "The task {task} cannot go on in this way. `aca status` says how it stands."
            )));
        }
        let next = match how {
            Recovery::Again => Some(None),
            Recovery::Continue => Some(self.continues(&task, GO_ON)),
            Recovery::Take => None,
        };
        let room = self.active() < self.max_parallel();
        let plan = next.filter(|_| room).map(|next| self.plan(&task, next));
        let asked = Event::RecoverAsked { task, how };
        Ok(std::iter::once(asked).chain(plan).collect())
    }
}

impl Task {
    /// Returns the ways in which the task can go on, if it ended without a result.
    pub fn recovery(&self) -> Vec<Recovery> {
        if !matches!(self.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Lost { .. }) {
            return Vec::new();
        }
        let mut ways = vec![Recovery::Again];
        if self.attempt.is_some() {
            ways.push(Recovery::Continue);
        }
        if self.salvaged.is_some() {
            ways.push(Recovery::Take);
        }
        ways
    }

    /// Folds the decision into the task.
    pub(super) fn recovered(&mut self, how: Recovery) {
        self.note.clear();
        self.next = None;
        self.phase = Phase::Queued;
        match how {
            Recovery::Again => self.salvaged = None,
            Recovery::Continue => {
                self.next = self.attempt.clone().map(|attempt| super::Continues {
                    attempt,
                    remark: GO_ON.to_owned(),
                });
            }
            Recovery::Take => {
                let salvaged = self.salvaged.take();
                self.propose("", salvaged.as_ref());
                self.note = "Its agent did not finish: this is what was found of its work.".to_owned();
                self.phase = Phase::Review;
            }
        }
    }
}
