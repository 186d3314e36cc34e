//! Finding or making the session of a workspace.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_protocol::SessionId;
use aca_store::{Reader, Store};
use aca_workspace::objects::Objects;
use tokio_util::task::TaskTracker;

use super::SessionContext;
use super::record::store_error;
use super::replay;
use crate::core::State;
use crate::session::current::{self, Candidate};
use crate::{Error, layout, sealing, session};

/// A session as it was found or made.
pub(super) struct Loaded {
    pub(super) context: Arc<SessionContext>,
    pub(super) store: Store,
    pub(super) state: State,
    /// The place of the last event in what was kept of the state.
    pub(super) folded: u64,
    /// Why other sessions could not be read; one of them may be that of the same workspace.
    pub(super) unreadable: Vec<String>,
}

/// Opens the session that the workspace at `root` opens, or makes one.
///
/// # Errors
///
/// [`Error::Unavailable`] on a full disk, [`Error::Internal`] if its state cannot be read or written.
pub(super) fn load(data_dir: &Path, root: &Path, max_parallel: usize) -> Result<Loaded, Error> {
    let mut candidates = Vec::new();
    let mut unreadable = Vec::new();
    for (dir, meta) in aca_store::sessions(data_dir) {
        match meta {
            Ok(meta) if meta.workspace == root => candidates.push(Candidate {
                changed_ms: session::changed_ms(&dir).unwrap_or(meta.created_ms),
                id: meta.session,
            }),
            Ok(_) => {}
            Err(error) => unreadable.push(format!("A session was left out: {error}")),
        }
    }
    let (dir, store) = match current::of(data_dir, root, &candidates) {
        Some(session) => {
            let dir = layout::session(data_dir, &session);
            let store = sealing::open(&dir)?;
            (dir, store)
        }
        None => {
            let session = SessionId::new(uuid::Uuid::new_v4().simple().to_string());
            let dir = layout::session(data_dir, &session);
            let store = sealing::create(&dir, root, &session)?;
            (dir, store)
        }
    };
    whole(dir, store, root, max_parallel).map(|loaded| Loaded { unreadable, ..loaded })
}

/// Opens the session in `dir`, which is one of the workspace at `root`.
///
/// # Errors
///
/// As [`load`].
pub(super) fn open(dir: &Path, root: &Path, max_parallel: usize) -> Result<Loaded, Error> {
    let store = sealing::open(dir)?;
    whole(dir.to_owned(), store, root, max_parallel)
}

/// Returns the workspace of the session in `dir`.
///
/// # Errors
///
/// [`Error::NotFound`] if there is no session, [`Error::Invalid`] if its workspace is not there any more,
/// [`Error::Internal`] if it cannot be read.
pub(super) fn workspace(dir: &Path) -> Result<PathBuf, Error> {
    let reader = Reader::open(dir, None).map_err(|error| match error {
        aca_store::Error::NotASession { .. } => Error::NotFound(format!(
            "There is no session in {}. `aca session list` lists the sessions.",
            dir.display()
        )),
        other => store_error(other),
    })?;
    let meta = reader.meta().map_err(store_error)?;
    if meta.workspace.is_dir() {
        return Ok(meta.workspace);
    }
    Err(Error::Invalid(format!(
        "The workspace {} of the session {} is not there any more. Export the session and import it for the directory \
         where the workspace is now.",
        meta.workspace.display(),
        meta.session
    )))
}

fn whole(dir: PathBuf, store: Store, root: &Path, max_parallel: usize) -> Result<Loaded, Error> {
    let id = store.meta().session.clone();
    let (state, folded) = replay::state(&store, max_parallel)?;
    let objects = Objects::open(&layout::objects(&dir)).map_err(|error| Error::Internal(error.to_string()))?;
    let context = SessionContext {
        id,
        root: root.to_owned(),
        dir,
        objects,
        fence: store.fence(),
        snapshots: TaskTracker::new(),
    };
    Ok(Loaded {
        context: Arc::new(context),
        store,
        state,
        folded,
        unreadable: Vec::new(),
    })
}
