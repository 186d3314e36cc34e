//! The handle that front ends hold. What they ask about one subject is a file of its own.

mod audit;
mod checkpoints;
mod checks;
mod exchanges;
mod house;
mod recover;
mod review;
mod sessions;
mod settings;
mod steer;
mod transcripts;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aca_protocol::methods::{ConflictParams, RunParams, StatusResult, TasksResult};
use aca_protocol::proposal::{CheckState, ProposalView};
use aca_protocol::task::TaskView;
use aca_protocol::{SessionId, TaskId};
use async_trait::async_trait;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::actor::{Actor, Message, SessionContext};
use crate::config::{self, Config};
use crate::core::{Command, State};
use crate::proposal::Job;
use crate::{Buffers, Error, attempt, checkpoint, prompt, session};

use transcripts::Listeners;
pub use transcripts::Newest;

/// How many changes a slow subscriber may fall behind before it has to read everything again.
const CHANGE_BACKLOG: usize = 1024;

/// What an engine needs from its host.
#[derive(Clone)]
pub struct EngineConfig {
    /// Where all durable state is. The caller holds its owner lock for as long as the engine lives.
    pub data_dir: PathBuf,
    /// The static agent program on the host.
    pub agent: PathBuf,
    /// Where Claude Code comes from.
    pub claude: Arc<dyn ClaudeSource>,
    /// The version that [`Engine::status`] reports.
    pub version: String,
}

impl fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineConfig")
            .field("data_dir", &self.data_dir)
            .field("agent", &self.agent)
            .finish()
    }
}

/// Where Claude Code comes from.
#[async_trait]
pub trait ClaudeSource: Send + Sync {
    /// Returns the native Claude Code program on the host, installing it first if need be.
    ///
    /// # Errors
    ///
    /// A sentence that says what is missing and what to do.
    async fn locate(&self, config: &Config, progress: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String>;
}

/// Something that front ends show has changed.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "tasks are what is sent most; a box would only add an allocation"
)]
pub enum Change {
    /// A task was made or changed.
    Task(TaskView),
    /// A proposal appeared, or a hunk of it changed its state or place.
    Proposal {
        /// The task.
        task: TaskId,
        /// The proposal's revision now.
        revision: u64,
    },
    /// A person has changed a file that a running task has read or changed.
    Conflict(ConflictParams),
    /// The health of the engine changed.
    Status(StatusResult),
    /// A workspace has another session open: everything about it is to be read again.
    Session(PathBuf),
    /// The settings of a workspace are to be read again.
    Settings(PathBuf),
}

/// The engine. Clones are handles to the same one.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    /// Whose handle it is.
    pub(crate) who: Who,
}

/// The name of the front end that asked for something; nothing for what follows by itself.
pub(crate) type Who = Option<Arc<str>>;

/// The longest name of a front end that is recorded, in characters.
const MAX_NAME: usize = 64;

/// What the actor, its tasks and the handles share.
pub(crate) struct Shared {
    pub(crate) config: EngineConfig,
    pub(crate) buffers: Buffers,
    pub(crate) inbox: mpsc::UnboundedSender<Message>,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) views: RwLock<Views>,
    /// The gateway in use, with the settings it was made from.
    pub(crate) gateway: Mutex<Option<(config::Gateway, aca_gateway::Gateway)>>,
    /// Who waits for an agent to hear something.
    pub(crate) tellers: attempt::Tellers,
    /// What the tasks at work have read and changed.
    pub(crate) footprints: attempt::Footprints,
    /// Who listens to the agents at work.
    pub(crate) listeners: Listeners,
    /// What was read of sessions.
    pub(crate) known: session::Known,
    /// What editors have set.
    pub(crate) settings: crate::settings::Settings,
    /// Whether there is room, and what else a person should know of the house.
    pub(crate) house: crate::house::House,
}

impl Shared {
    pub(crate) fn new(config: EngineConfig, inbox: mpsc::UnboundedSender<Message>) -> Self {
        let (changes, _) = broadcast::channel(CHANGE_BACKLOG);
        Self {
            config,
            buffers: Buffers::default(),
            inbox,
            changes,
            views: RwLock::default(),
            gateway: Mutex::default(),
            tellers: attempt::Tellers::default(),
            footprints: attempt::Footprints::default(),
            listeners: Listeners::default(),
            known: session::Known::default(),
            settings: crate::settings::Settings::default(),
            house: crate::house::House::default(),
        }
    }
}

/// What front ends read. Replaced piece by piece, never blocked for longer than a clone of an `Arc`.
#[derive(Debug, Default)]
pub(crate) struct Views {
    pub(crate) sessions: HashMap<PathBuf, Arc<SessionView>>,
    pub(crate) proposals: HashMap<TaskId, Arc<ProposalView>>,
    pub(crate) problems: Vec<String>,
}

/// One session as front ends read it.
#[derive(Debug, Clone)]
pub(crate) struct SessionView {
    pub(crate) session: SessionId,
    pub(crate) dir: PathBuf,
    /// The tasks that are not set aside, oldest first.
    pub(crate) tasks: imbl::Vector<Arc<TaskView>>,
    pub(crate) context: Arc<SessionContext>,
    pub(crate) review: mpsc::UnboundedSender<Job>,
    pub(crate) checkpoints: mpsc::UnboundedSender<checkpoint::Job>,
    /// Whether everything that was there when the session was opened is in the views.
    pub(crate) settled: watch::Receiver<bool>,
}

impl SessionView {
    /// Returns the tasks that are not set aside, oldest first.
    pub(crate) fn all_tasks(&self) -> Vec<TaskView> {
        self.tasks.iter().map(|task| (**task).clone()).collect()
    }
}

impl Engine {
    /// Starts an engine on the current tokio runtime.
    pub fn start(config: EngineConfig) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(config, inbox));
        let data_dir = shared.config.data_dir.clone();
        tokio::task::spawn_blocking(move || session::sweep_imports(&data_dir));
        tokio::spawn(Actor::new(Arc::clone(&shared)).run(messages));
        Self { shared, who: None }
    }

    /// Returns a handle for the front end called `name`, such as `Neovim 0.11.4`: what is asked through it is recorded
    /// with that name. A name that says nothing is none.
    #[must_use]
    pub fn as_client(&self, name: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            who: plain_name(name),
        }
    }

    /// Opens the session of the workspace at `root`, making one if there is none, and carries on what was
    /// interrupted. Its proposals, interrupted landings included, are as they are on disk when this returns. Opening
    /// it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if `root` is not a directory, [`Error::Unavailable`] or [`Error::Internal`] if its state
    /// cannot be read or written.
    pub async fn open(&self, root: &Path) -> Result<SessionId, Error> {
        let root = canonical(root)?;
        if self.shared.session_at(&root).is_err() {
            self.ask(|reply| Message::Open {
                root: root.clone(),
                reply,
            })
            .await?;
        }
        // Another front end may have begun to open it a moment ago.
        let view = self.shared.session_at(&root)?;
        let mut settled = view.settled.clone();
        settled.wait_for(|settled| *settled).await.map_err(|_| stopped())?;
        Ok(view.session.clone())
    }

    /// Makes a task and returns it at once; the work goes on behind it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a path outside the workspace or an empty text, [`Error::NotFound`] for a TODO that is
    /// not there, and those of [`Engine::open`].
    pub async fn run(&self, params: RunParams) -> Result<TaskView, Error> {
        let root = canonical(&params.workspace)?;
        let session = self.open(&root).await?;
        let origin = prompt::resolve(&root, params.origin, &self.shared.buffers, &self.shared.settings)?;
        let task = self.shared.new_task_id();
        let title = prompt::title(&origin);
        let command = Command::Create {
            task: task.clone(),
            title,
            origin,
        };
        self.command(&session, command).await?;
        self.task(&task)
            .ok_or_else(|| Error::Internal(format!("The task {task} was made but cannot be found.")))
    }

    /// Records that a task is to stop. Its state follows within a second.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for one that is not at work.
    pub async fn stop(&self, task: &TaskId) -> Result<TaskView, Error> {
        let session = self.known(task)?.session;
        self.command(&session, Command::Stop { task: task.clone() }).await?;
        self.known(task)
    }

    /// Returns the tasks of an opened workspace, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the workspace is not open.
    pub fn tasks(&self, root: &Path) -> Result<TasksResult, Error> {
        let view = match self.shared.session_at(root) {
            Ok(view) => view,
            Err(_) => self.shared.session_at(&canonical(root)?)?,
        };
        Ok(TasksResult {
            session: view.session.clone(),
            tasks: view.all_tasks(),
        })
    }

    /// Returns a task of any opened workspace.
    pub fn task(&self, task: &TaskId) -> Option<TaskView> {
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        views
            .sessions
            .values()
            .flat_map(|view| &view.tasks)
            .find(|known| known.id == *task)
            .map(|known| (**known).clone())
    }

    /// Returns a task's proposal, placed on what the files say.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] if it has no proposal.
    pub fn proposal(&self, task: &TaskId) -> Result<Arc<ProposalView>, Error> {
        let known = self.known(task)?;
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        views
            .proposals
            .get(task)
            .cloned()
            .ok_or_else(|| Error::Invalid(format!("The task {task} ({}) has no proposal to review.", known.title)))
    }

    /// Returns the proposals of an opened workspace that have undecided hunks, in the order of their tasks.
    pub fn proposals(&self, root: &Path) -> Vec<Arc<ProposalView>> {
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        let Some(session) = views.sessions.get(root) else {
            return Vec::new();
        };
        let ready = session
            .tasks
            .iter()
            .filter(|task| matches!(task.state, aca_protocol::task::TaskState::Ready { .. }));
        ready
            .filter_map(|task| views.proposals.get(&task.id).cloned())
            .collect()
    }

    /// Whether anything goes on by itself: a task or a check.
    pub fn is_at_work(&self) -> bool {
        self.shared.is_at_work()
    }

    /// Says who serves, for which workspaces, and whether anything is wrong.
    pub fn status(&self) -> StatusResult {
        self.shared.status()
    }

    /// Subscribes to changes. A subscriber that falls behind is told so and reads the views again.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    /// Returns the open documents of all attached editors.
    pub fn buffers(&self) -> &Buffers {
        &self.shared.buffers
    }

    /// Stops serving: what was asked before is recorded first. Sandboxes go on and are found again.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.shared.inbox.send(Message::Shutdown { reply }).is_ok() {
            // An actor that is gone already has nothing to finish.
            let _ = done.await;
        }
    }

    fn known(&self, task: &TaskId) -> Result<TaskView, Error> {
        self.task(task).ok_or_else(|| {
            Error::NotFound(format!(
                "There is no task {task} in an open workspace. `aca status` lists the tasks."
            ))
        })
    }

    /// Sends a command to a session in the name of this handle's front end, and returns when its events are durable and
    /// applied.
    pub(crate) async fn command(&self, session: &SessionId, command: Command) -> Result<(), Error> {
        self.shared.command_of(session, command, self.who.clone()).await
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Message) -> Result<T, Error> {
        self.shared.ask(message).await
    }
}

/// A front end says its name itself, so only one short line of it is taken.
fn plain_name(name: &str) -> Who {
    let is_odd = |c: char| c.is_control() || c.is_whitespace();
    let words: Vec<&str> = name.split(is_odd).filter(|word| !word.is_empty()).collect();
    let plain: String = words.join(" ").chars().take(MAX_NAME).collect();
    (!plain.is_empty()).then(|| plain.into())
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.shared.config).finish()
    }
}

impl Shared {
    /// Sends a command that follows by itself to a session, and returns when its events are durable and applied.
    pub(crate) async fn command(&self, session: &SessionId, command: Command) -> Result<(), Error> {
        self.command_of(session, command, None).await
    }

    /// As [`Shared::command`], for something that `who` asked for.
    pub(crate) async fn command_of(&self, session: &SessionId, command: Command, who: Who) -> Result<(), Error> {
        let session = session.clone();
        self.ask(|reply| Message::Command {
            session,
            command,
            who,
            reply: Some(reply),
        })
        .await
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Message) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(message(reply)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Returns what `read` makes of the state of a session, once everything that was sent before is applied.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the session is not open any more.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        session: &SessionId,
        read: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let session = session.clone();
        // An asker that has gone away does not need the answer.
        let read = Box::new(move |state: &State| drop(reply.send(read(state))));
        self.inbox
            .send(Message::Read { session, read })
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }

    pub(crate) fn session_at(&self, root: &Path) -> Result<Arc<SessionView>, Error> {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        views
            .sessions
            .get(root)
            .cloned()
            .ok_or_else(|| Error::NotFound(format!("The workspace {} is not open in this process.", root.display())))
    }

    pub(crate) fn is_at_work(&self) -> bool {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        let mut tasks = views.sessions.values().flat_map(|view| &view.tasks);
        let is_checked = |proposal: &Arc<ProposalView>| {
            let check = proposal.check.as_ref();
            check.is_some_and(|check| check.state == CheckState::Running)
        };
        tasks.any(|task| !task.state.is_settled()) || views.proposals.values().any(is_checked)
    }

    pub(crate) fn status(&self) -> StatusResult {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        let tasks = views.sessions.values().flat_map(|view| &view.tasks);
        let running = tasks.filter(|task| !task.state.is_settled()).count();
        let mut workspaces: Vec<PathBuf> = views.sessions.keys().cloned().collect();
        workspaces.sort();
        StatusResult {
            version: self.config.version.clone(),
            pid: std::process::id(),
            workspaces,
            running: u32::try_from(running).unwrap_or(u32::MAX),
            problems: views.problems.iter().cloned().chain(self.house.problems()).collect(),
        }
    }

    /// Returns a task identifier that no opened session uses.
    fn new_task_id(&self) -> TaskId {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        loop {
            let id = TaskId::new(format!("{:08x}", uuid::Uuid::new_v4().as_fields().0));
            if !views
                .sessions
                .values()
                .flat_map(|view| &view.tasks)
                .any(|task| task.id == id)
            {
                return id;
            }
        }
    }
}

fn stopped() -> Error {
    Error::Unavailable("The engine is shutting down. Start the editor or the command again.".to_owned())
}

fn canonical(root: &Path) -> Result<PathBuf, Error> {
    let found = root
        .canonicalize()
        .map_err(|error| Error::Invalid(format!("The workspace {} cannot be opened: {error}.", root.display())))?;
    if !found.is_dir() {
        return Err(Error::Invalid(format!(
            "The workspace {} is not a directory.",
            found.display()
        )));
    }
    if found.parent().is_none() {
        return Err(Error::Invalid(
            "The root directory cannot be a workspace. Open a project's directory.".to_owned(),
        ));
    }
    Ok(found)
}
