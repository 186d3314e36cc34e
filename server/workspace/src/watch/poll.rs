//! Finds changes by looking at all files and comparing their metadata with what it was.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::rules::Rules;
use super::walk::{Interest, Visit, walk};

/// What the files looked like last time.
#[derive(Default)]
pub(super) struct Poll {
    files: HashMap<PathBuf, Stamp>,
}

/// What differs between two states of a file. The time of the last change of metadata cannot be set back by a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: (u64, u64),
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Poll {
    /// Looks at all files below `root` that are not ignored and at those in `also`, and returns which are not as they
    /// were.
    pub(super) fn look(&mut self, root: &Path, also: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let mut now = Look(HashMap::with_capacity(self.files.len()));
        let Ok(()) = walk(root, &mut Rules::new(root), Interest::All, &mut now);
        also.iter().for_each(|path| now.file(path.clone()));
        let Look(now) = now;
        let differs = |(path, stamp): &(&PathBuf, &Stamp)| self.files.get(*path) != Some(*stamp);
        let mut changed: Vec<PathBuf> = now.iter().filter(differs).map(|(path, _)| path.clone()).collect();
        changed.extend(self.files.keys().filter(|path| !now.contains_key(*path)).cloned());
        self.files = now;
        changed
    }
}

struct Look(HashMap<PathBuf, Stamp>);

impl Visit for Look {
    type Error = Infallible;

    fn directory(&mut self, _: &Path) -> Result<(), Infallible> {
        Ok(())
    }

    fn file(&mut self, path: PathBuf) {
        let Ok(meta) = path.symlink_metadata() else { return };
        let stamp = Stamp {
            inode: (meta.dev(), meta.ino()),
            size: meta.size(),
            mode: meta.mode(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        };
        self.0.insert(path, stamp);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_kind_of_change_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for name in ["same", "written", "removed", "renamed", "replaced", "also.log"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::write(root.join(".gitignore"), "*.log\n").unwrap();
        let also = BTreeSet::from([root.join("also.log")]);
        let mut poll = Poll::default();
        assert_eq!(poll.look(root, &also).len(), 7);
        assert_eq!(poll.look(root, &also), Vec::<PathBuf>::new());
        // As long as before, with the time of before.
        let written = root.join("written");
        let modified = written.metadata().unwrap().modified().unwrap();
        fs::write(&written, "WRITTEN").unwrap();
        fs::File::open(&written).unwrap().set_modified(modified).unwrap();
        fs::remove_file(root.join("removed")).unwrap();
        fs::rename(root.join("renamed"), root.join("new-name")).unwrap();
        fs::write(root.join("temporary"), "replaced").unwrap();
        fs::rename(root.join("temporary"), root.join("replaced")).unwrap();
        fs::write(root.join("also.log"), "").unwrap();
        fs::write(root.join("other.log"), "").unwrap();
        let mut changed = poll.look(root, &also);
        changed.sort();
        let expected = ["also.log", "new-name", "removed", "renamed", "replaced", "written"];
        assert_eq!(changed, expected.map(|name| root.join(name)));
    }
}
