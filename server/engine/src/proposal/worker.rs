//! The worker that owns a session's proposals.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use aca_protocol::methods::{DecideParams, DecideResult, Refusal};
use aca_protocol::proposal::{Decision, FileChange, HunkState, ProposalView};
use aca_protocol::{HunkId, TaskId};
use aca_workspace::objects::Tree;
use aca_workspace::paths;
use tokio::sync::{mpsc, oneshot};

use super::file::{ChangedFile, files};
use super::ledger::Ledger;
use super::live::read_plain;
use super::place;
use crate::actor::{LiveChange, Message, SessionContext};
use crate::core::{Command, Task};
use crate::handle::{Change, Shared};
use crate::watch::Watcher;
use crate::{Error, handle};

/// Something for the worker to do.
pub(crate) enum Job {
    /// The task's proposal appeared.
    Load(Box<Task>),
    /// These files or documents changed.
    Touched(Vec<PathBuf>),
    /// Place a proposal anew.
    Refresh { task: TaskId, reply: oneshot::Sender<()> },
    /// Say that everything asked before is done.
    Settled { reply: oneshot::Sender<()> },
    /// Decide hunks.
    Decide {
        params: DecideParams,
        reply: oneshot::Sender<Result<DecideResult, Error>>,
    },
}

/// Starts the worker of a session. It ends when the returned sender, and every clone of it, is gone.
pub(crate) fn spawn(shared: Arc<Shared>, session: Arc<SessionContext>) -> mpsc::UnboundedSender<Job> {
    let (jobs, mut inbox) = mpsc::unbounded_channel();
    let watcher = Watcher::new(shared.buffers.clone());
    let mut worker = Worker {
        shared,
        session,
        ledgers: BTreeMap::new(),
        watcher,
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
    watcher: Watcher,
}

impl Worker {
    async fn handle(&mut self, job: Job) {
        match job {
            Job::Load(task) => self.load(*task).await,
            Job::Touched(paths) => self.touched(&paths),
            Job::Refresh { task, reply } => {
                self.publish(&task, |_| true);
                // An asker that has gone away does not need the answer.
                let _ = reply.send(());
            }
            Job::Settled { reply } => {
                let _ = reply.send(());
            }
            Job::Decide { params, reply } => {
                let result = self.decide(params).await;
                let _ = reply.send(result);
            }
        }
    }

    /// Places the hunks of touched files anew.
    fn touched(&mut self, paths: &[PathBuf]) {
        let root = &self.session.root;
        let touched: Vec<String> = paths.iter().filter_map(|path| paths::relative(root, path)).collect();
        let open = self.ledgers.values().filter(|ledger| ledger.is_open());
        let tasks: Vec<TaskId> = open.map(|ledger| ledger.task.clone()).collect();
        for task in tasks {
            self.publish(&task, |file| touched.iter().any(|path| file.is_about(path)));
        }
    }

    /// Reads a proposal from the object store.
    async fn load(&mut self, task: Task) {
        let Some(proposed) = task.proposed.clone() else { return };
        let session = Arc::clone(&self.session);
        let reading = tokio::task::spawn_blocking(move || {
            let base = Tree::parse(&proposed.base).map_err(|error| error.to_string())?;
            let result = Tree::parse(&proposed.result).map_err(|error| error.to_string())?;
            files(&session.objects, &base, &result)
        });
        let files = match reading.await.map_err(|error| error.to_string()).and_then(|read| read) {
            Ok(read) => read,
            Err(error) => {
                let problem = format!("The proposal of task {} cannot be read: {error}", task.id);
                let _ = self.shared.inbox.send(Message::Problem(problem));
                return;
            }
        };
        for file in &files {
            self.watcher.watch(&self.session.root.join(&file.path));
            if let FileChange::Rename { from } = &file.change {
                self.watcher.watch(&self.session.root.join(from));
            }
        }
        let ledger = Ledger {
            task: task.id.clone(),
            title: task.title.clone(),
            summary: task.summary.clone(),
            files,
            decisions: task.decisions.clone(),
            revision: 0,
        };
        self.ledgers.insert(task.id.clone(), ledger);
        self.recover(&task).await;
        self.publish(&task.id, |_| true);
    }

    /// Records the decisions of landings that had happened when a crash came before they were recorded.
    async fn recover(&mut self, task: &Task) {
        let interrupted = task.operations.iter().filter(|operation| !operation.ended);
        for landing in interrupted.flat_map(|operation| &operation.operation.steps) {
            let path = self.session.root.join(&landing.path);
            let expect = landing.before.as_ref().map(|content| content.blob.clone());
            let new = landing.after.as_ref().map(|content| content.blob.clone());
            let now = read_plain(&path).ok().map(|bytes| super::land::digest(&bytes));
            // While the file is as before, nothing of the user's can be beside it.
            let is_known = |left: &[u8]| {
                let left = Some(super::land::digest(left));
                now == expect || left == expect || left == new
            };
            if let Err(error) = aca_workspace::landing::sweep(&self.session.root, &landing.path, is_known) {
                tracing::warn!(%error, task = %task.id, "what an interrupted landing left could not be removed");
            }
            if now == new && new != expect {
                self.record(&task.id, &landing.hunks, Decision::Accept)
                    .await
                    .unwrap_or_else(|error| {
                        tracing::warn!(%error, task = %task.id, "an interrupted landing could not be recorded");
                    });
            }
        }
    }

    /// Computes the views of those files of a proposal that `changed` picks, and publishes the proposal if its view
    /// differs from the published one. The first time all files are computed.
    fn publish(&mut self, task: &TaskId, changed: impl Fn(&ChangedFile) -> bool) {
        let Some(ledger) = self.ledgers.get(task) else { return };
        let known = {
            let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
            views.proposals.get(task).cloned()
        };
        if known.is_some() && !ledger.files.iter().any(&changed) {
            return;
        }
        let (root, buffers) = (&self.session.root, &self.shared.buffers);
        let view = |(n, file): (usize, &ChangedFile)| {
            let known = known
                .as_ref()
                .and_then(|known| known.files.get(n))
                .filter(|_| !changed(file));
            known
                .cloned()
                .unwrap_or_else(|| place::view(ledger, file, root, buffers))
        };
        let files: Vec<_> = ledger.files.iter().enumerate().map(view).collect();
        if known.is_some_and(|known| known.files == files) {
            return;
        }
        let conflicts = files.iter().flat_map(|file| &file.hunks);
        let conflicts = conflicts
            .filter(|hunk| matches!(hunk.state, HunkState::Overlapping { .. }))
            .count();
        let summary = ledger.summary.clone();
        let Some(ledger) = self.ledgers.get_mut(task) else {
            return;
        };
        ledger.revision += 1;
        let revision = ledger.revision;
        let view = ProposalView {
            task: task.clone(),
            summary,
            round: 1,
            note: String::new(),
            check: None,
            files,
            revision,
        };
        let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
        views.proposals.insert(task.clone(), Arc::new(view));
        drop(views);
        let change = LiveChange::Conflicts(u32::try_from(conflicts).unwrap_or(u32::MAX));
        let live = Message::Live {
            session: self.session.id.clone(),
            task: task.clone(),
            change,
        };
        let _ = self.shared.inbox.send(live);
        let _ = self.shared.changes.send(Change::Proposal {
            task: task.clone(),
            revision,
        });
    }

    async fn decide(&mut self, params: DecideParams) -> Result<DecideResult, Error> {
        let ledger = self.ledgers.get(&params.task);
        let ledger =
            ledger.ok_or_else(|| Error::Invalid(format!("The task {} has no proposal to decide.", params.task)))?;
        let chosen = ledger.select(&params.selection)?;
        let mut refused: Vec<Refusal> = Vec::new();
        match params.decision {
            Decision::Reject => {
                let landed = |id: &HunkId| ledger.decision(id) == Some(Decision::Accept);
                let (landed, open): (Vec<_>, Vec<_>) = chosen.iter().cloned().partition(landed);
                let reason = "It has landed already. Undo it in the editor.".to_owned();
                refused.extend(landed.into_iter().map(|hunk| Refusal {
                    hunk,
                    reason: reason.clone(),
                }));
                self.record(&params.task, &open, Decision::Reject).await?;
            }
            Decision::Accept => self.accept(&params.task, &chosen, &mut refused).await?,
            Decision::Reopen => {
                let command = Command::Reopen {
                    task: params.task.clone(),
                    hunks: chosen.clone(),
                };
                self.shared.command(&self.session.id, command).await?;
                if let Some(ledger) = self.ledgers.get_mut(&params.task) {
                    ledger.decisions.retain(|hunk, _| !chosen.contains(hunk));
                }
            }
        }
        self.publish(&params.task, |_| true);
        let ledger = self.ledgers.get(&params.task);
        let decided = chosen
            .into_iter()
            .filter(|id| ledger.and_then(|ledger| ledger.decision(id)) == Some(params.decision));
        let decided = decided.collect();
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        let proposal = views.proposals.get(&params.task).map(|view| (**view).clone());
        let proposal = proposal.ok_or_else(|| Error::Internal("The proposal has no view.".to_owned()))?;
        Ok(DecideResult {
            decided,
            refused,
            warnings: Vec::new(),
            operation: None,
            proposal,
        })
    }

    async fn accept(&mut self, task: &TaskId, chosen: &[HunkId], refused: &mut Vec<Refusal>) -> Result<(), Error> {
        let Some(ledger) = self.ledgers.get(task).cloned() else {
            return Ok(());
        };
        for hunk in chosen.iter().filter(|id| ledger.decision(id) == Some(Decision::Reject)) {
            let reason = "It was rejected already.".to_owned();
            refused.push(Refusal {
                hunk: hunk.clone(),
                reason,
            });
        }
        // A file that goes away may make room for a directory of its name, or a directory for a file.
        let (gone, staying): (Vec<_>, Vec<_>) = ledger.files.iter().partition(|file| file.change == FileChange::Delete);
        for file in gone.into_iter().chain(staying) {
            let open = |id: &HunkId| chosen.contains(id) && ledger.decision(id).is_none();
            let hunks: Vec<_> = file.ids().into_iter().filter(open).collect();
            if !hunks.is_empty() {
                // The ledger of the loop is a copy; hunks of other files do not bear on this one.
                self.land(&ledger, file, hunks, refused).await?;
            }
        }
        Ok(())
    }

    /// Records a decision, durably first.
    pub(super) async fn record(&mut self, task: &TaskId, hunks: &[HunkId], decision: Decision) -> Result<(), Error> {
        let known = self.ledgers.get(task);
        let open = hunks
            .iter()
            .filter(|id| known.is_some_and(|ledger| ledger.decision(id).is_none()));
        let open: Vec<_> = open.cloned().collect();
        let command = Command::Decide {
            task: task.clone(),
            hunks: open.clone(),
            decision,
        };
        self.shared.command(&self.session.id, command).await?;
        if let Some(ledger) = self.ledgers.get_mut(task) {
            ledger.decisions.extend(open.into_iter().map(|hunk| (hunk, decision)));
        }
        Ok(())
    }
}
