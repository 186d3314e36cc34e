//! Watching the closed files that pending proposals touch, so that their hunks are placed anew when they change.
//!
//! Only the directories of those files are watched, without their subdirectories: a handful, whatever the workspace's
//! size. A change that the platform does not report is seen when the proposal is next asked for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::Buffers;

/// Reports changes of watched files as touches of the open documents' registry.
pub(crate) struct Watcher {
    platform: Option<RecommendedWatcher>,
    watched: HashSet<PathBuf>,
}

impl Watcher {
    /// Makes a watcher. Where the platform offers none it watches nothing, which is logged.
    pub(crate) fn new(buffers: Buffers) -> Self {
        let report = move |event: notify::Result<Event>| match event {
            Ok(Event {
                kind: EventKind::Access(_),
                ..
            }) => {}
            Ok(event) => event.paths.into_iter().for_each(|path| buffers.touch(path)),
            Err(error) => tracing::warn!(%error, "the file watcher reported an error"),
        };
        let platform = notify::recommended_watcher(report);
        let platform = platform
            .inspect_err(|error| tracing::warn!(%error, "files cannot be watched"))
            .ok();
        Self {
            platform,
            watched: HashSet::new(),
        }
    }

    /// Watches the directory of the file at `path`.
    pub(crate) fn watch(&mut self, path: &Path) {
        let Some(dir) = path.ancestors().skip(1).find(|dir| dir.is_dir()) else {
            return;
        };
        let Some(platform) = &mut self.platform else { return };
        if self.watched.contains(dir) {
            return;
        }
        match platform.watch(dir, RecursiveMode::NonRecursive) {
            Ok(()) => drop(self.watched.insert(dir.to_owned())),
            Err(error) => tracing::warn!(%error, dir = %dir.display(), "a directory cannot be watched"),
        }
    }
}
