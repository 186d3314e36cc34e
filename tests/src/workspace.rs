//! A user's project: a folder with files and a git repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture;

/// A workspace in a test's own folder.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Makes a git repository at `root` with the files of a fixture, committed by `git`.
    pub(crate) fn create(root: PathBuf, files: &str, git: impl Fn() -> Command) -> Self {
        std::fs::create_dir_all(&root).unwrap();
        let root = root.canonicalize().unwrap();
        fixture::write(&root, files);
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "--all"],
            &["commit", "--quiet", "--message=start", "--allow-empty"],
        ] {
            let status = git().current_dir(&root).args(arguments).status().expect("git runs");
            assert!(status.success(), "git {arguments:?} failed");
        }
        Self { root }
    }

    /// Returns its root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the absolute path of one of its files.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Returns a file's text on disk.
    ///
    /// # Panics
    ///
    /// When there is no such file.
    pub fn read(&self, file: &str) -> String {
        let path = self.path(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether a file is there.
    pub fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// Writes a file, as a program other than the editor would.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// Returns the zero-based line of the first occurrence of `text` in a file.
    ///
    /// # Panics
    ///
    /// When the file does not contain it.
    pub fn line_of(&self, file: &str, text: &str) -> u32 {
        let content = self.read(file);
        let line = content.lines().position(|line| line.contains(text));
        u32::try_from(line.unwrap_or_else(|| panic!("{file} does not contain {text:?}"))).unwrap()
    }
}
