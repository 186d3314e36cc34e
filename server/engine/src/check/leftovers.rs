//! What a check leaves when the engine dies while it runs: a sandbox and its directory.
//!
//! The directory is there before its sandbox and goes after it, so that it stands for both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_sandbox::Backend;

use crate::actor::{Message, SessionContext};
use crate::handle::Shared;
use crate::layout::{self, AttemptDir};
use crate::{parts, staging};

/// The file in a check's directory that names the backend of its sandbox. Without it there was none.
const BACKEND: &str = "backend";

/// Notes which backend the sandbox is about to be started with.
pub(super) fn note_backend(dir: &AttemptDir, backend: &dyn Backend) -> std::io::Result<()> {
    std::fs::write(backend_file(dir), backend.name())
}

fn backend_file(dir: &AttemptDir) -> PathBuf {
    dir.path().join(BACKEND)
}

/// Returns the names of the checks of a session that have a directory.
pub(crate) fn left_over(session_dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(layout::checks(session_dir))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Removes what checks have left. What cannot be removed is a problem that a person is told of, and is tried again when
/// the session is next opened.
pub(crate) async fn sweep(shared: Arc<Shared>, session: Arc<SessionContext>, names: Vec<String>) {
    for name in names {
        if let Err(reason) = remove(&shared, &session, &name).await {
            let problem = format!("What is left of the check {name} could not be removed: {reason}");
            let _ = shared.inbox.send(Message::Problem(problem));
        }
    }
}

/// Removes a check's sandbox, then its directory.
///
/// # Errors
///
/// A sentence, if something may still be there.
pub(super) async fn remove(shared: &Shared, session: &SessionContext, name: &str) -> Result<(), String> {
    let dir = AttemptDir::of_check(&session.dir, name);
    match std::fs::read_to_string(backend_file(&dir)) {
        Ok(backend) => {
            let backend = parts::backend_called(shared, &session.root, name, Some(&backend))?;
            backend.remove(name).await.map_err(|error| error.to_string())?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{} cannot be read: {error}.", dir.path().display())),
    }
    let removing = tokio::task::spawn_blocking(move || staging::remove_tree(dir.path()));
    let removed = removing.await.map_err(|error| error.to_string())?;
    removed.map_err(|error| error.to_string())
}
