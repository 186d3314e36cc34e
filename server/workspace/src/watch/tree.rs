//! The directories that the platform watches for us, and what its events say about files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode};
use notify::{ErrorKind, EventHandler, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::rules::Rules;
use super::walk::{Interest, Visit, walk};

/// The watched directories of a workspace.
pub(super) struct Tree {
    platform: RecommendedWatcher,
    rules: Rules,
    watched: BTreeMap<PathBuf, Scope>,
}

/// Which files of a watched directory matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All that no rule ignores.
    NotIgnored,
    /// Those asked for by name.
    Named,
}

/// What an event says of a path.
enum News {
    /// There is something at it now.
    Arrived,
    /// There may be nothing at it now.
    Gone,
    /// Its content or its metadata changed.
    Changed,
}

impl Tree {
    /// Watches the tree at `root`, and the directories of the paths in `also`.
    ///
    /// # Errors
    ///
    /// Those after which events would be missing.
    pub(super) fn new(root: &Path, also: &BTreeSet<PathBuf>, handler: impl EventHandler) -> notify::Result<Self> {
        let mut tree = Self {
            platform: notify::recommended_watcher(handler)?,
            rules: Rules::new(root),
            watched: BTreeMap::new(),
        };
        tree.adopt(root, Interest::Directories)?;
        for path in also {
            tree.attach(root, path)?;
        }
        Ok(tree)
    }

    /// Watches the existing directories between the root and the file at `path`, which may be ignored.
    ///
    /// # Errors
    ///
    /// Those after which events would be missing.
    pub(super) fn attach(&mut self, root: &Path, path: &Path) -> notify::Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        let dirs: Vec<&Path> = parent.ancestors().take_while(|dir| dir.starts_with(root)).collect();
        let outside = if dirs.is_empty() { Some(parent) } else { None };
        for dir in dirs.into_iter().rev().chain(outside) {
            if !self.watched.contains_key(dir) && is_dir(dir) {
                self.watch(dir, Scope::Named)?;
            }
        }
        Ok(())
    }

    /// Returns the files that an event with these paths means, in the order of their paths in the event.
    ///
    /// # Errors
    ///
    /// Those after which events would be missing.
    pub(super) fn files(
        &mut self,
        root: &Path,
        also: &BTreeSet<PathBuf>,
        event: notify::Event,
    ) -> notify::Result<Vec<PathBuf>> {
        let news = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => News::Changed,
            // Both sides of a renaming come as events of their own, too.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return Ok(Vec::new()),
            EventKind::Modify(ModifyKind::Name(RenameMode::To))
            | EventKind::Create(CreateKind::Folder | CreateKind::Any | CreateKind::Other) => News::Arrived,
            EventKind::Modify(ModifyKind::Name(_)) | EventKind::Remove(_) => News::Gone,
            _ => News::Changed,
        };
        let mut files = Vec::new();
        for path in event.paths {
            let was_watched = self.watched.contains_key(&path);
            match news {
                News::Changed if was_watched => continue,
                News::Gone if was_watched => self.forget(&path),
                News::Changed | News::Gone | News::Arrived => {}
            }
            // A directory that was replaced by another of the same name may be told to be gone after the new one came.
            let may_be_new = matches!(news, News::Arrived) || was_watched;
            if may_be_new && is_dir(&path) {
                files.extend(self.arrived(root, &path, also)?);
            } else if was_watched || self.wants(&path, also) {
                files.push(path);
            }
        }
        Ok(files)
    }

    /// Watches a directory that has come, and returns the files that are in it.
    fn arrived(&mut self, root: &Path, dir: &Path, also: &BTreeSet<PathBuf>) -> notify::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        if !self.rules.ignore_with_parents(dir, true) || dir == root {
            files = self.adopt(dir, Interest::All)?;
        }
        for path in below(also, dir) {
            self.attach(root, path)?;
            files.push(path.clone());
        }
        Ok(files)
    }

    fn wants(&self, path: &Path, also: &BTreeSet<PathBuf>) -> bool {
        let scope = path.parent().and_then(|dir| self.watched.get(dir));
        let ignored = match scope {
            Some(Scope::NotIgnored) => self.rules.ignore(path, false),
            Some(Scope::Named) => true,
            None => self.rules.ignore_with_parents(path, false),
        };
        !ignored || also.contains(path)
    }

    /// Watches a directory and those below it without what is ignored, and returns the files in them if they are of
    /// interest. Each directory is watched before it is listed, so that nothing falls between the two.
    fn adopt(&mut self, dir: &Path, interest: Interest) -> notify::Result<Vec<PathBuf>> {
        struct Adopt<'a> {
            platform: &'a mut RecommendedWatcher,
            watched: &'a mut BTreeMap<PathBuf, Scope>,
            files: Vec<PathBuf>,
        }
        impl Visit for Adopt<'_> {
            type Error = notify::Error;

            fn directory(&mut self, path: &Path) -> notify::Result<()> {
                if watch(self.platform, path)? {
                    self.watched.insert(path.to_owned(), Scope::NotIgnored);
                }
                Ok(())
            }

            fn file(&mut self, path: PathBuf) {
                self.files.push(path);
            }
        }
        let mut adopt = Adopt {
            platform: &mut self.platform,
            watched: &mut self.watched,
            files: Vec::new(),
        };
        walk(dir, &mut self.rules, interest, &mut adopt)?;
        Ok(adopt.files)
    }

    fn watch(&mut self, dir: &Path, scope: Scope) -> notify::Result<()> {
        if watch(&mut self.platform, dir)? {
            self.watched.insert(dir.to_owned(), scope);
        }
        Ok(())
    }

    /// Forgets a directory and those below it. The platform has done so by itself.
    fn forget(&mut self, dir: &Path) {
        let subtree = self.watched.range::<Path, _>((Bound::Included(dir), Bound::Unbounded));
        let subtree: Vec<PathBuf> = subtree
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(dir))
            .cloned()
            .collect();
        for path in subtree {
            self.watched.remove(&path);
        }
    }
}

/// Watches one directory; `false` if it went away or may not be read.
fn watch(platform: &mut RecommendedWatcher, dir: &Path) -> notify::Result<bool> {
    match platform.watch(dir, RecursiveMode::NonRecursive) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => Err(error),
        Err(error) => {
            tracing::debug!(%error, dir = %dir.display(), "a directory is not watched");
            Ok(false)
        }
    }
}

fn is_dir(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

fn below<'a>(paths: &'a BTreeSet<PathBuf>, dir: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
    let from = paths.range::<Path, _>((Bound::Included(dir), Bound::Unbounded));
    from.take_while(move |path| path.starts_with(dir))
}
