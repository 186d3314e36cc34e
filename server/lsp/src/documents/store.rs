//! All open documents of a connection, and the texts that landings wait for.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lsp_types::{TextDocumentContentChangeEvent, Url};
use tokio::sync::{oneshot, watch};

use super::document::Document;
use super::position::Encoding;

/// The open documents. No lock is held across an `await`.
#[derive(Debug)]
pub(crate) struct Documents {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    open: HashMap<Url, Arc<Document>>,
    awaited: HashMap<Url, Vec<Awaited>>,
}

/// A text that somebody waits to see.
#[derive(Debug)]
struct Awaited {
    text: String,
    seen: oneshot::Sender<()>,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Documents {
    /// Adds a document. One of the same name is replaced: the client says what is open.
    pub(crate) fn open(&self, document: Document) {
        let mut inner = self.lock();
        inner.open.insert(document.uri.clone(), Arc::new(document));
        drop(inner);
        self.tell();
    }

    /// Applies the changes of one `didChange` and returns the document as it is then, or `None` if it is not open.
    pub(crate) fn change(
        &self,
        uri: &Url,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> Option<Arc<Document>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let shared = inner.open.get_mut(uri)?;
        let document = Arc::make_mut(shared);
        document.version = version;
        for change in changes {
            document.apply(change, encoding);
            // Between two changes too: an editor may send a landing and what was typed after it at once.
            settle(&mut inner.awaited, document);
        }
        let document = Arc::clone(shared);
        self.tell();
        Some(document)
    }

    /// Replaces a document, keeping its name, if it is open at all.
    pub(crate) fn update(&self, uri: &Url, update: impl FnOnce(&mut Document)) -> Option<Arc<Document>> {
        let mut inner = self.lock();
        let shared = inner.open.get_mut(uri)?;
        update(Arc::make_mut(shared));
        Some(Arc::clone(shared))
    }

    /// Removes a document and returns it as it was.
    pub(crate) fn close(&self, uri: &Url) -> Option<Arc<Document>> {
        let closed = {
            let mut inner = self.lock();
            inner.awaited.remove(uri);
            inner.open.remove(uri)
        };
        self.tell();
        closed
    }

    /// Returns an open document.
    pub(crate) fn get(&self, uri: &Url) -> Option<Arc<Document>> {
        self.lock().open.get(uri).cloned()
    }

    /// Returns the open document of a file, by the path the engine knows.
    pub(crate) fn at(&self, path: &Path) -> Option<Arc<Document>> {
        let at_path = |document: &&Arc<Document>| document.file.as_ref().is_some_and(|file| file.path == path);
        self.lock().open.values().find(at_path).cloned()
    }

    /// Returns all open documents.
    pub(crate) fn all(&self) -> Vec<Arc<Document>> {
        self.lock().open.values().cloned().collect()
    }

    /// Returns a receiver that is ready once the document has had the text `text`, if only for a moment.
    pub(crate) fn expect(&self, uri: &Url, text: String) -> oneshot::Receiver<()> {
        let (seen, receiver) = oneshot::channel();
        let mut inner = self.lock();
        let awaited = inner.awaited.entry(uri.clone()).or_default();
        awaited.retain(|other| !other.seen.is_closed());
        awaited.push(Awaited { text, seen });
        receiver
    }

    /// Returns a receiver that is told of every change of any document.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait for the text that the document has now.
fn settle(awaited: &mut HashMap<Url, Vec<Awaited>>, document: &Document) {
    let Some(list) = awaited.get_mut(&document.uri) else {
        return;
    };
    let is_now = |awaited: &mut Awaited| {
        awaited.text.len() == document.text.len_bytes() && document.text == awaited.text.as_str()
    };
    for settled in list.extract_if(.., is_now) {
        // Whoever waited may have given up.
        let _ = settled.seen.send(());
    }
    list.retain(|awaited| !awaited.seen.is_closed());
    if list.is_empty() {
        awaited.remove(&document.uri);
    }
}
