//! The state of a session, as the fold of its events.

use std::collections::{BTreeMap, HashMap};

use aca_protocol::agent::Driver;
use aca_protocol::proposal::Decision;
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, HunkId, SessionId, TaskId};

use super::{AttemptEnd, Event, Landing, Proposed};
use crate::Error;

/// One session: its tasks and their attempts.
#[derive(Debug, Clone)]
pub struct State {
    session: SessionId,
    max_parallel: usize,
    order: Vec<TaskId>,
    tasks: HashMap<TaskId, Task>,
    attempts: BTreeMap<AttemptId, Attempt>,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its identifier.
    pub id: TaskId,
    /// One line that names it.
    pub title: String,
    /// What it was made from.
    pub origin: Origin,
    /// Where it stands.
    pub phase: Phase,
    /// Its newest attempt.
    pub attempt: Option<AttemptId>,
    /// What its attempts have used.
    pub usage: Usage,
    /// What it proposes.
    pub proposed: Option<Proposed>,
    /// The agent's last words.
    pub summary: String,
    /// What was decided, by hunk.
    pub decisions: BTreeMap<HunkId, Decision>,
    /// Landings that were begun and not yet followed by a decision.
    pub landings: Vec<Landing>,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it last changed, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
    /// Counts its changes.
    pub revision: u64,
}

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its turn.
    Queued,
    /// Its attempt is planned and its sandbox not yet started.
    Preparing,
    /// Its sandbox runs.
    Running {
        /// Since when, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// It is being stopped.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It has a proposal; whether anything is undecided follows from the decisions.
    Review,
    /// It changed nothing.
    NothingToDo,
    /// It failed.
    Failed {
        /// What is known and what to do next.
        reason: String,
    },
    /// It cannot be accounted for.
    Lost {
        /// What is known and what to do next.
        reason: String,
    },
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
    /// Its base's tree, once taken.
    pub base: Option<String>,
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
        }
    }

    /// Folds one event, written at `at_ms`, into the state.
    pub fn apply(&mut self, event: &Event, at_ms: u64) {
        if let Event::TaskCreated { task, title, origin } = event {
            self.insert(task, title, origin, at_ms);
            return;
        }
        self.apply_to_attempt(event, at_ms);
        let task = match event {
            Event::AttemptPlanned { task, .. }
            | Event::StopAsked { task }
            | Event::LandingPlanned { task, .. }
            | Event::Decided { task, .. } => Some(task.clone()),
            Event::SnapshotTaken { attempt, .. }
            | Event::SandboxStarting { attempt, .. }
            | Event::SandboxStarted { attempt }
            | Event::ModelUsed { attempt, .. }
            | Event::AttemptEnded { attempt, .. } => self.attempts.get(attempt).map(|attempt| attempt.task.clone()),
            Event::TaskCreated { .. } | Event::Unknown => None,
        };
        if let Some(task) = task.and_then(|task| self.tasks.get_mut(&task)) {
            task.apply(event, at_ms);
            task.revision += 1;
            task.changed_ms = at_ms;
        }
    }

    fn insert(&mut self, id: &TaskId, title: &str, origin: &Origin, at_ms: u64) {
        let task = Task {
            id: id.clone(),
            title: title.to_owned(),
            origin: origin.clone(),
            phase: Phase::Queued,
            attempt: None,
            usage: Usage::default(),
            proposed: None,
            summary: String::new(),
            decisions: BTreeMap::new(),
            landings: Vec::new(),
            created_ms: at_ms,
            changed_ms: at_ms,
            revision: 1,
        };
        self.order.push(id.clone());
        self.tasks.insert(id.clone(), task);
    }

    fn apply_to_attempt(&mut self, event: &Event, _at_ms: u64) {
        match event {
            Event::AttemptPlanned { task, attempt } => {
                let planned = Attempt {
                    id: attempt.clone(),
                    task: task.clone(),
                    stage: Stage::Planned,
                    base: None,
                    nonce: None,
                    backend: None,
                    driver: None,
                };
                self.attempts.insert(attempt.clone(), planned);
            }
            Event::SnapshotTaken { attempt, base } => self.with_attempt(attempt, |attempt| {
                attempt.stage = Stage::Snapshotted;
                attempt.base = Some(base.clone());
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

    /// Returns a task.
    pub fn task(&self, task: &TaskId) -> Option<&Task> {
        self.tasks.get(task)
    }

    /// Returns all tasks, oldest first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.order.iter().filter_map(|id| self.tasks.get(id))
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

    pub(super) fn known_attempt(&self, attempt: &AttemptId) -> Result<&Attempt, Error> {
        self.attempt(attempt)
            .ok_or_else(|| Error::NotFound(format!("There is no attempt {attempt} in this session.")))
    }
}

impl Task {
    fn apply(&mut self, event: &Event, at_ms: u64) {
        match event {
            Event::AttemptPlanned { attempt, .. } => {
                self.attempt = Some(attempt.clone());
                self.phase = Phase::Preparing;
            }
            Event::SandboxStarted { .. } if self.phase == Phase::Preparing => {
                self.phase = Phase::Running { since_ms: at_ms };
            }
            // Without an attempt nothing has to be stopped first.
            Event::StopAsked { .. } if self.attempt.is_none() => self.phase = Phase::Stopped,
            Event::StopAsked { .. } => self.phase = Phase::Stopping,
            Event::ModelUsed { usage, .. } => self.usage += *usage,
            Event::AttemptEnded { end, .. } => self.end(end),
            Event::LandingPlanned { landing, .. } => self.landings.push(landing.clone()),
            Event::Decided { hunks, decision, .. } => {
                self.decisions
                    .extend(hunks.iter().map(|hunk| (hunk.clone(), *decision)));
                self.landings
                    .retain(|landing| !landing.hunks.iter().all(|hunk| self.decisions.contains_key(hunk)));
            }
            _ => {}
        }
    }

    fn end(&mut self, end: &AttemptEnd) {
        self.phase = match end {
            AttemptEnd::Finished { summary, proposed } => {
                self.summary.clone_from(summary);
                self.proposed.clone_from(proposed);
                if proposed.is_some() {
                    Phase::Review
                } else {
                    Phase::NothingToDo
                }
            }
            AttemptEnd::Stopped => Phase::Stopped,
            AttemptEnd::Failed { reason } => Phase::Failed { reason: reason.clone() },
            AttemptEnd::Lost { reason } => Phase::Lost { reason: reason.clone() },
        };
    }

    /// Returns the hunks that wait for a decision.
    pub fn pending(&self) -> impl Iterator<Item = &HunkId> {
        let hunks = self.proposed.iter().flat_map(|proposed| &proposed.hunks);
        hunks
            .map(|hunk| &hunk.id)
            .filter(|hunk| !self.decisions.contains_key(*hunk))
    }
}
