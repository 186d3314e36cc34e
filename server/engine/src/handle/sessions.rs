//! What front ends ask of sessions as a whole.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use aca_protocol::SessionId;
use aca_protocol::session::{
    DeleteSessionParams, DeleteSessionResult, ExportSessionParams, ExportSessionResult, ImportSessionParams, NoParams,
    RenameSessionParams, SessionDetail, SessionInfo, SessionParams, SessionsResult,
};
use aca_store::Reader;
use tokio::sync::watch;

use super::{Engine, Shared, canonical, stopped};
use crate::actor::Message;
use crate::core::Live;
use crate::proposal::Job;
use crate::session::{self, AtRest, Import, Listed, Source};
use crate::{Error, layout, rows};

/// The longest name of a session, in characters.
const MAX_NAME: usize = 80;

impl Engine {
    /// Lists all sessions of the data directory, the one that changed last first. One that cannot be read is listed with
    /// its problem.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the list cannot be made.
    pub async fn sessions(&self, params: NoParams) -> Result<SessionsResult, Error> {
        let NoParams {} = params;
        let sessions = self.listed().await?.into_iter().map(|listed| listed.info);
        Ok(SessionsResult {
            sessions: sessions.collect(),
        })
    }

    /// Returns the workspaces that have a session with unfinished tasks. Histories are not read for it.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if they cannot be looked for. A session that cannot be read counts as one without.
    pub async fn unfinished(&self) -> Result<Vec<PathBuf>, Error> {
        let data_dir = self.shared.config.data_dir.clone();
        let looking = blocking("Looking for unfinished work", move || {
            let sessions = aca_store::sessions(&data_dir).into_iter();
            let unfinished = sessions.filter_map(|(dir, meta)| {
                // What a sealed session hides is not asked for.
                let rows = Reader::open(&dir, None).and_then(|reader| reader.rows()).ok()?;
                rows.iter().any(rows::is_unfinished).then_some(meta.ok()?.workspace)
            });
            Ok(unfinished.collect())
        });
        looking.await
    }

    /// Returns everything about a session.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session, [`Error::Internal`] if it cannot be read.
    pub async fn session(&self, params: SessionParams) -> Result<SessionDetail, Error> {
        let listed = self.find(&params.session).await?;
        readable(&listed)?;
        let shown = self.shown(&params.session);
        let dir = listed.dir;
        let read = blocking("Reading a session", move || AtRest::read(&dir).map_err(Error::Internal)).await?;
        let state = &read.state;
        let tasks = match shown {
            // What is known only while it lasts is in the views.
            Some(view) => view.all_tasks(),
            None => {
                let tasks = state.tasks();
                tasks
                    .map(|task| state.view(task, &Live::default(), &read.meta.workspace))
                    .collect()
            }
        };
        Ok(SessionDetail {
            info: listed.info,
            tasks,
            attempts: read.history.attempts(),
            events: read.summary.seq,
            checkpoints: u32::try_from(state.checkpoints().count()).unwrap_or(u32::MAX),
        })
    }

    /// Makes a session the one that its workspace opens, and opens it in the place of the one that is open there.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session, [`Error::Invalid`] if something is at work in the other one, or if its
    /// workspace is not there any more.
    pub async fn use_session(&self, params: SessionParams) -> Result<SessionInfo, Error> {
        let listed = self.find(&params.session).await?;
        readable(&listed)?;
        let root = listed.info.workspace;
        if !listed.info.open {
            self.quiet(&root).await?;
        }
        let session = params.session;
        self.ask(|reply| Message::Use {
            session: session.clone(),
            reply,
        })
        .await?;
        self.open(&root).await?;
        self.info(&session).await
    }

    /// Gives a session a name, or takes it away.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session, [`Error::Invalid`] for a name that cannot be one or is another
    /// session's.
    pub async fn rename_session(&self, params: RenameSessionParams) -> Result<SessionInfo, Error> {
        let RenameSessionParams { session, name } = params;
        let name = checked_name(&name)?;
        let all = self.listed().await?;
        readable(found(&all, &session)?)?;
        let same = |other: &&Listed| other.info.id != session && name.is_some() && other.info.name == name;
        if let Some(other) = all.iter().find(same) {
            return Err(Error::Invalid(format!(
                "The session {} has that name already. Choose another one.",
                other.info.id
            )));
        }
        let who = self.who.clone();
        self.ask(|reply| Message::Name {
            session: session.clone(),
            name,
            who,
            reply,
        })
        .await?;
        self.info(&session).await
    }

    /// Moves a session to the trash. One that is open is closed first; its workspace then opens the one that changed
    /// last, or a new one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session. [`Error::Invalid`] if something of it is at work, or if it is not
    /// forced and something in it is unreviewed or lost.
    pub async fn delete_session(&self, params: DeleteSessionParams) -> Result<DeleteSessionResult, Error> {
        let DeleteSessionParams { session, force } = params;
        let listed = self.find(&session).await?;
        deletable(&listed, force)?;
        if listed.info.open {
            self.quiet(&listed.info.workspace).await?;
        }
        let trash = self
            .ask(|reply| Message::Delete {
                session: session.clone(),
                reply,
            })
            .await?;
        Ok(DeleteSessionResult { trash })
    }

    /// Brings a deleted session back from the trash; the beginning of its identifier will do. It is not opened.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none in the trash, [`Error::Invalid`] if several begin so or it is back already.
    pub async fn undelete_session(&self, params: SessionParams) -> Result<SessionInfo, Error> {
        let data_dir = self.shared.config.data_dir.clone();
        let wanted = params.session;
        let session = blocking("Bringing a session back", move || {
            session::take_out_of_trash(&data_dir, wanted.as_str()).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Error::NotFound(format!(
                    "There is no session `{wanted}` in the trash, {}.",
                    layout::trash(&data_dir).display()
                )),
                ErrorKind::InvalidInput => Error::Invalid(format!(
                    "Several sessions in {} begin with {wanted}. Say more of the identifier.",
                    layout::trash(&data_dir).display()
                )),
                ErrorKind::AlreadyExists => Error::Invalid(format!(
                    "The session {wanted} is there already, so the one in the trash stays where it is."
                )),
                _ => Error::Unavailable(format!("The session {wanted} cannot be brought back: {error}.")),
            })
        })
        .await?;
        self.info(&session).await
    }

    /// Writes a session to a new directory, whole and as it is now. Work in it goes on.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session, [`Error::Invalid`] if the directory exists already or cannot be made,
    /// [`Error::Unavailable`] if there is no room.
    pub async fn export_session(&self, params: ExportSessionParams) -> Result<ExportSessionResult, Error> {
        let listed = self.find(&params.session).await?;
        let source = Source {
            data_dir: self.shared.config.data_dir.clone(),
            dir: listed.dir,
            version: self.shared.config.version.clone(),
            redactor: aca_redact::Known::of_process().redactor(),
        };
        blocking("Exporting a session", move || session::export(&source, &params.to)).await
    }

    /// Takes an exported session in, for the workspace that is named, and has that open it. Nothing in it begins to work
    /// by itself, and nothing enters the workspace's files.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the export is not whole, is of a newer format or of a session that is here already, or if
    /// something is at work in the session that the workspace has open; [`Error::Unavailable`] if there is no room.
    /// Nothing is changed then.
    pub async fn import_session(&self, params: ImportSessionParams) -> Result<SessionInfo, Error> {
        let root = canonical(&params.workspace)?;
        self.quiet(&root).await?;
        let owners: Vec<(SessionId, HashSet<_>)> = self
            .listed()
            .await?
            .into_iter()
            .filter_map(|listed| Some((listed.info.id, listed.summary?.ids.into_iter().collect())))
            .collect();
        let import = Import {
            data_dir: self.shared.config.data_dir.clone(),
            from: params.from,
            root,
        };
        let session = blocking("Importing a session", move || {
            session::import(&import, &|task| {
                let owner = owners.iter().find(|(_, tasks)| tasks.contains(task));
                owner.map(|(session, _)| session.clone())
            })
        })
        .await?;
        let used = self.use_session(SessionParams {
            session: session.clone(),
        });
        used.await.map_err(|error| {
            Error::Invalid(format!(
                "The session {session} was taken in, but its workspace does not open it yet: {error} Then say `aca \
                 session use {session}`."
            ))
        })
    }

    /// Waits until the review worker of a workspace's open session has done what it was given.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if something of that session is at work.
    async fn quiet(&self, root: &Path) -> Result<(), Error> {
        let root = root.to_owned();
        let review = self.ask(|reply| Message::Quiet { root, reply }).await?;
        let Some(review) = review else { return Ok(()) };
        let (settle, mut settled) = watch::channel(false);
        review.send(Job::Settled(settle)).map_err(|_| stopped())?;
        settled.wait_for(|settled| *settled).await.map_err(|_| stopped())?;
        Ok(())
    }

    async fn listed(&self) -> Result<Vec<Listed>, Error> {
        let shared = Arc::clone(&self.shared);
        blocking("Listing the sessions", move || {
            let open = shared.open_sessions();
            Ok(session::list(&shared.config.data_dir, &shared.known, &open))
        })
        .await
    }

    async fn find(&self, session: &SessionId) -> Result<Listed, Error> {
        found(&self.listed().await?, session).cloned()
    }

    async fn info(&self, session: &SessionId) -> Result<SessionInfo, Error> {
        Ok(self.find(session).await?.info)
    }

    /// Returns the view of a session if it is open.
    fn shown(&self, session: &SessionId) -> Option<Arc<super::SessionView>> {
        let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
        views.sessions.values().find(|view| view.session == *session).cloned()
    }
}

impl Shared {
    fn open_sessions(&self) -> HashSet<SessionId> {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        views.sessions.values().map(|view| view.session.clone()).collect()
    }
}

fn found<'l>(all: &'l [Listed], session: &SessionId) -> Result<&'l Listed, Error> {
    all.iter().find(|listed| listed.info.id == *session).ok_or_else(|| {
        Error::NotFound(format!(
            "There is no session {session}. `aca session list` lists the sessions."
        ))
    })
}

fn readable(listed: &Listed) -> Result<(), Error> {
    match &listed.info.problem {
        None => Ok(()),
        Some(problem) => Err(Error::Invalid(problem.clone())),
    }
}

/// Says why a session should not be deleted.
fn deletable(listed: &Listed, force: bool) -> Result<(), Error> {
    let SessionInfo { id, tasks, problem, .. } = &listed.info;
    let ends = listed
        .summary
        .as_ref()
        .map(|summary| summary.open_ends.join(", "))
        .unwrap_or_default();
    if tasks.working > 0 {
        return Err(Error::Invalid(format!(
            "The session {id} cannot be deleted now: {ends}. Wait for what is at work, or stop it with `aca stop`; `aca \
             session use {id}` opens the session."
        )));
    }
    if force {
        return Ok(());
    }
    if let Some(problem) = problem {
        return Err(Error::Invalid(format!(
            "The session {id} cannot be read, so something in it may be unreviewed: {problem} Delete it with `--force` \
             all the same."
        )));
    }
    if ends.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "The session {id} is not deleted, because something in it waits for you: {ends}. Decide it first, or delete the \
         session with `--force`."
    )))
}

/// Returns a name as it is kept; nothing for none.
fn checked_name(name: &str) -> Result<Option<String>, Error> {
    let name = name.trim();
    if name.chars().any(char::is_control) || name.chars().count() > MAX_NAME {
        return Err(Error::Invalid(format!(
            "A session's name is one line of at most {MAX_NAME} characters. Choose a shorter one."
        )));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal(doing, error))?
}
