//! The shell around the core: writes events durably, applies them, publishes views, performs effects.
//!
//! It is one task that handles one message at a time. Whatever takes time runs in a task of its own and reports back
//! with a message.

mod checks;
mod encode;
mod exchange;
mod load;
mod record;
pub(crate) mod replay;
mod views;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aca_protocol::{AttemptId, SessionId, TaskId};
use aca_store::Store;
use aca_workspace::objects::Objects;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

pub(crate) use record::{kind, store_error};

use crate::attempt::{Away, Steer};
use crate::core::{Command, Effect, Event, Live, Stage, State};
use crate::handle::{Change, Shared, Who};
use crate::proposal::Job;
use crate::{Error, attempt, audit, check, checkpoint, house, proposal};

/// How long a shutdown waits for the sandboxes and checkouts of ended attempts to be removed.
const DISCARD_GRACE: Duration = Duration::from_secs(5);

/// What the actor is told.
pub(crate) enum Message {
    /// Open the session of a workspace.
    Open {
        root: PathBuf,
        reply: oneshot::Sender<Result<SessionId, Error>>,
    },
    /// Carry out a command; the answer comes when it is durable.
    Command {
        session: SessionId,
        command: Command,
        who: Who,
        reply: Option<oneshot::Sender<Result<(), Error>>>,
    },
    /// Look at the state of a session.
    Read {
        session: SessionId,
        read: Box<dyn FnOnce(&State) + Send>,
    },
    /// Begin a check of a task's proposal, in the place of one that runs.
    Check {
        session: SessionId,
        task: TaskId,
        what: check::What,
        who: Who,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// A check has ended, with what is to be recorded of it.
    CheckEnded {
        session: SessionId,
        task: TaskId,
        number: u64,
        command: Command,
    },
    /// Something that is known only while it lasts has changed.
    Live {
        session: SessionId,
        task: TaskId,
        change: LiveChange,
    },
    /// Say who reviews for the session that a workspace has open, if nothing of it is at work.
    Quiet {
        root: PathBuf,
        reply: oneshot::Sender<Result<Option<mpsc::UnboundedSender<Job>>, Error>>,
    },
    /// Have the session's workspace open it, in the place of the one that it has open.
    Use {
        session: SessionId,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Give a session a name, whether it is open or not.
    Name {
        session: SessionId,
        name: Option<String>,
        who: Who,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Move a session to the trash.
    Delete {
        session: SessionId,
        reply: oneshot::Sender<Result<PathBuf, Error>>,
    },
    /// The settings of a workspace may say something else.
    Settings(PathBuf),
    /// A problem that a person should know of.
    Problem(String),
    /// Finish and stop.
    Shutdown { reply: oneshot::Sender<()> },
}

/// A change of what is known of a task besides its events.
pub(crate) enum LiveChange {
    /// What is being prepared or done.
    Activity(String),
    /// How many undecided hunks overlap with the live files.
    Conflicts(u32),
}

/// What the tasks of one session share.
#[derive(Debug)]
pub(crate) struct SessionContext {
    pub(crate) id: SessionId,
    pub(crate) root: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) objects: Objects,
    /// The number of this engine among the session's owners.
    pub(crate) fence: u64,
    /// Snapshots for checkpoints that are being taken. It is closed before the session is: who opens it next uses the
    /// same index.
    pub(crate) snapshots: TaskTracker,
}

impl SessionContext {
    /// Lets no snapshot begin any more, and waits for the one that is being taken.
    async fn end_snapshots(&self) {
        self.snapshots.close();
        self.snapshots.wait().await;
    }
}

pub(crate) struct Actor {
    shared: Arc<Shared>,
    sessions: HashMap<SessionId, Session>,
    /// What is being removed of attempts that have ended.
    discards: TaskTracker,
    /// Who looks at the whole record of sessions.
    looks: audit::Looks,
}

struct Session {
    context: Arc<SessionContext>,
    store: Arc<Mutex<Store>>,
    state: State,
    folds: replay::Folds,
    live: HashMap<TaskId, Live>,
    steers: HashMap<AttemptId, Arc<Steer>>,
    review: mpsc::UnboundedSender<Job>,
    checkpoints: mpsc::UnboundedSender<checkpoint::Job>,
    /// Whether everything that was there when the session was opened is in the views.
    settled: watch::Receiver<bool>,
    /// What is being checked.
    checks: check::Checks,
}

impl Actor {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            sessions: HashMap::new(),
            discards: TaskTracker::new(),
            looks: audit::Looks::default(),
        }
    }

    pub(crate) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let spread = tokio::spawn(proposal::spread_touches(Arc::clone(&self.shared)));
        let keeping = tokio::spawn(house::keep(Arc::clone(&self.shared)));
        while let Some(message) = messages.recv().await {
            match message {
                // An asker that has gone away does not need the answer.
                Message::Open { root, reply } => drop(reply.send(self.open(root).await)),
                Message::Command {
                    session,
                    command,
                    who,
                    reply,
                } => {
                    let outcome = self.command(&session, command, &who).await;
                    match (reply, outcome) {
                        (Some(reply), outcome) => drop(reply.send(outcome)),
                        (None, Err(error)) => tracing::warn!(%error, "a command was refused"),
                        (None, Ok(())) => {}
                    }
                }
                Message::Read { session, read } => {
                    if let Some(session) = self.sessions.get(&session) {
                        read(&session.state);
                    }
                }
                Message::Check {
                    session,
                    task,
                    what,
                    who,
                    reply,
                } => drop(reply.send(self.check(&session, &task, what, &who).await)),
                Message::CheckEnded {
                    session,
                    task,
                    number,
                    command,
                } => self.check_ended(&session, &task, number, command).await,
                Message::Live { session, task, change } => self.live(&session, &task, change),
                Message::Quiet { root, reply } => drop(reply.send(self.quiet(&root))),
                Message::Use { session, reply } => drop(reply.send(self.use_session(&session).await)),
                Message::Name {
                    session,
                    name,
                    who,
                    reply,
                } => drop(reply.send(self.name(&session, name, who).await)),
                Message::Delete { session, reply } => drop(reply.send(self.delete(&session).await)),
                Message::Settings(root) => self.settings_changed(&root),
                Message::Problem(problem) => self.problem(problem),
                Message::Shutdown { reply } => {
                    self.sessions.values_mut().for_each(|session| session.checks.stop_all());
                    self.discards.close();
                    for session in self.sessions.values() {
                        session.context.end_snapshots().await;
                    }
                    // What is not removed by then, the next owner removes.
                    let _ = tokio::time::timeout(DISCARD_GRACE, self.discards.wait()).await;
                    for session in self.sessions.values_mut() {
                        session.folds.finish(&session.state, &session.store).await;
                    }
                    self.looks.end().await;
                    // Who is told that this engine has ended may open the stores.
                    let sessions = std::mem::take(&mut self.sessions);
                    let _ = tokio::task::spawn_blocking(move || drop(sessions)).await;
                    let _ = reply.send(());
                    break;
                }
            }
        }
        spread.abort();
        keeping.abort();
    }

    async fn open(&mut self, root: PathBuf) -> Result<SessionId, Error> {
        if let Some(open) = self.sessions.values().find(|session| session.context.root == root) {
            return Ok(open.context.id.clone());
        }
        let max_parallel = self.max_parallel(&root);
        let data_dir = self.shared.config.data_dir.clone();
        let opening = tokio::task::spawn_blocking(move || load::load(&data_dir, &root, max_parallel));
        let loaded = opening
            .await
            .map_err(|error| Error::internal("Opening the session", error))??;
        Ok(self.install(loaded).await)
    }

    /// Returns how many attempts a workspace's settings let run at once.
    fn max_parallel(&self, root: &Path) -> usize {
        match self.shared.settings.load(root) {
            Ok(loaded) => loaded.config.session.max_parallel as usize,
            Err(error) => {
                self.problem(error.to_string());
                1
            }
        }
    }

    /// What the settings say counts from the next beginning on.
    fn settings_changed(&mut self, root: &Path) {
        let max_parallel = self.shared.settings.load(root);
        let open = self.sessions.values_mut().find(|session| session.context.root == root);
        // Settings that cannot be read are said where they are asked for; those from before go on.
        if let (Some(session), Ok(loaded)) = (open, max_parallel) {
            session
                .state
                .set_max_parallel(loaded.config.session.max_parallel as usize);
        }
    }

    /// Carries on a session that was loaded.
    async fn install(&mut self, loaded: load::Loaded) -> SessionId {
        let load::Loaded {
            context,
            store,
            state,
            folded,
            unreadable,
        } = loaded;
        unreadable.into_iter().for_each(|problem| self.problem(problem));
        let id = context.id.clone();
        let review = proposal::spawn(Arc::clone(&self.shared), Arc::clone(&context));
        let store = Arc::new(Mutex::new(store));
        let checkpoints = checkpoint::spawn(
            Arc::clone(&self.shared),
            Arc::clone(&context),
            Arc::downgrade(&store),
            review.clone(),
        );
        let (settle, settled) = watch::channel(false);
        let session = Session {
            context,
            store,
            state,
            folds: replay::Folds::new(folded),
            live: HashMap::new(),
            steers: HashMap::new(),
            review,
            checkpoints,
            settled,
            checks: check::Checks::default(),
        };
        self.sessions.insert(id.clone(), session);
        self.carry_on(&id, settle);
        self.publish_all(&id);
        for command in self.interrupted_checks(&id) {
            if let Err(error) = self.command(&id, command, &None).await {
                self.problem(format!("A check that was interrupted could not be recorded: {error}"));
            }
        }
        if let Err(error) = self.command(&id, Command::Resume, &None).await {
            self.problem(format!("Waiting tasks could not be given their turn: {error}"));
        }
        if let Some(session) = self.sessions.get(&id) {
            self.looks.begin(&self.shared, &session.context);
        }
        id
    }

    /// Sets everything in motion that a restart has interrupted. `settle` becomes true once its proposals are loaded.
    fn carry_on(&mut self, id: &SessionId, settle: watch::Sender<bool>) {
        let Some(session) = self.sessions.get(id) else { return };
        let mut effects = session.state.interrupted();
        let ended = session.state.attempts().filter(|attempt| attempt.stage == Stage::Ended);
        let left = ended.filter(|attempt| {
            let task = session.state.task(&attempt.task);
            task.is_some() && attempt::has_leftovers(&session.context, attempt, session.state.keeps(attempt))
        });
        effects.extend(left.map(|attempt| Effect::Discard(attempt.id.clone())));
        let ended = session.state.attempts().filter(|attempt| attempt.stage == Stage::Ended);
        let over = ended.filter(|attempt| !session.state.keeps(attempt)).cloned().collect();
        let sweep = attempt::sweep(Arc::clone(&self.shared), Arc::clone(&session.context), over);
        self.discards.spawn(sweep);
        let left = check::left_over(&session.context.dir);
        let sweep = check::sweep(Arc::clone(&self.shared), Arc::clone(&session.context), left);
        self.discards.spawn(sweep);
        let review = session.review.clone();
        for effect in effects {
            match effect {
                Effect::Attempt(attempt) => self.attempt(id, &attempt, Away::IsWaitedFor),
                effect => self.perform(id, effect),
            }
        }
        // The worker lives as long as the session.
        let _ = review.send(Job::Settled(settle));
    }

    /// Carries out a command that `who` asked for, or that follows by itself.
    async fn command(&mut self, id: &SessionId, command: Command, who: &Who) -> Result<(), Error> {
        let session = self.sessions.get_mut(id);
        let session = session.ok_or_else(|| Error::NotFound(format!("The session {id} is not open.")))?;
        let events = session.state.decide(command)?;
        let effects = session.record(&self.shared, &events, who).await?;
        // Whoever sees that a proposal is ready may ask for it at once, so the worker must have been told before.
        session.folds.keep(&session.state, &session.store);
        for effect in effects {
            self.perform(id, effect);
        }
        if let [Event::Restored { .. }, ..] = events.as_slice() {
            self.publish_all(id);
            let root = self.sessions.get(id).map(|session| session.context.root.clone());
            root.into_iter().for_each(|root| self.announce(root));
            return Ok(());
        }
        let mut changed = Vec::new();
        for event in &events {
            self.begin_activity(id, event);
            let task = self.sessions.get(id).and_then(|session| session.state.task_of(event));
            if !changed.contains(&task) {
                changed.push(task);
            }
        }
        // What is about no task is in no view.
        for task in changed.into_iter().flatten() {
            self.publish(id, &task);
        }
        Ok(())
    }

    /// What was being prepared is no longer what is shown once the sandbox runs.
    fn begin_activity(&mut self, id: &SessionId, event: &Event) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Event::SandboxStarted { .. } = event
            && let Some(task) = session.state.task_of(event)
        {
            session.live.entry(task).or_default().activity = "starting the agent".to_owned();
        }
    }

    fn perform(&mut self, id: &SessionId, effect: Effect) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match effect {
            Effect::Attempt(attempt) => self.attempt(id, &attempt, Away::Fails),
            Effect::Stop(attempt) => {
                if let Some((_, task)) = session.attempt_and_task(&attempt) {
                    session.checks.stop(&task.id);
                    session.steer(&attempt, &task).stop.cancel();
                }
            }
            Effect::Pause(attempt, _) | Effect::Tell(attempt) => {
                if let Some((_, task)) = session.attempt_and_task(&attempt) {
                    session.steer(&attempt, &task).want(&task);
                }
            }
            Effect::Discard(attempt) => {
                let ran_here = session.steers.remove(&attempt).is_some();
                if let Some((known, _)) = session.attempt_and_task(&attempt) {
                    let (shared, context) = (Arc::clone(&self.shared), Arc::clone(&session.context));
                    self.discards.spawn(attempt::discard(shared, context, known, ran_here));
                }
            }
            Effect::Verify(task) => self.begin_check(id, &task, check::What::Result),
            Effect::Checkpoint { about, tree } => {
                // The worker lives as long as the session.
                let _ = session
                    .checkpoints
                    .send(checkpoint::Job::Noted(checkpoint::Note { about, tree }));
            }
            Effect::Review(task) => {
                // The worker lives as long as the session.
                let _ = session.review.send(Job::Load(task));
            }
        }
    }

    /// Carries an attempt from where it is to its end.
    fn attempt(&mut self, id: &SessionId, attempt: &AttemptId, away: Away) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some((known, task)) = session.attempt_and_task(attempt) else {
            return;
        };
        session.checks.stop(&task.id);
        let steer = session.steer(attempt, &task);
        let earlier = session.state.earlier(&known);
        let (shared, context) = (Arc::clone(&self.shared), Arc::clone(&session.context));
        tokio::spawn(attempt::run(shared, context, (known, earlier), task, steer, away));
    }

    fn live(&mut self, id: &SessionId, task: &TaskId, change: LiveChange) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let live = session.live.entry(task.clone()).or_default();
        let before = live.clone();
        match change {
            LiveChange::Activity(activity) => live.activity = activity,
            LiveChange::Conflicts(conflicts) => live.conflicts = conflicts,
        }
        if *live != before {
            live.revision += 1;
            self.publish(id, task);
        }
    }

    fn problem(&self, problem: String) {
        tracing::warn!(problem, "a problem");
        let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
        if views.problems.contains(&problem) {
            return;
        }
        views.problems.push(problem);
        drop(views);
        let _ = self.shared.changes.send(Change::Status(self.shared.status()));
    }
}

impl Session {
    fn attempt_and_task(&self, attempt: &AttemptId) -> Option<(crate::core::Attempt, crate::core::Task)> {
        let attempt = self.state.attempt(attempt)?;
        Some((attempt.clone(), self.state.task(&attempt.task)?.clone()))
    }

    /// Returns how an attempt is steered.
    fn steer(&mut self, attempt: &AttemptId, task: &crate::core::Task) -> Arc<Steer> {
        let steer = self.steers.entry(attempt.clone());
        Arc::clone(steer.or_insert_with(|| Arc::new(Steer::new(task))))
    }
}

/// The wall clock, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap_or(0)
}
