//! The state of a session, as the fold of its events.

use std::sync::Arc;

use aca_protocol::agent::Driver;
use aca_protocol::session::TaskCounts;
use aca_protocol::task::Origin;
use aca_protocol::{AttemptId, SessionId, TaskId};
use imbl::{OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, Counted};
use super::{AttemptEnd, Continues, Event, Task};
use crate::Error;

/// One session: its tasks and their attempts. A clone shares everything with its original until one of them changes,
/// because the state is cloned for every command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    session: SessionId,
    /// A setting, and no part of what has happened.
    #[serde(skip)]
    max_parallel: usize,
    /// How many events were applied, which is the place of the last one in the session.
    seq: u64,
    /// The place of the last event that changed more of a task than what it has used.
    moved: u64,
    order: Vector<TaskId>,
    tasks: OrdMap<TaskId, Arc<Task>>,
    attempts: OrdMap<AttemptId, Arc<Attempt>>,
    /// The attempts that have not ended.
    active: OrdSet<AttemptId>,
    /// How the tasks stand that are not set aside.
    counts: TaskCounts,
    pub(super) checkpoints: Vector<Arc<Checkpoint>>,
    confirmed_check: Option<String>,
    name: Option<String>,
}

/// One run of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its identifier, and its sandbox's name.
    pub id: AttemptId,
    /// The task it is a run of.
    pub task: TaskId,
    /// How far it has come.
    pub stage: Stage,
    /// The attempt it goes on from, and with which words.
    pub continues: Option<Continues>,
    /// Its base's tree, once taken.
    pub base: Option<String>,
    /// The tree its agent starts from, where it is not the base.
    pub start: Option<String>,
    /// What its outcome must repeat, once it is starting.
    pub nonce: Option<String>,
    /// The name of its sandbox backend, once it is starting.
    pub backend: Option<String>,
    /// What drives it, once it is starting.
    pub driver: Option<Driver>,
    /// Whether it cannot be accounted for.
    #[serde(default)]
    pub lost: bool,
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing was done for it yet.
    Planned,
    /// Its base is stored.
    Snapshotted,
    /// Its sandbox may exist.
    Starting,
    /// Its sandbox was started.
    Started,
    /// It is over.
    Ended,
}

impl State {
    /// Returns the state of a session in which nothing has happened. At most `max_parallel` attempts run at once.
    pub fn new(session: SessionId, max_parallel: usize) -> Self {
        Self {
            session,
            max_parallel,
            seq: 0,
            moved: 0,
            order: Vector::new(),
            tasks: OrdMap::new(),
            attempts: OrdMap::new(),
            active: OrdSet::new(),
            counts: TaskCounts::default(),
            checkpoints: Vector::new(),
            confirmed_check: None,
            name: None,
        }
    }

    /// Sets how many attempts may run at once; those that run already go on.
    pub fn set_max_parallel(&mut self, max_parallel: usize) {
        self.max_parallel = max_parallel;
    }

    /// Folds the session's next event, written at `at_ms`, into the state.
    pub fn apply(&mut self, event: &Event, at_ms: u64) {
        self.seq += 1;
        match event {
            Event::TaskCreated { task, title, origin } => self.insert(task, title, origin, at_ms),
            Event::CheckConfirmed { command } => self.confirmed_check.clone_from(command),
            Event::SessionNamed { name } => self.name.clone_from(name),
            Event::CheckpointMade { .. } => self.checkpoint_made(event, at_ms),
            _ => {
                self.apply_to_attempt(event);
                self.apply_to_task(event, at_ms);
            }
        }
    }

    fn insert(&mut self, id: &TaskId, title: &str, origin: &Origin, at_ms: u64) {
        let task = Task::new(id, title, origin, at_ms);
        self.moved = self.seq;
        self.recount(None, task.counted());
        self.order.push_back(id.clone());
        self.tasks.insert(id.clone(), Arc::new(task));
    }

    fn apply_to_task(&mut self, event: &Event, at_ms: u64) {
        let task = self.task_of(event);
        let Some(task) = task.and_then(|task| self.tasks.get_mut(&task)) else {
            return;
        };
        let task = Arc::make_mut(task);
        task.revision += 1;
        task.changed_ms = at_ms;
        if let Event::ModelUsed { usage, .. } = event {
            // Nothing else of it changes, and there are many of these.
            task.usage += *usage;
            return;
        }
        let before = task.counted();
        task.apply(event, self.seq, at_ms);
        let after = task.counted();
        self.recount(before, after);
        self.moved = self.seq;
    }

    /// Takes a task out of the counts as it was, and adds it as it is.
    fn recount(&mut self, before: Option<Counted>, after: Option<Counted>) {
        if let Some(before) = before {
            let count = before.of(&mut self.counts);
            *count = count.saturating_sub(1);
        }
        if let Some(after) = after {
            *after.of(&mut self.counts) += 1;
        }
    }

    fn apply_to_attempt(&mut self, event: &Event) {
        match event {
            Event::AttemptPlanned {
                task,
                attempt,
                continues,
            } => {
                let planned = Attempt {
                    id: attempt.clone(),
                    task: task.clone(),
                    stage: Stage::Planned,
                    continues: continues.clone(),
                    base: None,
                    start: None,
                    nonce: None,
                    backend: None,
                    driver: None,
                    lost: false,
                };
                self.active.insert(attempt.clone());
                self.attempts.insert(attempt.clone(), Arc::new(planned));
            }
            Event::SnapshotTaken { attempt, base, start } => self.with_attempt(attempt, |attempt| {
                attempt.stage = Stage::Snapshotted;
                attempt.base = Some(base.clone());
                attempt.start.clone_from(start);
            }),
            Event::SandboxStarting {
                attempt,
                nonce,
                backend,
                driver,
                ..
            } => self.with_attempt(attempt, |attempt| {
                attempt.stage = Stage::Starting;
                attempt.nonce = Some(nonce.clone());
                attempt.backend = Some(backend.clone());
                attempt.driver = Some(*driver);
            }),
            Event::SandboxStarted { attempt } => self.with_attempt(attempt, |attempt| attempt.stage = Stage::Started),
            Event::AttemptEnded { attempt, end } => {
                self.active.remove(attempt);
                self.with_attempt(attempt, |attempt| {
                    attempt.stage = Stage::Ended;
                    attempt.lost = matches!(end, AttemptEnd::Lost { .. });
                });
            }
            _ => {}
        }
    }

    fn with_attempt(&mut self, attempt: &AttemptId, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            change(Arc::make_mut(attempt));
        }
    }

    /// Returns the task that an event is about, once the event is applied.
    pub fn task_of(&self, event: &Event) -> Option<TaskId> {
        let attempt = match event.task() {
            Some(task) => return Some(task.clone()),
            None => event.attempt()?,
        };
        self.attempt(attempt).map(|attempt| attempt.task.clone())
    }

    /// Returns a task, even one that is set aside.
    pub fn task(&self, task: &TaskId) -> Option<&Task> {
        self.tasks.get(task).map(Arc::as_ref)
    }

    /// Returns the tasks that are not set aside, oldest first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.all_tasks().filter(|task| !task.aside)
    }

    /// Returns every task there ever was, oldest first.
    pub fn all_tasks(&self) -> impl Iterator<Item = &Task> {
        self.order.iter().filter_map(|id| self.task(id))
    }

    /// Returns an attempt.
    pub fn attempt(&self, attempt: &AttemptId) -> Option<&Attempt> {
        self.attempts.get(attempt).map(Arc::as_ref)
    }

    /// Returns all attempts.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.values().map(Arc::as_ref)
    }

    /// Returns the attempts that have not ended.
    pub fn active_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.active.iter().filter_map(|attempt| self.attempt(attempt))
    }

    /// Returns how many attempts of a task there were, whose names begin with `prefix`.
    pub(super) fn attempts_of(&self, task: &TaskId, prefix: &str) -> usize {
        let named = self.attempts.range(AttemptId::new(prefix)..);
        let named = named.take_while(|(id, _)| id.as_str().starts_with(prefix));
        named.filter(|(_, attempt)| attempt.task == *task).count()
    }

    /// Returns the place of the last event in the session, counted from one; zero if nothing has happened.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns the place of the last event that changed more of a task than what it has used.
    pub fn moved(&self) -> u64 {
        self.moved
    }

    /// Returns how the tasks stand that are not set aside.
    pub fn counts(&self) -> TaskCounts {
        self.counts
    }

    /// Returns the session's identifier.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Returns the name a person gave the session.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the check command that a person has confirmed.
    pub fn confirmed_check(&self) -> Option<&str> {
        self.confirmed_check.as_deref()
    }

    /// Returns how the next attempt of a task goes on from its newest one.
    pub(super) fn continues(&self, task: &TaskId, remark: &str) -> Option<Continues> {
        let attempt = self.task(task)?.attempt.clone()?;
        Some(Continues {
            attempt,
            remark: remark.to_owned(),
            interrupted: false,
        })
    }

    pub(super) fn short_session(&self) -> &str {
        let id = self.session.as_str();
        id.get(..8).unwrap_or(id)
    }

    pub(super) fn max_parallel(&self) -> usize {
        self.max_parallel
    }

    /// Returns how many attempts have not ended.
    pub fn active(&self) -> usize {
        self.active.len()
    }

    pub(super) fn known_task(&self, task: &TaskId) -> Result<&Task, Error> {
        self.task(task)
            .ok_or_else(|| Error::NotFound(format!("There is no task {task} in this session.")))
    }

    /// Whether the sandbox and the checkout of an attempt stay although it has ended: it is lost, and a person has not
    /// decided yet how its task goes on.
    pub fn keeps(&self, attempt: &Attempt) -> bool {
        let task = self.task(&attempt.task).filter(|_| attempt.lost);
        task.is_some_and(|task| task.interrupted && task.attempt.as_ref() == Some(&attempt.id))
    }

    /// Returns the attempts that an attempt goes on from, newest first.
    pub fn earlier(&self, attempt: &Attempt) -> Vec<AttemptId> {
        let mut earlier = Vec::new();
        let mut at = attempt.continues.as_ref();
        while let Some(continues) = at.filter(|continues| !earlier.contains(&continues.attempt)) {
            earlier.push(continues.attempt.clone());
            at = self
                .attempt(&continues.attempt)
                .and_then(|attempt| attempt.continues.as_ref());
        }
        earlier
    }

    pub(super) fn known_attempt(&self, attempt: &AttemptId) -> Result<&Attempt, Error> {
        self.attempt(attempt)
            .ok_or_else(|| Error::NotFound(format!("There is no attempt {attempt} in this session.")))
    }
}
