//! The worker that owns a session's proposals.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::methods::{
    AmendParams, DecideParams, DecideResult, EditProposalParams, JoinParams, ProposalFileParams, SplitParams,
    UndoParams, UndoResult,
};
use aca_protocol::proposal::{HunkView, ProposalFileView, ProposalView};
use aca_workspace::paths;
use tokio::sync::{mpsc, oneshot, watch};

use super::file::{self, ChangedFile};
use super::ledger::Ledger;
use super::place;
use super::shown::Before;
use crate::actor::{LiveChange, Message, SessionContext};
use crate::core::{Command, Proposed, Task};
use crate::handle::{Change, Shared, Who};
use crate::watch::Watcher;
use crate::{Error, handle};

/// An answer to whoever asked.
type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Something for the worker to do.
pub(crate) enum Job {
    /// What is known of the task's proposal, or the proposal itself, changed.
    Load(TaskId),
    /// These files or documents changed.
    Touched(Vec<PathBuf>),
    /// Any file may have changed.
    Rescan,
    /// Place a proposal anew.
    Refresh { task: TaskId, reply: oneshot::Sender<()> },
    /// Say that everything asked before is done.
    Settled(watch::Sender<bool>),
    /// Carry out what a person asked for through the front end `who`.
    Asked { who: Who, wish: Wish },
}

/// What a person can ask for.
pub(crate) enum Wish {
    /// Decide hunks.
    Decide {
        params: DecideParams,
        reply: Reply<DecideResult>,
    },
    /// Read a file.
    File {
        params: ProposalFileParams,
        reply: Reply<ProposalFileView>,
    },
    /// Take over an edit of a file's proposed text.
    Edit {
        params: EditProposalParams,
        reply: Reply<ProposalFileView>,
    },
    /// Cut a hunk.
    Split {
        params: SplitParams,
        reply: Reply<ProposalView>,
    },
    /// Join hunks.
    Join {
        params: JoinParams,
        reply: Reply<ProposalView>,
    },
    /// Amend a hunk.
    Amend {
        params: AmendParams,
        reply: Reply<ProposalView>,
    },
    /// Take an operation back.
    Undo {
        params: UndoParams,
        reply: Reply<UndoResult>,
    },
}

/// Starts the worker of a session. It ends when the returned sender, and every clone of it, is gone.
pub(crate) fn spawn(shared: Arc<Shared>, session: Arc<SessionContext>) -> mpsc::UnboundedSender<Job> {
    let (jobs, mut inbox) = mpsc::unbounded_channel();
    let watcher = Watcher::new(&shared, &session.root, jobs.downgrade());
    let mut worker = Worker {
        shared,
        session,
        ledgers: BTreeMap::new(),
        recovered: HashSet::new(),
        left: HashSet::new(),
        watcher,
        saves: false,
        label: String::new(),
        who: None,
    };
    tokio::spawn(async move {
        let mut next = inbox.recv().await;
        while let Some(job) = next.take() {
            match job {
                Job::Touched(mut paths) => {
                    next = more_touched(&mut inbox, &mut paths);
                    worker.touched(&paths);
                }
                job => worker.handle(job).await,
            }
            if next.is_none() {
                next = inbox.recv().await;
            }
        }
    });
    jobs
}

/// Adds what was touched meanwhile, so that fast typing is placed once. Returns the first other job that waits.
fn more_touched(inbox: &mut mpsc::UnboundedReceiver<Job>, paths: &mut Vec<PathBuf>) -> Option<Job> {
    loop {
        match inbox.try_recv() {
            Ok(Job::Touched(more)) => paths.extend(more),
            Ok(other) => return Some(other),
            Err(_) => return None,
        }
    }
}

/// Passes changes of documents and watched files to the workers of the sessions they belong to.
pub(crate) async fn spread_touches(shared: Arc<Shared>) {
    loop {
        let touched: Vec<PathBuf> = shared.buffers.next_touched().await.into_iter().collect();
        touched.iter().for_each(|path| shared.footprints.touched(&shared, path));
        let sessions: Vec<(PathBuf, Arc<handle::SessionView>)> = {
            let views = shared.views.read().unwrap_or_else(PoisonError::into_inner);
            views
                .sessions
                .iter()
                .map(|(root, view)| (root.clone(), Arc::clone(view)))
                .collect()
        };
        for (root, view) in sessions {
            let here: Vec<PathBuf> = touched.iter().filter(|path| path.starts_with(&root)).cloned().collect();
            if !here.is_empty() {
                // A session that is closing needs no news.
                let _ = view.review.send(Job::Touched(here));
            }
        }
    }
}

pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Arc<SessionContext>,
    ledgers: BTreeMap<TaskId, Ledger>,
    /// Tasks whose interrupted operations were looked at.
    recovered: HashSet<TaskId>,
    /// What was found of files that landings of earlier processes displaced.
    pub(super) left: HashSet<PathBuf>,
    watcher: Watcher,
    /// Whether what lands in open documents is saved, as the settings said when the operation began.
    pub(super) saves: bool,
    /// What the operation is called in an editor's history.
    pub(super) label: String,
    /// Who asked for what is being done.
    who: Who,
}

impl Worker {
    async fn handle(&mut self, job: Job) {
        // An asker that has gone away does not need the answer.
        match job {
            Job::Load(task) => self.load(&task).await,
            Job::Touched(paths) => self.touched(&paths),
            Job::Rescan => {
                self.shared.footprints.look_again(&self.shared, &self.session.root);
                self.place_where(|_| true);
            }
            Job::Refresh { task, reply } => {
                self.publish(&task, |_| true);
                let _ = reply.send(());
            }
            Job::Settled(settled) => drop(settled.send_replace(true)),
            Job::Asked { who, wish } => {
                self.who = who;
                self.grant(wish).await;
                self.who = None;
            }
        }
    }

    async fn grant(&mut self, wish: Wish) {
        // An asker that has gone away does not need the answer.
        match wish {
            Wish::Decide { params, reply } => {
                self.begin(&params.task);
                drop(reply.send(self.decide(params).await));
            }
            Wish::File { params, reply } => drop(reply.send(self.file(params).await)),
            Wish::Edit { params, reply } => drop(reply.send(self.edit_proposal(params).await)),
            Wish::Split { params, reply } => drop(reply.send(self.split(params).await)),
            Wish::Join { params, reply } => drop(reply.send(self.join(params).await)),
            Wish::Amend { params, reply } => drop(reply.send(self.amend(params).await)),
            Wish::Undo { params, reply } => drop(reply.send(self.undo(params).await)),
        }
    }

    /// Reads what an operation on a task's files depends on.
    pub(super) fn begin(&mut self, task: &TaskId) {
        let config = self.shared.settings.load(&self.session.root);
        self.saves = config.is_ok_and(|loaded| loaded.config.review.save_landed);
        let title = self.ledgers.get(task).map(|ledger| ledger.task.title.clone());
        self.label = title.unwrap_or_default();
    }

    /// Places the hunks of touched files anew.
    fn touched(&mut self, paths: &[PathBuf]) {
        let root = &self.session.root;
        let touched: HashSet<String> = paths.iter().filter_map(|path| paths::relative(root, path)).collect();
        // What is reported may also be a directory that went away with all that was below it.
        let is_touched = |path: &str| {
            let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            above.chain([path]).any(|path| touched.contains(path))
        };
        self.place_where(|file| file.paths().any(is_touched));
    }

    /// Places the hunks of some files anew, in all proposals that are not decided.
    fn place_where(&mut self, changed: impl Fn(&ChangedFile) -> bool) {
        let open = self.ledgers.iter().filter(|(_, ledger)| ledger.is_open());
        let tasks: Vec<TaskId> = open.map(|(task, _)| task.clone()).collect();
        for task in tasks {
            self.publish(&task, &changed);
        }
    }

    async fn load(&mut self, task: &TaskId) {
        if let Err(error) = self.reload(task).await {
            let problem = format!("The proposal of task {task} cannot be read: {error}");
            let _ = self.shared.inbox.send(Message::Problem(problem));
            return;
        }
        if self.recovered.insert(task.clone()) {
            self.recover(task).await;
        }
        self.publish(task, |_| true);
    }

    /// Brings what is known of a task up to what is recorded of it, and reads its proposal if that is another one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Internal`] if the object store cannot be read.
    pub(super) async fn reload(&mut self, task: &TaskId) -> Result<(), Error> {
        let id = task.clone();
        let read = self
            .shared
            .read(&self.session.id, move |state| state.task(&id).cloned());
        let known = read.await?;
        let known = known.ok_or_else(|| Error::NotFound(format!("There is no task {task} in this session.")))?;
        let revision = match self.ledgers.get_mut(task) {
            Some(ledger) if ledger.is_of(&known) => {
                ledger.update(known);
                return Ok(());
            }
            // It never becomes smaller, not even over a restart, so that what was looked at before counts as old.
            None => crate::actor::now_ms(),
            Some(ledger) => ledger.revision,
        };
        let (files, previous) = self.files_of(&known).await?;
        for path in files.iter().flat_map(ChangedFile::paths) {
            self.watcher.watch_also(&self.session.root.join(path));
        }
        let ledger = Ledger::new(known, files, previous.as_deref(), revision);
        self.ledgers.insert(task.clone(), ledger);
        Ok(())
    }

    /// As [`Worker::reload`], and finishes an operation that could not be recorded before.
    pub(super) async fn reload_whole(&mut self, task: &TaskId) -> Result<(), Error> {
        self.reload(task).await?;
        // Operations are carried out here one after another, so none is under way.
        let is_over = |task: &Task| task.operations.iter().all(|known| known.ended);
        if !self.task(task).is_none_or(is_over) {
            self.recover(task).await;
        }
        Ok(())
    }

    async fn files_of(&self, task: &Task) -> Result<(Vec<ChangedFile>, Option<Vec<ChangedFile>>), Error> {
        let session = Arc::clone(&self.session);
        let (proposed, previous, spans) = (task.proposed.clone(), task.previous.clone(), task.spans.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let none = BTreeMap::new();
            let of = |proposed: Proposed, spans| file::named(&session.objects, &proposed.base, &proposed.result, spans);
            let files = proposed.map(|proposed| of(proposed, &spans)).transpose()?;
            let previous = previous.map(|proposed| of(proposed, &none)).transpose()?;
            Ok::<_, String>((files.unwrap_or_default(), previous))
        });
        let read = reading
            .await
            .map_err(|error| Error::internal("Reading a proposal", error))?;
        read.map_err(Error::Internal)
    }

    /// Returns a task's ledger.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it has no proposal.
    pub(super) fn known(&self, task: &TaskId) -> Result<&Ledger, Error> {
        let known = self.ledgers.get(task).filter(|ledger| ledger.task.proposed.is_some());
        known.ok_or_else(|| no_proposal(task))
    }

    /// As [`Worker::known`].
    pub(super) fn known_mut(&mut self, task: &TaskId) -> Result<&mut Ledger, Error> {
        let known = self.ledgers.get_mut(task);
        known
            .filter(|ledger| ledger.task.proposed.is_some())
            .ok_or_else(|| no_proposal(task))
    }

    /// Returns a task as it was last recorded, whether it has a proposal or not.
    pub(super) fn task(&self, task: &TaskId) -> Option<&Task> {
        self.ledgers.get(task).map(|ledger| &ledger.task)
    }

    /// Returns the proposal as it was last published; one without files if the task has none.
    pub(super) fn view(&self, task: &TaskId) -> ProposalView {
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        let view = views.proposals.get(task).map(|view| (**view).clone());
        view.unwrap_or_else(|| ProposalView::new(task.clone(), Vec::new(), 0))
    }

    /// Carries out a command of the session.
    pub(super) async fn command(&self, command: Command) -> Result<(), Error> {
        self.shared
            .command_of(&self.session.id, command, self.who.clone())
            .await
    }

    /// Publishes a proposal with the hunks of changed files placed anew, if anything of it is new.
    pub(super) fn publish(&mut self, task: &TaskId, changed: impl Fn(&ChangedFile) -> bool) {
        let Some(ledger) = self.ledgers.get_mut(task) else {
            return;
        };
        let known = {
            let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
            views.proposals.get(task).cloned()
        };
        if ledger.task.proposed.is_none() || ledger.task.aside {
            if known.is_some() {
                let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
                views.proposals.remove(task);
            }
            return;
        }
        if known.is_some() && !ledger.files.iter().any(&changed) {
            return;
        }
        let (root, buffers) = (&self.session.root, &self.shared.buffers);
        let revision = ledger.revision + 1;
        let before = Before::new(&self.session.dir, task, known.as_deref());
        let mut files = Vec::with_capacity(ledger.files.len());
        for index in 0..ledger.files.len() {
            let Some(file) = ledger.files.get_mut(index) else { break };
            let unchanged = known.as_ref().filter(|_| !changed(file));
            let unchanged = unchanged.and_then(|known| known.files.get(index));
            let view = match unchanged.filter(|view| view.path == file.path) {
                Some(view) => view.clone(),
                None => {
                    let mut view = place::view(&ledger.task, file, root, buffers);
                    ledger.complete(index, &mut view, &before, revision);
                    view
                }
            };
            files.push(view);
        }
        let view = ProposalView {
            task: task.clone(),
            summary: ledger.task.summary.clone(),
            round: ledger.task.round,
            note: ledger.task.note.clone(),
            check: ledger.task.check.clone(),
            files,
            revision: known.as_ref().map_or(revision, |known| known.revision),
        };
        if known.as_ref().is_some_and(|known| **known == view) {
            return;
        }
        ledger.revision = revision;
        let view = ProposalView { revision, ..view };
        before.keep(&self.session.dir, &view);
        let conflict = |hunk: &&HunkView| hunk.state.is_conflict();
        let conflicts = view.files.iter().flat_map(|file| &file.hunks).filter(conflict).count();
        let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
        views.proposals.insert(task.clone(), Arc::new(view));
        drop(views);
        let live = Message::Live {
            session: self.session.id.clone(),
            task: task.clone(),
            change: LiveChange::Conflicts(u32::try_from(conflicts).unwrap_or(u32::MAX)),
        };
        let _ = self.shared.inbox.send(live);
        let _ = self.shared.changes.send(Change::Proposal {
            task: task.clone(),
            revision,
        });
    }
}

fn no_proposal(task: &TaskId) -> Error {
    Error::Invalid(format!("The task {task} has no proposal to decide."))
}
