//! Checkpoints: making them in time, and going back to one.
//!
//! One worker per session does one thing at a time, so that a checkpoint is of one moment and nothing is made while the
//! session goes back. Nobody waits for a checkpoint that follows a change of a task; those that come together are one.

mod diff;
mod restore;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use aca_protocol::CheckpointId;
use aca_protocol::session::{CheckpointReason, CheckpointView, RestoreCheckpointResult};
use aca_store::Store;
use tokio::sync::{mpsc, oneshot};

use crate::actor::{Message, SessionContext};
use crate::core::{Command, State};
use crate::handle::{Shared, Who};
use crate::settings::Settings;
use crate::{Error, config, proposal, staging};

pub(crate) use diff::difference;

/// An answer to whoever asked.
type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Something for the worker to do.
pub(crate) enum Job {
    /// A task has changed in a way that a person may want to go back to.
    Noted(Note),
    /// Make a checkpoint.
    Make {
        who: Who,
        wanted: Wanted,
        reply: Reply<CheckpointView>,
    },
    /// Go back.
    Restore {
        who: Who,
        checkpoint: CheckpointId,
        reply: Reply<RestoreCheckpointResult>,
    },
}

/// What has happened, in a few words, and the tree of the files then, where that is known.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) about: String,
    pub(crate) tree: Option<String>,
}

/// What kind of checkpoint is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) why: CheckpointReason,
    pub(crate) about: String,
}

impl Wanted {
    /// What is made before something risky.
    pub(crate) fn before(what: impl Into<String>) -> Self {
        Self {
            name: None,
            why: CheckpointReason::Before,
            about: format!("before {}", what.into()),
        }
    }
}

/// Starts the worker of a session. It ends when the returned sender, and every clone of it, is gone.
pub(crate) fn spawn(
    shared: Arc<Shared>,
    session: Arc<SessionContext>,
    store: Weak<Mutex<Store>>,
    review: mpsc::UnboundedSender<proposal::Job>,
) -> mpsc::UnboundedSender<Job> {
    let (jobs, inbox) = mpsc::unbounded_channel();
    let worker = Worker {
        shared,
        session,
        store,
        review,
    };
    let (shared, root) = (Arc::clone(&worker.shared), worker.session.root.clone());
    tokio::spawn(worker.run(inbox, move || interval(&shared.settings, &root)));
    jobs
}

struct Worker {
    shared: Arc<Shared>,
    session: Arc<SessionContext>,
    /// Where the history is read again, for as long as the session is open.
    store: Weak<Mutex<Store>>,
    /// The one that changes files.
    review: mpsc::UnboundedSender<proposal::Job>,
}

impl Worker {
    /// Works until nobody can ask for anything any more. `interval` says how long nothing may happen before time has
    /// passed; it is asked each time.
    async fn run(self, mut inbox: mpsc::UnboundedReceiver<Job>, interval: impl Fn() -> Option<Duration>) {
        let mut next = None;
        loop {
            let job = match next.take() {
                Some(job) => Some(job),
                None => match interval() {
                    Some(interval) => match tokio::time::timeout(interval, inbox.recv()).await {
                        Ok(job) => job,
                        Err(_) => {
                            self.time_has_passed().await;
                            continue;
                        }
                    },
                    None => inbox.recv().await,
                },
            };
            match job {
                None => return,
                Some(Job::Noted(note)) => {
                    let (note, other) = newest(&mut inbox, note);
                    next = other;
                    self.follow(CheckpointReason::Transition, note).await;
                }
                // An asker that has gone away does not need the answer.
                Some(Job::Make { who, wanted, reply }) => drop(reply.send(self.make(who, wanted, None).await)),
                Some(Job::Restore { who, checkpoint, reply }) => {
                    drop(reply.send(self.restore(who, checkpoint).await));
                }
            }
        }
    }

    /// Makes a checkpoint if something is at work.
    async fn time_has_passed(&self) {
        let at_work = |state: &State| state.counts().working > 0;
        if self.shared.read(&self.session.id, at_work).await.unwrap_or(false) {
            let about = "after some time of work".to_owned();
            self.follow(CheckpointReason::Interval, Note { about, tree: None })
                .await;
        }
    }

    /// Makes a checkpoint that nobody waits for.
    async fn follow(&self, why: CheckpointReason, note: Note) {
        let wanted = Wanted {
            name: None,
            why,
            about: note.about,
        };
        if let Err(error) = self.make(None, wanted, note.tree).await
            && !self.session.snapshots.is_closed()
        {
            let problem = format!("No checkpoint could be made: {error}");
            // The engine may be shutting down.
            let _ = self.shared.inbox.send(Message::Problem(problem));
        }
    }

    /// Makes a checkpoint of the files as they are, or of `tree`. Where neither files nor tasks have changed since the
    /// last one, and a person did not ask for it, that one is returned.
    async fn make(&self, who: Who, wanted: Wanted, tree: Option<String>) -> Result<CheckpointView, Error> {
        let tree = match tree {
            Some(tree) => tree,
            None => snapshot(&self.shared, &self.session).await?,
        };
        let known = |state: &State| (state.next_checkpoint(), state.standing_checkpoint().cloned());
        let (checkpoint, standing) = self.shared.read(&self.session.id, known).await?;
        let asked = wanted.why == CheckpointReason::Asked;
        if let Some(standing) = standing.filter(|standing| !asked && standing.tree == tree) {
            return Ok(standing.view);
        }
        let Wanted { name, why, about } = wanted;
        let command = Command::Checkpoint {
            checkpoint: checkpoint.clone(),
            name,
            why,
            about,
            tree,
        };
        self.shared.command_of(&self.session.id, command, who).await?;
        let made = move |state: &State| state.checkpoint(&checkpoint).map(|made| made.view.clone());
        self.shared.read(&self.session.id, made).await?
    }
}

/// Returns the newest of the notes that wait, and the first other job.
fn newest(inbox: &mut mpsc::UnboundedReceiver<Job>, mut note: Note) -> (Note, Option<Job>) {
    loop {
        match inbox.try_recv() {
            Ok(Job::Noted(newer)) => note = newer,
            Ok(other) => return (note, Some(other)),
            Err(_) => return (note, None),
        }
    }
}

/// Returns how long work goes on without a checkpoint, as the settings say now.
fn interval(settings: &Settings, root: &Path) -> Option<Duration> {
    let minutes = settings.load(root).map_or_else(
        |_| config::Config::default().session.checkpoint_interval_minutes,
        |loaded| loaded.config.session.checkpoint_interval_minutes,
    );
    (minutes > 0).then(|| Duration::from_secs(minutes * 60))
}

/// Stores the workspace as it is, unsaved documents included, and returns its tree.
///
/// # Errors
///
/// [`Error::Unavailable`] on a full disk or when the session is being closed, [`Error::Internal`] if git fails.
pub(crate) async fn snapshot(shared: &Shared, session: &Arc<SessionContext>) -> Result<String, Error> {
    let buffers = staging::unsaved(shared, &session.root);
    let (session, snapshots) = (Arc::clone(session), session.snapshots.clone());
    let taking = session.snapshots.clone().spawn_blocking(move || {
        let is_open = !snapshots.is_closed();
        is_open.then(|| session.objects.snapshot(&session.root, &buffers))
    });
    let taken = taking
        .await
        .map_err(|error| Error::internal("Taking a snapshot", error))?;
    let taken = taken.ok_or_else(|| Error::Unavailable("The session is being closed.".to_owned()))?;
    let tree = taken.map_err(|error| match error {
        aca_workspace::objects::Error::DiskFull { .. } => Error::Unavailable(error.to_string()),
        other => Error::Internal(other.to_string()),
    })?;
    Ok(tree.as_str().to_owned())
}
