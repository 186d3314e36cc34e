//! What the client is told unasked: diagnostics, and that lenses are to be asked for again.
//!
//! Nothing is published where something changes. Changes leave a mark here, and a task of its own publishes, once for
//! all marks since the last time. Publishing at every keystroke is what makes language servers slow.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lsp_types::{Diagnostic, Url};
use tokio::sync::Notify;

use crate::connection::Connection;
use crate::review;

/// How long marks are gathered before diagnostics are published.
const GATHER: Duration = Duration::from_millis(20);

/// How long marks are gathered before lenses are refreshed; a refresh costs the client a request for each document.
const GATHER_LENSES: Duration = Duration::from_millis(100);

/// How often lenses are refreshed while a task is at work, so that its clock moves.
const TICK: Duration = Duration::from_secs(5);

/// Marks of what is to be published.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    marks: Mutex<Marks>,
    diagnostics: Notify,
    lenses: Notify,
}

#[derive(Debug, Default)]
struct Marks {
    files: HashSet<PathBuf>,
    /// Files whose diagnostics the client may have forgotten.
    forgotten: HashSet<PathBuf>,
}

impl Publisher {
    /// Marks files whose hunks may have changed, by the engine's paths.
    pub(crate) fn files(&self, paths: impl IntoIterator<Item = PathBuf>) {
        self.marks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .files
            .extend(paths);
        self.diagnostics.notify_one();
    }

    /// Marks a file that the client has just opened: some clients forget a file's diagnostics when it is closed.
    pub(crate) fn opened(&self, path: PathBuf) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.forgotten.insert(path.clone());
        marks.files.insert(path);
        drop(marks);
        self.diagnostics.notify_one();
    }

    /// Marks the lenses.
    pub(crate) fn lenses(&self) {
        self.lenses.notify_one();
    }

    fn take(&self) -> Marks {
        std::mem::take(&mut *self.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Publishes the diagnostics of marked files, for as long as the connection lives.
pub(crate) async fn diagnostics(connection: Arc<Connection>) {
    let mut published: HashMap<PathBuf, (Url, Vec<Diagnostic>)> = HashMap::new();
    connection.ready.cancelled().await;
    loop {
        connection.publisher.diagnostics.notified().await;
        tokio::time::sleep(GATHER).await;
        let marks = connection.publisher.take();
        for path in marks.files {
            let document = connection.documents.at(&path);
            let uri = document.as_ref().map(|document| document.uri.clone());
            let uri = uri.or_else(|| connection.workspaces.uri_of(&path));
            let known = published.remove(&path);
            if let Some((old, _)) = known.as_ref().filter(|(old, _)| uri.as_ref() != Some(old)) {
                // The file has another name now, or its workspace is not the client's any more.
                publish(&connection, old.clone(), Vec::new()).await;
            }
            let Some(uri) = uri else { continue };
            let known = known
                .filter(|(old, _)| *old == uri)
                .map(|(_, known)| known)
                .unwrap_or_default();
            let pending = connection.board.file(&path).pending;
            let diagnostics = review::diagnostics(&pending, document.as_deref(), connection.flags());
            let may_be_forgotten = marks.forgotten.contains(&path) && !known.is_empty();
            if diagnostics != known || may_be_forgotten {
                publish(&connection, uri.clone(), diagnostics.clone()).await;
            }
            if !diagnostics.is_empty() {
                published.insert(path, (uri, diagnostics));
            }
        }
    }
}

async fn publish(connection: &Connection, uri: Url, diagnostics: Vec<Diagnostic>) {
    connection.client.publish_diagnostics(uri, diagnostics, None).await;
}

/// Refreshes the client's lenses when they are marked, and regularly while a task is at work, for as long as the
/// connection lives. One refresh is under way at a time: Neovim drops a second one.
pub(crate) async fn lenses(connection: Arc<Connection>) {
    connection.ready.cancelled().await;
    loop {
        tokio::select! {
            () = connection.publisher.lenses.notified() => tokio::time::sleep(GATHER_LENSES).await,
            () = tokio::time::sleep(TICK), if connection.board.is_busy() => {}
        }
        if connection.flags().lens_refresh
            && let Err(error) = connection.client.code_lens_refresh().await
        {
            tracing::debug!(%error, "the client did not refresh its lenses");
        }
    }
}
