//! Finding or making the session of a workspace.

use std::path::Path;
use std::sync::Arc;

use aca_protocol::SessionId;
use aca_store::Store;
use aca_workspace::objects::Objects;

use super::SessionContext;
use super::record::store_error;
use crate::core::{Event, State};
use crate::{Error, layout};

/// A session as it was found or made.
pub(super) struct Loaded {
    pub(super) context: Arc<SessionContext>,
    pub(super) store: Store,
    pub(super) state: State,
    /// Why other sessions could not be read; one of them may be that of the same workspace.
    pub(super) unreadable: Vec<String>,
}

/// Reads the session of the workspace at `root`, or makes one.
///
/// # Errors
///
/// [`Error::Unavailable`] on a full disk, [`Error::Internal`] if its state cannot be read or written.
pub(super) fn load(data_dir: &Path, root: &Path, max_parallel: usize) -> Result<Loaded, Error> {
    let mut existing = None;
    let mut unreadable = Vec::new();
    for (dir, meta) in aca_store::sessions(data_dir) {
        match meta {
            Ok(meta) if meta.workspace == root => existing = existing.or(Some(dir)),
            Ok(_) => {}
            Err(error) => unreadable.push(format!("A session was left out: {error}")),
        }
    }
    let (dir, store) = match existing {
        Some(dir) => {
            let store = Store::open(&dir, None).map_err(store_error)?;
            (dir, store)
        }
        None => {
            let session = SessionId::new(uuid::Uuid::new_v4().simple().to_string());
            let dir = layout::session(data_dir, &session);
            let store = Store::create(&dir, root, &session, None).map_err(store_error)?;
            (dir, store)
        }
    };
    let id = store.meta().session.clone();
    let mut state = State::new(id.clone(), max_parallel);
    for stored in store.events(0) {
        let stored = stored.map_err(store_error)?;
        let event: Event = serde_json::from_slice(&stored.body).map_err(|error| {
            Error::Internal(format!(
                "Event {} of the session in {} cannot be read: {error}.",
                stored.seq,
                dir.display()
            ))
        })?;
        state.apply(&event, stored.ts_ms);
    }
    let objects = Objects::open(&layout::objects(&dir)).map_err(|error| Error::Internal(error.to_string()))?;
    let context = SessionContext {
        id,
        root: root.to_owned(),
        dir,
        objects,
    };
    Ok(Loaded {
        context: Arc::new(context),
        store,
        state,
        unreadable,
    })
}
