//! What a session can be asked, and what outcomes of effects report back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aca_protocol::agent::Driver;
use aca_protocol::proposal::{CheckView, Decision};
use aca_protocol::session::{CheckpointReason, Recovery};
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, CheckpointId, HunkId, OperationId, TaskId};

use super::{AttemptEnd, Continues, Event, ModelRequest, Operation, Phase, Span, Stage, State, Step, Task};
use crate::Error;

/// What becomes of the hunks of a file when a person changes its proposed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The task.
    pub task: TaskId,
    /// The file's path in the result.
    pub path: String,
    /// The file's hunks, in file order.
    pub hunks: Vec<HunkId>,
    /// Where they are.
    pub spans: Vec<Span>,
    /// Which hunks the new ones have lines of, as in [`Event::Regrouped`].
    pub from: Vec<(HunkId, HunkId)>,
    /// Rejected hunks that are undecided again, or part of an undecided one.
    pub reopened: Vec<HunkId>,
    /// For each undecided hunk, its text and what it replaces, as in [`Event::Amended`].
    pub amended: Vec<(HunkId, Option<String>, Option<String>)>,
}

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
    Snapshotted {
        attempt: AttemptId,
        base: String,
        start: Option<String>,
    },
    /// The sandbox is about to be started.
    Starting {
        attempt: AttemptId,
        nonce: String,
        backend: String,
        driver: Driver,
        image: Option<String>,
        spec: Option<String>,
    },
    /// The sandbox was started.
    Started { attempt: AttemptId },
    /// Stop the task.
    Stop { task: TaskId },
    /// Hold the task's agent, or let it go on.
    Pause { task: TaskId, paused: bool },
    /// Tell the task's agent something.
    Tell { task: TaskId, id: String, text: String },
    /// The upstream answered.
    Used {
        attempt: AttemptId,
        usage: Usage,
        model: Option<String>,
        request: Option<ModelRequest>,
    },
    /// The attempt is over.
    Ended { attempt: AttemptId, end: AttemptEnd },
    /// Hunks are about to land, or to be taken back.
    Operate { task: TaskId, operation: Operation },
    /// A step is about to be done otherwise.
    Replan {
        task: TaskId,
        operation: OperationId,
        index: usize,
        step: Step,
    },
    /// Steps were done and seen to be: their hunks are accepted, or undecided again if they took them back.
    StepsDone {
        task: TaskId,
        operation: OperationId,
        indexes: BTreeSet<usize>,
    },
    /// Nothing of the operation is left to do.
    EndOperation { task: TaskId, operation: OperationId },
    /// Hunks were rejected, or accepted where nothing had to be written.
    Decide {
        task: TaskId,
        hunks: Vec<HunkId>,
        decision: Decision,
    },
    /// Bring rejected hunks back.
    Reopen { task: TaskId, hunks: Vec<HunkId> },
    /// The hunks of one file were cut or joined.
    Regroup {
        task: TaskId,
        path: String,
        hunks: Vec<HunkId>,
        spans: Vec<Span>,
        from: Vec<(HunkId, HunkId)>,
    },
    /// A person changed what a hunk puts into the file.
    Amend {
        task: TaskId,
        hunk: HunkId,
        text: Option<String>,
    },
    /// A person changed the proposed text of a file.
    Edit(Edit),
    /// Send the proposal back to its agent.
    SendBack { task: TaskId, remark: String },
    /// A check of chosen hunks begins, or a check has ended. With a `retry`, and if it was the check of the agent's whole result, the agent gets that remark.
    Checked {
        task: TaskId,
        check: CheckView,
        retry: Option<String>,
    },
    /// A person confirmed the check command, or withdrew that.
    ConfirmCheck { command: Option<String> },
    /// A person decided how a task goes on that ended without a result.
    Recover { task: TaskId, how: Recovery },
    /// A person gave the session a name.
    NameSession { name: Option<String> },
    /// The files are stored, and the session can go back to here.
    Checkpoint {
        checkpoint: CheckpointId,
        name: Option<String>,
        why: CheckpointReason,
        about: String,
        tree: String,
    },
    /// Go back to a checkpoint. `then` is the state as it was there, by a replay of the events up to it.
    /// Of the hunks `by_hand` a person has done to the files what going back would have done.
    Restore {
        checkpoint: CheckpointId,
        then: Arc<State>,
        by_hand: BTreeMap<TaskId, BTreeSet<HunkId>>,
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
            Command::Snapshotted { attempt, base, start } => self.stage_step(
                &attempt,
                Stage::Planned,
                Event::SnapshotTaken {
                    attempt: attempt.clone(),
                    base,
                    start,
                },
            ),
            Command::Starting {
                attempt,
                nonce,
                backend,
                driver,
                image,
                spec,
            } => {
                let event = Event::SandboxStarting {
                    attempt: attempt.clone(),
                    nonce,
                    backend,
                    driver,
                    image,
                    spec,
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
            Command::Used {
                attempt,
                usage,
                model,
                request,
            } => {
                self.known_attempt(&attempt)?;
                Ok(vec![Event::ModelUsed {
                    attempt,
                    usage,
                    model,
                    request,
                }])
            }
            Command::Ended { attempt, end } => self.end(attempt, end),
            Command::Pause { task, paused } => self.pause(task, paused),
            Command::Tell { task, id, text } => self.tell(task, id, text),
            Command::Operate { task, operation } => self.operate(task, operation),
            Command::Replan {
                task,
                operation,
                index,
                step,
            } => {
                self.open_step(&task, &operation, index)?;
                Ok(vec![Event::StepPlanned {
                    task,
                    operation,
                    index,
                    step,
                }])
            }
            Command::StepsDone {
                task,
                operation,
                indexes,
            } => self.steps_done(task, operation, &indexes),
            Command::EndOperation { task, operation } => {
                let ended = self.known_operation(&task, &operation)?.ended;
                Ok((!ended)
                    .then_some(Event::OperationEnded { task, operation })
                    .into_iter()
                    .collect())
            }
            Command::Decide { task, hunks, decision } => self.decide_hunks(task, hunks, decision),
            Command::Reopen { task, hunks } => self.reopen(task, &hunks),
            Command::Regroup {
                task,
                path,
                hunks,
                spans,
                from,
            } => self.regroup(task, path, (hunks, spans, from)),
            Command::Amend { task, hunk, text } => self.amend(task, hunk, text),
            Command::Edit(edit) => self.edit(edit),
            Command::SendBack { task, remark } => self.send_back(task, remark),
            Command::Checked { task, check, retry } => self.checked(task, check, retry),
            Command::Recover { task, how } => self.recover(task, how),
            Command::NameSession { name } => Ok((self.name() != name.as_deref())
                .then_some(Event::SessionNamed { name })
                .into_iter()
                .collect()),
            Command::Checkpoint {
                checkpoint,
                name,
                why,
                about,
                tree,
            } => {
                if self.checkpoint(&checkpoint).is_ok() {
                    return Err(Error::Invalid(format!("There is a checkpoint {checkpoint} already.")));
                }
                Ok(vec![Event::CheckpointMade {
                    checkpoint,
                    name,
                    why,
                    about,
                    tree,
                }])
            }
            Command::Restore {
                checkpoint,
                then,
                by_hand,
            } => self.restore(checkpoint, &then, &by_hand),
            Command::ConfirmCheck { command } => Ok((self.confirmed_check() != command.as_deref())
                .then_some(Event::CheckConfirmed { command })
                .into_iter()
                .collect()),
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
            events.push(self.plan(&task, None));
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
            Phase::Queued
            | Phase::Preparing
            | Phase::Running { .. }
            | Phase::Paused { .. }
            | Phase::Verifying { .. } => Ok(vec![Event::StopAsked { task }]),
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

    fn pause(&self, task: TaskId, paused: bool) -> Result<Vec<Event>, Error> {
        match (&self.known_task(&task)?.phase, paused) {
            (Phase::Running { .. }, true) | (Phase::Paused { .. }, false) => {
                Ok(vec![Event::PauseAsked { task, paused }])
            }
            (Phase::Paused { .. }, true) | (Phase::Running { .. }, false) => Ok(Vec::new()),
            _ => Err(Error::Invalid(format!(
                "The agent of task {task} is not at work, so it cannot be held or let go on."
            ))),
        }
    }

    fn tell(&self, task: TaskId, id: String, text: String) -> Result<Vec<Event>, Error> {
        match self.known_task(&task)?.phase {
            Phase::Running { .. } | Phase::Paused { .. } => Ok(vec![Event::Told { task, id, text }]),
            Phase::Review | Phase::NothingToDo => Err(Error::Invalid(format!(
                "The agent of task {task} has finished. Send its proposal back with a remark instead."
            ))),
            _ => Err(Error::Invalid(format!(
                "The agent of task {task} is not at work, so it cannot be told anything."
            ))),
        }
    }

    fn send_back(&self, task: TaskId, remark: String) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        if !matches!(known.phase, Phase::Review | Phase::NothingToDo) {
            return Err(Error::Invalid(format!(
                "The task {task} has no finished work that could be sent back."
            )));
        }
        if known.operations.iter().any(|operation| !operation.ended) {
            return Err(Error::Invalid(format!(
                "A landing of task {task} is under way. Send the task back when it has ended."
            )));
        }
        Ok(self.next_round(task, remark, false))
    }

    /// Sends a task back, and plans its next attempt if there is room.
    fn next_round(&self, task: TaskId, remark: String, automatic: bool) -> Vec<Event> {
        let next = self.continues(&task, &remark);
        let plan = (self.active() < self.max_parallel()).then(|| self.plan(&task, next));
        let sent = Event::SentBack {
            task,
            remark,
            automatic,
        };
        std::iter::once(sent).chain(plan).collect()
    }

    fn checked(&self, task: TaskId, check: CheckView, retry: Option<String>) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        let verifying = matches!(known.phase, Phase::Verifying { .. });
        let mut events = vec![Event::Checked {
            task: task.clone(),
            check,
        }];
        if let Some(remark) = retry.filter(|_| verifying) {
            events.extend(self.next_round(task, remark, true));
        }
        Ok(events)
    }

    /// Plans waiting tasks, oldest first, as far as there is room beside `active` attempts.
    fn next_turns(&self, active: usize) -> Vec<Event> {
        let waiting = self.tasks().filter(|task| task.phase == Phase::Queued);
        let free = self.max_parallel().saturating_sub(active);
        let plan = |task: &Task| self.plan(&task.id, task.next.clone());
        waiting.take(free).map(plan).collect()
    }

    pub(super) fn plan(&self, task: &TaskId, continues: Option<Continues>) -> Event {
        let prefix = format!("aca-{}-{task}-", self.short_session());
        let n = self.attempts_of(task, &prefix) + 1;
        let attempt = AttemptId::new(format!("{prefix}{n}"));
        Event::AttemptPlanned {
            task: task.clone(),
            attempt,
            continues,
        }
    }
}
