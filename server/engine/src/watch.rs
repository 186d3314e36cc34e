//! Watching a workspace, so that hunks are placed anew when their files change, whoever changes them.

use std::path::Path;
use std::sync::Arc;

use aca_workspace::watch::{self, Changes};
use tokio::sync::mpsc;

use crate::actor::Message;
use crate::handle::Shared;
use crate::proposal::Job;

/// Reports changes of files as touches of the open documents' registry.
pub(crate) struct Watcher(watch::Watcher);

impl Watcher {
    /// Watches the workspace at `root`. What cannot be told apart makes `jobs` look at everything again.
    pub(crate) fn new(shared: &Arc<Shared>, root: &Path, jobs: mpsc::WeakUnboundedSender<Job>) -> Self {
        let (buffers, inbox) = (shared.buffers.clone(), shared.inbox.clone());
        let report = move |changes: Changes| {
            let Changes { paths, rescan, problem } = changes;
            // Whoever is gone needs no news.
            if let Some(problem) = problem {
                let _ = inbox.send(Message::Problem(problem.to_string()));
            }
            if rescan && let Some(jobs) = jobs.upgrade() {
                let _ = jobs.send(Job::Rescan);
            }
            paths.into_iter().for_each(|path| buffers.touch(path));
        };
        Self(watch::Watcher::new(root, report))
    }

    /// Watches the file at `path` even if git ignores it.
    pub(crate) fn watch_also(&self, path: &Path) {
        self.0.watch_also(path);
    }
}
