//! Watches the user's files and says which have changed, by whichever program and in whichever way they were saved.
//!
//! Directories are watched one by one, without those that git ignores: a dependency folder of 30,000 files costs
//! nothing. Whatever the platform cannot report exactly (an overflow, a root that was moved, more changes than are worth
//! listing) becomes a [`Changes::rescan`]; where it reports nothing, the files are looked through at intervals.

mod poll;
mod problem;
mod rules;
mod run;
mod tree;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

pub use problem::Problem;

use run::{Message, Run};

/// What has changed since the last report.
#[derive(Debug, Default)]
pub struct Changes {
    /// Files that were written, created, renamed or removed, absolute, sorted, each once. A directory here is one that
    /// went away: everything below it may have changed. Empty after a rescan.
    pub paths: Vec<PathBuf>,
    /// Whether anything may have changed, so that whatever was read before is to be read again.
    pub rescan: bool,
    /// Why the files are looked through at intervals instead of watched; said once by each watcher.
    pub problem: Option<Problem>,
}

impl Changes {
    /// Whether the file at `path`, which is absolute, may have changed.
    pub fn concern(&self, path: &Path) -> bool {
        let listed = |path: &Path| self.paths.binary_search_by(|listed| listed.as_path().cmp(path)).is_ok();
        self.rescan || path.ancestors().any(listed)
    }
}

/// Watches all files of a workspace that git does not ignore, until it is dropped.
///
/// Files that are tracked although a rule ignores them count as ignored: reading git's index for each event would cost
/// more than naming them to [`Watcher::watch_also`].
#[derive(Debug)]
pub struct Watcher {
    inbox: Sender<Message>,
    ended: Arc<AtomicBool>,
}

impl Watcher {
    /// Starts to watch the workspace at `root`, which is absolute, on a thread of its own.
    ///
    /// The first report comes when everything is watched and is a rescan: changes before it are not told apart. From
    /// then on a change is reported within about 30 ms, together with others of that time, on the watcher's thread. A
    /// slow `report` delays later reports and loses none. Where the files have to be looked through at intervals, a
    /// change is reported within two seconds, or ten times as long as it takes to look through them.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread.
    pub fn new(root: &Path, report: impl Fn(Changes) + Send + 'static) -> Self {
        let (inbox, messages) = std::sync::mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let run = Run::new(root, report, (inbox.clone(), messages), Arc::clone(&ended));
        std::thread::spawn(move || run.run());
        Self { inbox, ended }
    }

    /// Watches the file at `path`, which is absolute, even if git ignores it or it is outside the workspace. It need
    /// not exist.
    ///
    /// The file is reported once as soon as it is watched, so that no change from before is missed.
    pub fn watch_also(&self, path: &Path) {
        // Nobody listens only after the end.
        let _ = self.inbox.send(Message::Also(path.to_owned()));
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        let _ = self.inbox.send(Message::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_the_file_and_what_is_below_a_directory() {
        let mut paths: Vec<PathBuf> = ["/w/a", "/w/a.rs", "/w/d/e"].map(PathBuf::from).into();
        paths.sort();
        let changes = Changes {
            paths,
            ..Changes::default()
        };
        for (path, concerned) in [
            ("/w/a", true),
            ("/w/a/below/it", true),
            ("/w/a.rs", true),
            ("/w/ab", false),
            ("/w/d", false),
            ("/w", false),
            ("/w/d/e/f", true),
        ] {
            assert_eq!(changes.concern(Path::new(path)), concerned, "{path}");
        }
        let rescan = Changes {
            rescan: true,
            ..Changes::default()
        };
        assert!(rescan.concern(Path::new("/anything")));
    }
}
