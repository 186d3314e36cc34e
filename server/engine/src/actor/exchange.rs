//! The actor's part in sessions as a whole: one is closed and another one takes its place.
//!
//! A session is closed only while nothing of it is at work. What its review worker was given before is done by then:
//! whoever asks for a change has waited for that.

use std::path::{Path, PathBuf};

use aca_protocol::SessionId;
use aca_protocol::proposal::CheckState;
use aca_redact::Known;
use aca_store::NewEvent;
use tokio::sync::mpsc;

use super::encode::encode;
use super::{Actor, Session, kind, load, now_ms, store_error};
use crate::core::{Command, Event, Live};
use crate::handle::{Change, Who};
use crate::proposal::Job;
use crate::session::{self, current};
use crate::{Error, layout, sealing};

impl Actor {
    /// Returns the review worker of the session that a workspace has open, if it has one and nothing of it is at work.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names what is at work.
    pub(super) fn quiet(&self, root: &Path) -> Result<Option<mpsc::UnboundedSender<Job>>, Error> {
        let Some(open) = self.open_at(root) else {
            return Ok(None);
        };
        let at_work = open.at_work();
        if at_work.is_empty() {
            return Ok(Some(open.review.clone()));
        }
        Err(Error::Invalid(format!(
            "The session {} of {} cannot be closed while something of it is at work: {}. Wait for it, or stop it with \
             `aca stop`.",
            open.context.id,
            root.display(),
            at_work.join(", ")
        )))
    }

    /// Has a workspace open this session from now on, in the place of the one that it has open.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if something is at work in that one, [`Error::NotFound`] if there is no such session, and
    /// others if it cannot be opened. Nothing is changed then.
    pub(super) async fn use_session(&mut self, id: &SessionId) -> Result<(), Error> {
        let data_dir = self.shared.config.data_dir.clone();
        let (chosen, known) = (id.clone(), self.sessions.get(id).map(|open| open.context.root.clone()));
        let choose = move |root: &Path| {
            let choosing = current::choose(&data_dir, root, Some(&chosen));
            choosing
                .map_err(|error| Error::Unavailable(format!("The choice of the session was not recorded: {error}.")))
        };
        if let Some(root) = known {
            return blocking(move || choose(&root)).await;
        }
        let dir = layout::session(&self.shared.config.data_dir, id);
        let root = blocking(move || load::workspace(&dir)).await?;
        self.quiet(&root)?;
        let max_parallel = self.max_parallel(&root);
        let dir = layout::session(&self.shared.config.data_dir, id);
        // It can be opened: only now the other one is closed.
        let loaded = blocking({
            let root = root.clone();
            move || {
                let loaded = load::open(&dir, &root, max_parallel)?;
                choose(&root)?;
                Ok(loaded)
            }
        })
        .await?;
        self.close(&root).await;
        self.install(loaded).await;
        self.announce(root);
        Ok(())
    }

    /// Gives a session a name. One that is not open is not opened for it.
    pub(super) async fn name(&mut self, id: &SessionId, name: Option<String>, who: Who) -> Result<(), Error> {
        if self.sessions.contains_key(id) {
            return self.command(id, Command::NameSession { name }, &who).await;
        }
        let dir = layout::session(&self.shared.config.data_dir, id);
        blocking(move || {
            let event = Event::SessionNamed { name };
            let (_, body) = encode(&event, &Known::of_process().redactor())?;
            let named = NewEvent {
                kind: &kind(&body),
                ts_ms: now_ms(),
                task: None,
                attempt: None,
                who: who.as_deref(),
                body: &body,
            };
            let mut store = sealing::open(&dir)?;
            store.append(&[named], &[]).map(drop).map_err(store_error)
        })
        .await
    }

    /// Moves a session to the trash, and closes it before if it is open; its workspace opens another one then.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if something of it is at work; others if it cannot be moved. It is as it was then.
    pub(super) async fn delete(&mut self, id: &SessionId) -> Result<PathBuf, Error> {
        let open = self.sessions.get(id).map(|open| open.context.root.clone());
        if let Some(root) = &open {
            self.quiet(root)?;
            self.close(root).await;
        }
        let (data_dir, session) = (self.shared.config.data_dir.clone(), id.clone());
        let moved = blocking(move || {
            let dir = layout::session(&data_dir, &session);
            session::move_to_trash(&data_dir, &dir, &session)
                .map_err(|error| Error::Unavailable(format!("The session {session} was not deleted: {error}.")))
        })
        .await;
        if let Some(root) = open {
            if let Err(error) = self.open(root.clone()).await {
                self.problem(format!("No session of {} is open: {error}", root.display()));
            }
            self.announce(root);
        }
        moved
    }

    /// Closes the session that a workspace has open, once no snapshot of it is being taken.
    async fn close(&mut self, root: &Path) {
        let Some(id) = self.open_at(root).map(|open| open.context.id.clone()) else {
            return;
        };
        let Some(closed) = self.sessions.remove(&id) else {
            return;
        };
        closed.context.end_snapshots().await;
        let mut views = self
            .shared
            .views
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        views.sessions.remove(root);
        for task in closed.state.all_tasks() {
            views.proposals.remove(&task.id);
        }
    }

    /// Tells front ends that a workspace has another session.
    pub(super) fn announce(&self, root: PathBuf) {
        // Nobody may be listening.
        let _ = self.shared.changes.send(Change::Session(root));
    }

    fn open_at(&self, root: &Path) -> Option<&Session> {
        self.sessions.values().find(|open| open.context.root == root)
    }
}

impl Session {
    /// Says which tasks are at work, and which checks run.
    fn at_work(&self) -> Vec<String> {
        let none = Live::default();
        let at_work = |task: &&crate::core::Task| {
            let checks = task
                .check
                .as_ref()
                .is_some_and(|check| check.state == CheckState::Running);
            checks || !self.state.view(task, &none, &self.context.root).state.is_settled()
        };
        let tasks = self.state.tasks().filter(at_work);
        tasks.map(|task| format!("task {} ({})", task.id, task.title)).collect()
    }
}

/// Runs something that blocks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("Changing sessions", error))?
}
