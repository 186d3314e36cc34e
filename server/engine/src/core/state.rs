//! The state of a session, as the fold of its events.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aca_protocol::agent::Driver;
use aca_protocol::task::Origin;
use aca_protocol::{AttemptId, SessionId, TaskId};

use super::{Continues, Event, Task};
use crate::Error;

/// One session: its tasks and their attempts.
#[derive(Debug, Clone)]
pub struct State {
    session: SessionId,
    max_parallel: usize,
    order: Vec<TaskId>,
    /// Shared, because the state is cloned for every command.
    tasks: HashMap<TaskId, Arc<Task>>,
    attempts: BTreeMap<AttemptId, Attempt>,
    confirmed_check: Option<String>,
    name: Option<String>,
}

/// One run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
            order: Vec::new(),
            tasks: HashMap::new(),
            attempts: BTreeMap::new(),
            confirmed_check: None,
            name: None,
        }
    }

    /// Folds one event, written at `at_ms`, into the state.
    pub fn apply(&mut self, event: &Event, at_ms: u64) {
        if let Event::TaskCreated { task, title, origin } = event {
            self.insert(task, title, origin, at_ms);
            return;
        }
        if let Event::CheckConfirmed { command } = event {
            self.confirmed_check.clone_from(command);
            return;
        }
        if let Event::SessionNamed { name } = event {
            self.name.clone_from(name);
            return;
        }
        self.apply_to_attempt(event, at_ms);
        let task = self.task_of(event);
        if let Some(task) = task.and_then(|task| self.tasks.get_mut(&task)) {
            let task = Arc::make_mut(task);
            task.apply(event, at_ms);
            task.revision += 1;
            task.changed_ms = at_ms;
        }
    }

    fn insert(&mut self, id: &TaskId, title: &str, origin: &Origin, at_ms: u64) {
        let task = Task::new(id, title, origin, at_ms);
        self.order.push(id.clone());
        self.tasks.insert(id.clone(), Arc::new(task));
    }

    fn apply_to_attempt(&mut self, event: &Event, _at_ms: u64) {
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
                };
                self.attempts.insert(attempt.clone(), planned);
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
            } => self.with_attempt(attempt, |attempt| {
                attempt.stage = Stage::Starting;
                attempt.nonce = Some(nonce.clone());
                attempt.backend = Some(backend.clone());
                attempt.driver = Some(*driver);
            }),
            Event::SandboxStarted { attempt } => self.with_attempt(attempt, |attempt| attempt.stage = Stage::Started),
            Event::AttemptEnded { attempt, .. } => self.with_attempt(attempt, |attempt| attempt.stage = Stage::Ended),
            _ => {}
        }
    }

    fn with_attempt(&mut self, attempt: &AttemptId, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            change(attempt);
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

    /// Returns a task.
    pub fn task(&self, task: &TaskId) -> Option<&Task> {
        self.tasks.get(task).map(Arc::as_ref)
    }

    /// Returns all tasks, oldest first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.order.iter().filter_map(|id| self.task(id))
    }

    /// Returns an attempt.
    pub fn attempt(&self, attempt: &AttemptId) -> Option<&Attempt> {
        self.attempts.get(attempt)
    }

    /// Returns all attempts.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.values()
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
        let remark = remark.to_owned();
        Some(Continues { attempt, remark })
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
        self.attempts
            .values()
            .filter(|attempt| attempt.stage != Stage::Ended)
            .count()
    }

    pub(super) fn known_task(&self, task: &TaskId) -> Result<&Task, Error> {
        self.task(task)
            .ok_or_else(|| Error::NotFound(format!("There is no task {task} in this session.")))
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
