//! The open documents of all attached editors: what the user sees, ahead of what is on disk.
//!
//! Language server connections report every change here, synchronously and without awaiting. Snapshots, placements and
//! landings read it. A document that is open in several editors counts as it is in the one that changed it last, or in
//! the one where a person decides, if it says the same there.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ropey::Rope;
use tokio::sync::{Notify, mpsc, oneshot};

/// The open documents. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Buffers {
    inner: Arc<Mutex<Inner>>,
    touched: Arc<Notify>,
}

/// One attached editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditorId(u64);

/// A wish that an editor change one open document.
///
/// The editor's connection sends one edit and then watches the document: only text that equals `after` is a landing.
#[derive(Debug)]
pub struct EditorRequest {
    /// The document.
    pub path: PathBuf,
    /// The version `before` belongs to.
    pub version: i32,
    /// The text the change was computed for.
    pub before: Rope,
    /// The text it must have afterwards.
    pub after: String,
    /// What the change is, for the editor's undo history.
    pub label: String,
    /// Where the answer goes.
    pub reply: oneshot::Sender<EditorReply>,
}

/// What became of an [`EditorRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditorReply {
    /// The document was seen to have the wanted text.
    Landed,
    /// The document had moved on; the change must be computed again.
    Stale,
    /// The editor would not do it, with its reason.
    Refused(String),
}

/// One open document as it is now.
#[derive(Debug, Clone)]
pub struct LiveBuffer {
    /// Its version in the editor.
    pub version: i32,
    /// Its text.
    pub text: Rope,
    editor: mpsc::UnboundedSender<EditorRequest>,
}

impl LiveBuffer {
    /// Asks the document's editor to change it to `after`.
    ///
    /// An editor that goes away without an answer counts as [`EditorReply::Stale`].
    pub(crate) async fn change(&self, path: &Path, after: String, label: String) -> EditorReply {
        let (reply, answer) = oneshot::channel();
        let request = EditorRequest {
            path: path.to_owned(),
            version: self.version,
            before: self.text.clone(),
            after,
            label,
            reply,
        };
        if self.editor.send(request).is_err() {
            return EditorReply::Stale;
        }
        answer.await.unwrap_or(EditorReply::Stale)
    }
}

#[derive(Debug, Default)]
struct Inner {
    last_editor: u64,
    clock: u64,
    editors: HashMap<EditorId, mpsc::UnboundedSender<EditorRequest>>,
    open: HashMap<PathBuf, HashMap<EditorId, Open>>,
    touched: HashSet<PathBuf>,
}

#[derive(Debug)]
struct Open {
    version: i32,
    text: Rope,
    changed: u64,
}

impl Buffers {
    /// Registers an editor. Requests to change its documents go to `editor`.
    pub fn connect(&self, editor: mpsc::UnboundedSender<EditorRequest>) -> EditorId {
        let mut inner = self.lock();
        inner.last_editor += 1;
        let id = EditorId(inner.last_editor);
        inner.editors.insert(id, editor);
        id
    }

    /// Forgets an editor and all its documents.
    pub fn disconnect(&self, editor: EditorId) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.editors.remove(&editor);
        inner.open.retain(|path, opens| {
            if opens.remove(&editor).is_some() {
                inner.touched.insert(path.clone());
            }
            !opens.is_empty()
        });
        self.touched.notify_one();
    }

    /// Records what a document says now. The first call for a path opens it.
    pub fn set(&self, editor: EditorId, path: &Path, version: i32, text: Rope) {
        let mut inner = self.lock();
        inner.clock += 1;
        let open = Open {
            version,
            text,
            changed: inner.clock,
        };
        inner.open.entry(path.to_owned()).or_default().insert(editor, open);
        inner.touched.insert(path.to_owned());
        self.touched.notify_one();
    }

    /// Records that a document was closed; from now on its file counts.
    pub fn close(&self, editor: EditorId, path: &Path) {
        let mut inner = self.lock();
        if let Some(opens) = inner.open.get_mut(path) {
            opens.remove(&editor);
            if opens.is_empty() {
                inner.open.remove(path);
            }
        }
        inner.touched.insert(path.to_owned());
        self.touched.notify_one();
    }

    /// Lets the documents of an editor count, where they say what counted before: a person decides there, and is to see
    /// there what it brings.
    pub fn attend(&self, editor: EditorId) {
        let mut inner = self.lock();
        let Inner { clock, open, .. } = &mut *inner;
        for opens in open.values_mut().filter(|opens| opens.len() > 1) {
            let newest = opens.values().max_by_key(|open| open.changed);
            let newest = newest.map(|open| open.text.clone());
            if let Some(own) = opens.get_mut(&editor)
                && newest.is_some_and(|newest| newest == own.text)
            {
                *clock += 1;
                own.changed = *clock;
            }
        }
    }

    /// Returns the document at `path`, if any editor has it open.
    pub fn live(&self, path: &Path) -> Option<LiveBuffer> {
        let inner = self.lock();
        let (editor, open) = inner.open.get(path)?.iter().max_by_key(|(_, open)| open.changed)?;
        let editor = inner.editors.get(editor)?.clone();
        Some(LiveBuffer {
            version: open.version,
            text: open.text.clone(),
            editor,
        })
    }

    /// Returns the paths and texts of all documents open below `root`.
    pub fn below(&self, root: &Path) -> Vec<(PathBuf, Rope)> {
        let inner = self.lock();
        let newest = |opens: &HashMap<EditorId, Open>| {
            opens
                .values()
                .max_by_key(|open| open.changed)
                .map(|open| open.text.clone())
        };
        let below = inner.open.iter().filter(|(path, _)| path.starts_with(root));
        below
            .filter_map(|(path, opens)| Some((path.clone(), newest(opens)?)))
            .collect()
    }

    /// Marks a file as changed on disk, so that whoever waits in [`Buffers::next_touched`] looks again.
    pub(crate) fn touch(&self, path: PathBuf) {
        self.lock().touched.insert(path);
        self.touched.notify_one();
    }

    /// Waits for changes and returns the paths changed since the last call, each once.
    pub(crate) async fn next_touched(&self) -> HashSet<PathBuf> {
        loop {
            let touched = std::mem::take(&mut self.lock().touched);
            if !touched.is_empty() {
                return touched;
            }
            self.touched.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_counts_where_it_changed_last_or_where_someone_decides() {
        let buffers = Buffers::default();
        let path = Path::new("/w/a.rs");
        let connect = || {
            let (sender, requests) = mpsc::unbounded_channel();
            (buffers.connect(sender), requests)
        };
        let ((one, _one), (two, _two)) = (connect(), connect());
        let version = || buffers.live(path).map(|live| live.version);
        buffers.set(one, path, 1, Rope::from_str("text"));
        buffers.set(two, path, 2, Rope::from_str("text"));
        assert_eq!(version(), Some(2));
        buffers.attend(one);
        assert_eq!(version(), Some(1));
        // What was typed elsewhere is not passed over.
        buffers.set(two, path, 3, Rope::from_str("typed"));
        buffers.attend(one);
        assert_eq!(version(), Some(3));
        buffers.close(two, path);
        assert_eq!(version(), Some(1));
    }
}
