//! What a person decides about a task whose newest attempt brought nothing: it was stopped, it failed or it is lost.

use aca_protocol::TaskId;
use aca_protocol::session::Recovery;

use super::{Continues, Event, Phase, State, Task};
use crate::Error;

/// What is said of a proposal that no agent vouches for.
const FOUND: &str = "Its agent did not finish. This is what was found of its work, and nothing vouches for it: it may be \
                     incomplete.";

impl State {
    /// Returns the events of going on with `task` in the way `how`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for a way it cannot go on.
    pub(super) fn recover(&self, task: TaskId, how: Recovery) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        let ways = known.recovery();
        if !ways.contains(&how) {
            let can = match &ways[..] {
                [] => "There is nothing to decide about it.".to_owned(),
                ways => format!(
                    "It can {}.",
                    ways.iter().map(|way| words(*way)).collect::<Vec<_>>().join(" or ")
                ),
            };
            return Err(Error::Invalid(format!(
                "The task {task} cannot {}. {can} `aca status` says how it stands.",
                words(how)
            )));
        }
        let next = match how {
            Recovery::Again => Some(None),
            Recovery::Continue => Some(known.goes_on()),
            Recovery::Take => None,
        };
        let room = self.active() < self.max_parallel();
        let plan = next.filter(|_| room).map(|next| self.plan(&task, next));
        let asked = Event::RecoverAsked { task, how };
        Ok(std::iter::once(asked).chain(plan).collect())
    }
}

fn words(how: Recovery) -> &'static str {
    match how {
        Recovery::Again => "be begun again",
        Recovery::Continue => "go on from where it was",
        Recovery::Take => "be taken as it was found",
    }
}

impl Task {
    /// Returns the ways in which the task can go on, if its newest attempt brought nothing.
    pub fn recovery(&self) -> Vec<Recovery> {
        let settled = matches!(self.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Lost { .. });
        // What an earlier round proposed may still be there to be decided.
        let in_review = self.phase == Phase::Review && self.interrupted;
        let ways = [
            (Recovery::Again, settled),
            (Recovery::Continue, (settled || in_review) && self.started),
            (Recovery::Take, (settled || in_review) && self.salvaged.is_some()),
        ];
        ways.into_iter().filter(|(_, can)| *can).map(|(way, _)| way).collect()
    }

    /// Returns the task as if what was found of its work were its proposal.
    pub fn as_found(&self) -> Option<Self> {
        let salvaged = self.salvaged.as_ref()?;
        let mut found = self.clone();
        found.propose("", Some(salvaged));
        found.operations.clear();
        Some(found)
    }

    /// Returns how the next attempt goes on from the newest one, which brought nothing.
    fn goes_on(&self) -> Option<Continues> {
        self.attempt.clone().map(|attempt| Continues {
            attempt,
            remark: String::new(),
            interrupted: true,
        })
    }

    /// Folds the decision into the task.
    pub(super) fn recovered(&mut self, how: Recovery) {
        self.interrupted = false;
        self.note.clear();
        self.next = None;
        self.phase = Phase::Queued;
        match how {
            Recovery::Again => self.salvaged = None,
            Recovery::Continue => self.next = self.goes_on(),
            Recovery::Take => {
                let salvaged = self.salvaged.take();
                self.propose("", salvaged.as_ref());
                FOUND.clone_into(&mut self.note);
                self.phase = Phase::Review;
            }
        }
    }
}
