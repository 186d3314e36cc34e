//! What a session can be asked, and what outcomes of effects report back.

use aca_protocol::agent::Driver;
use aca_protocol::proposal::Decision;
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, HunkId, TaskId};

use super::{AttemptEnd, Event, Landing, Phase, Stage, State};
use crate::Error;

/// A wish or a report. Fields mean the same as in the event of the similar name.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields mean the same as in the events")]
pub enum Command {
    /// Make a task.
    Create {
        task: TaskId,
        title: String,
        origin: Origin,
    },
    /// The session was opened: tasks whose turn has come must not go on waiting.
    Resume,
    /// The base is stored.
    Snapshotted { attempt: AttemptId, base: String },
    /// The sandbox is about to be started.
    Starting {
        attempt: AttemptId,
        nonce: String,
        backend: String,
        driver: Driver,
    },
    /// The sandbox was started.
    Started { attempt: AttemptId },
    /// Stop the task.
    Stop { task: TaskId },
    /// The upstream answered.
    Used { attempt: AttemptId, usage: Usage },
    /// The attempt is over.
    Ended { attempt: AttemptId, end: AttemptEnd },
    /// A landing is about to change a file.
    Land { task: TaskId, landing: Landing },
    /// Hunks were decided.
    Decide {
        task: TaskId,
        hunks: Vec<HunkId>,
        decision: Decision,
    },
}

impl State {
    /// Returns the events that `command` leads to; none if it has been carried out before.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, attempt or hunk and [`Error::Invalid`] where the command does not fit
    /// the state; nothing changes then.
    pub fn decide(&self, command: Command) -> Result<Vec<Event>, Error> {
        match command {
            Command::Create { task, title, origin } => self.create(task, title, origin),
            Command::Resume => Ok(self.next_turns(self.active())),
            Command::Snapshotted { attempt, base } => self.stage_step(
                &attempt,
                Stage::Planned,
                Event::SnapshotTaken {
                    attempt: attempt.clone(),
                    base,
                },
            ),
            Command::Starting {
                attempt,
                nonce,
                backend,
                driver,
            } => {
                let event = Event::SandboxStarting {
                    attempt: attempt.clone(),
                    nonce,
                    backend,
                    driver,
                };
                self.stage_step(&attempt, Stage::Snapshotted, event)
            }
            Command::Started { attempt } => self.stage_step(
                &attempt,
                Stage::Starting,
                Event::SandboxStarted {
                    attempt: attempt.clone(),
                },
            ),
            Command::Stop { task } => self.stop(task),
            Command::Used { attempt, usage } => {
                self.known_attempt(&attempt)?;
                Ok(vec![Event::ModelUsed { attempt, usage }])
            }
            Command::Ended { attempt, end } => self.end(attempt, end),
            Command::Land { task, landing } => {
                self.undecided(&task, &landing.hunks)?;
                Ok(vec![Event::LandingPlanned { task, landing }])
            }
            Command::Decide { task, hunks, decision } => self.decide_hunks(task, hunks, decision),
        }
    }

    fn create(&self, task: TaskId, title: String, origin: Origin) -> Result<Vec<Event>, Error> {
        if self.task(&task).is_some() {
            return Err(Error::Invalid(format!("There is a task {task} already.")));
        }
        let mut events = vec![Event::TaskCreated {
            task: task.clone(),
            title,
            origin,
        }];
        if self.active() < self.max_parallel() {
            events.push(self.plan(&task));
        }
        Ok(events)
    }

    /// Moves an attempt one stage on. A report that comes twice changes nothing; one that comes after a stop or an
    /// end is refused, so that nothing is started for it.
    fn stage_step(&self, attempt: &AttemptId, from: Stage, event: Event) -> Result<Vec<Event>, Error> {
        let known = self.known_attempt(attempt)?;
        let task = self.known_task(&known.task)?;
        if known.stage == Stage::Ended {
            return Err(Error::Invalid(format!("The attempt {attempt} has ended.")));
        }
        if task.phase == Phase::Stopping && from < Stage::Starting {
            return Err(Error::Invalid(format!("The task {} is being stopped.", task.id)));
        }
        match known.stage.cmp(&from) {
            std::cmp::Ordering::Equal => Ok(vec![event]),
            std::cmp::Ordering::Greater => Ok(Vec::new()),
            std::cmp::Ordering::Less => Err(Error::Invalid(format!(
                "The attempt {attempt} is {:?} and cannot go on from {from:?}.",
                known.stage
            ))),
        }
    }

    fn stop(&self, task: TaskId) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        match known.phase {
            Phase::Queued | Phase::Preparing | Phase::Running { .. } => Ok(vec![Event::StopAsked { task }]),
            Phase::Stopping => Ok(Vec::new()),
            _ => Err(Error::Invalid(format!(
                "The task {task} is not at work, so there is nothing to stop."
            ))),
        }
    }

    fn end(&self, attempt: AttemptId, end: AttemptEnd) -> Result<Vec<Event>, Error> {
        let known = self.known_attempt(&attempt)?;
        if known.stage == Stage::Ended {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::AttemptEnded { attempt, end }];
        events.extend(self.next_turns(self.active().saturating_sub(1)));
        Ok(events)
    }

    fn decide_hunks(&self, task: TaskId, hunks: Vec<HunkId>, decision: Decision) -> Result<Vec<Event>, Error> {
        let open = self.undecided(&task, &hunks)?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Decided {
            task,
            hunks: open,
            decision,
        }])
    }

    /// Returns those of `hunks` that are not decided yet.
    fn undecided(&self, task: &TaskId, hunks: &[HunkId]) -> Result<Vec<HunkId>, Error> {
        let known = self.known_task(task)?;
        let Some(proposed) = &known.proposed else {
            return Err(Error::Invalid(format!("The task {task} has no proposal to decide.")));
        };
        let mut open = Vec::new();
        for hunk in hunks {
            if !proposed.hunks.iter().any(|known| known.id == *hunk) {
                return Err(Error::NotFound(format!(
                    "The proposal of task {task} has no hunk {hunk}."
                )));
            }
            if !known.decisions.contains_key(hunk) && !open.contains(hunk) {
                open.push(hunk.clone());
            }
        }
        Ok(open)
    }

    /// Plans waiting tasks, oldest first, as far as there is room beside `active` attempts.
    fn next_turns(&self, active: usize) -> Vec<Event> {
        let waiting = self.tasks().filter(|task| task.phase == Phase::Queued);
        let free = self.max_parallel().saturating_sub(active);
        waiting.take(free).map(|task| self.plan(&task.id)).collect()
    }

    fn plan(&self, task: &TaskId) -> Event {
        let n = self.attempts().filter(|attempt| attempt.task == *task).count() + 1;
        let attempt = AttemptId::new(format!("aca-{}-{task}-{n}", self.short_session()));
        Event::AttemptPlanned {
            task: task.clone(),
            attempt,
        }
    }
}
