//! Lists trees and makes new ones from them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Error, Objects, Tree};

/// One path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: Mode,
    pub(super) oid: String,
}

/// What a path of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    File,
    Executable,
    Symlink,
    /// A nested repository, of which only the commit is known.
    Repository,
}

impl Mode {
    pub(super) fn file(executable: bool) -> Self {
        if executable { Self::Executable } else { Self::File }
    }

    pub(super) fn parse(octal: &str) -> Option<Self> {
        match octal {
            "100644" | "100664" => Some(Self::File),
            "100755" => Some(Self::Executable),
            "120000" => Some(Self::Symlink),
            "160000" => Some(Self::Repository),
            _ => None,
        }
    }

    pub(super) fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Repository => "160000",
        }
    }

    pub(super) fn is_file(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// What becomes of a path: an entry, or nothing.
pub(super) type Changes = BTreeMap<String, Option<Entry>>;

impl Objects {
    /// Returns every path of a tree.
    pub(super) fn list(&self, tree: &Tree) -> Result<BTreeMap<String, Entry>, Error> {
        let listed = self
            .git
            .run(self.git.command("ls-tree").args(["-r", "-z", tree.as_str()]), b"")?;
        let mut entries = BTreeMap::new();
        for record in listed.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let record = String::from_utf8_lossy(record);
            let parsed = record.split_once('\t').and_then(|(meta, path)| {
                let mut fields = meta.split(' ');
                let (mode, oid) = (Mode::parse(fields.next()?)?, fields.nth(1)?.to_owned());
                Some((path.to_owned(), Entry { mode, oid }))
            });
            let (path, entry) = parsed.ok_or_else(|| self.git.answer(record.into_owned()))?;
            entries.insert(path, entry);
        }
        Ok(entries)
    }

    /// Returns `base` with changes, as a tree that is in the store; it is not synced yet.
    pub(super) fn change(&self, base: &Tree, changes: &Changes) -> Result<Tree, Error> {
        if changes.is_empty() {
            return Ok(base.clone());
        }
        let temporary = self.git.temporary()?;
        let index = temporary.path().join("index");
        self.git.run(
            self.git
                .command("read-tree")
                .arg(base.as_str())
                .env("GIT_INDEX_FILE", &index),
            b"",
        )?;
        self.update_index(&index, changes)?;
        self.write_tree(&index)
    }

    /// Changes paths in an index.
    pub(super) fn update_index(&self, index: &Path, changes: &Changes) -> Result<(), Error> {
        let mut input = String::new();
        // Removals first: a file may give way to a directory of the same name.
        for path in changes
            .iter()
            .filter(|(_, entry)| entry.is_none())
            .map(|(path, _)| path)
        {
            input.push_str(&format!("0 {}\t{path}\0", "0".repeat(40)));
        }
        for (path, entry) in changes.iter().filter_map(|(path, entry)| Some((path, entry.as_ref()?))) {
            input.push_str(&format!("{} {}\t{path}\0", entry.mode.octal(), entry.oid));
        }
        let mut update = self.git.command("update-index");
        update
            .args(["--replace", "-z", "--index-info"])
            .env("GIT_INDEX_FILE", index);
        self.git.run(&mut update, input.as_bytes()).map(drop)
    }

    /// Writes an index as a tree.
    pub(super) fn write_tree(&self, index: &Path) -> Result<Tree, Error> {
        self.git
            .oid(self.git.command("write-tree").env("GIT_INDEX_FILE", index), b"")
            .map(Tree)
    }
}
