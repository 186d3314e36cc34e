//! Reads single files of a snapshot, and makes a snapshot in which they are different.

use super::tree::{Changes, Entry, Mode};
use super::{Blob, Error, Objects, Tree};

impl Objects {
    /// Returns the paths of all plain files of a snapshot, in order.
    ///
    /// # Errors
    ///
    /// If the store lacks the snapshot.
    pub fn paths(&self, tree: &Tree) -> Result<Vec<String>, Error> {
        let listed = self.list(tree)?.into_iter();
        let plain = listed.filter(|(_, entry)| entry.mode.is_file());
        Ok(plain.map(|(path, _)| path).collect())
    }

    /// Returns the plain files at `paths` in a snapshot, in that order; nothing where there is none.
    ///
    /// # Errors
    ///
    /// If the store lacks the snapshot or one of the files.
    pub fn files_at(&self, tree: &Tree, paths: &[&str]) -> Result<Vec<Option<Blob>>, Error> {
        let listed = self.list(tree)?;
        let plain = |path: &&str| listed.get(*path).filter(|entry| entry.mode.is_file());
        let found: Vec<Option<&Entry>> = paths.iter().map(plain).collect();
        let oids: Vec<&str> = found.iter().flatten().map(|entry| entry.oid.as_str()).collect();
        let mut contents = self.read(&oids)?.into_iter();
        let mut blob = |entry: &Entry| {
            Some(Blob {
                bytes: contents.next()?,
                executable: entry.mode == Mode::Executable,
            })
        };
        Ok(found.into_iter().map(|entry| entry.and_then(&mut blob)).collect())
    }

    /// Returns `tree` with other files: each path holds what is given for it, or goes away. The new snapshot is on disk.
    ///
    /// # Errors
    ///
    /// If git fails, or the disk is full.
    pub fn with_files(&self, tree: &Tree, files: &[(String, Option<Blob>)]) -> Result<Tree, Error> {
        let mut changes = Changes::new();
        for (path, file) in files {
            let entry = file.as_ref().map(|file| self.store(file)).transpose()?;
            changes.insert(path.clone(), entry);
        }
        let changed = self.change(tree, &changes)?;
        self.git.sync()?;
        Ok(changed)
    }

    fn store(&self, file: &Blob) -> Result<Entry, Error> {
        let mut hash = self.git.command("hash-object");
        hash.args(["-w", "--stdin", "--no-filters"]);
        Ok(Entry {
            mode: Mode::file(file.executable),
            oid: self.git.oid(&mut hash, &file.bytes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(text: &str, executable: bool) -> Option<Blob> {
        Some(Blob {
            bytes: text.as_bytes().to_vec(),
            executable,
        })
    }

    #[test]
    fn files_are_read_replaced_made_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("w");
        std::fs::create_dir_all(root.join("d")).unwrap();
        std::fs::write(root.join("a"), "1\n").unwrap();
        std::fs::write(root.join("d/b"), "2\n").unwrap();
        let objects = Objects::open(&dir.path().join("objects.git")).unwrap();
        let tree = objects.snapshot(&root, &[]).unwrap();
        let files = [
            ("a".to_owned(), blob("one\n", true)),
            ("d/b".to_owned(), None),
            ("d".to_owned(), blob("a file where a directory was", false)),
            ("new/c".to_owned(), blob("", false)),
        ];
        let changed = objects.with_files(&tree, &files).unwrap();
        let wanted = [
            blob("one\n", true),
            None,
            blob("a file where a directory was", false),
            blob("", false),
        ];
        assert_eq!(objects.files_at(&changed, &["a", "d/b", "d", "new/c"]).unwrap(), wanted);
        let before = [blob("1\n", false), blob("2\n", false), None];
        assert_eq!(objects.files_at(&tree, &["a", "d/b", "d"]).unwrap(), before);
        assert_eq!(objects.with_files(&tree, &[]).unwrap(), tree);
        assert_eq!(objects.paths(&tree).unwrap(), ["a", "d/b"]);
    }
}
