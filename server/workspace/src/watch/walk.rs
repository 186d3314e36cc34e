//! Goes through a directory tree without what git ignores. Symbolic links are not followed.

use std::fs;
use std::path::{Path, PathBuf};

use super::rules::Rules;

/// Is told of what a walk comes upon.
pub(super) trait Visit {
    type Error;

    /// A directory, before it is listed. What changes in it from now on is the visitor's to notice.
    ///
    /// # Errors
    ///
    /// Those that end the walk.
    fn directory(&mut self, path: &Path) -> Result<(), Self::Error>;

    /// Anything else in a directory. Not called if the visitor is [`Interest::Directories`] only.
    fn file(&mut self, path: PathBuf);
}

/// What a walk tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    Directories,
    All,
}

/// Walks the tree at `top`, which is not ignored, and reads the rules in it. What cannot be listed is left out.
pub(super) fn walk<V: Visit>(
    top: &Path,
    rules: &mut Rules,
    interest: Interest,
    visitor: &mut V,
) -> Result<(), V::Error> {
    let mut open = vec![top.to_owned()];
    while let Some(dir) = open.pop() {
        visitor.directory(&dir)?;
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        rules.enter(&dir);
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if !kind.is_dir() && interest == Interest::Directories {
                continue;
            }
            let path = entry.path();
            if rules.ignore(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else {
                visitor.file(path);
            }
        }
    }
    Ok(())
}
