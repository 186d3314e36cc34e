//! Snapshots in a private git store, one per session. The user's repository is read and never written.
//!
//! Files are stored byte for byte: whatever filters, line-ending rules or attributes a repository asks for are without
//! effect here. What a call returns is on disk.

mod checkout;
mod diff;
mod edit;
mod git;
mod ignored;
mod import;
mod pack;
mod seed;
mod snapshot;
mod tree;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

pub use checkout::Checkout;
pub use diff::{Blob, DiffKind, FileDiff};
pub use import::{Imported, MAX_FILE_BYTES};
pub use snapshot::Buffer;

use git::Git;

/// The private object store of a session. Calls block; they may come from several threads.
#[derive(Debug)]
pub struct Objects {
    git: Git,
    /// Held while the snapshot index is used.
    index: Mutex<()>,
}

/// The name of a tree in the store: a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tree(String);

/// Why the object store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no room.
    #[error("The disk is full, so {} could not be written. Free some space there and try again.", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// Git is missing or cannot be started.
    #[error("git cannot be started: {source}. Install git 2.39 or later and make sure that it is in PATH.")]
    NoGit {
        /// The cause.
        source: std::io::Error,
    },
    /// Git did not do what it was asked to.
    #[error("`git {command}` failed in {}: {message}.", dir.display())]
    Git {
        /// The subcommand.
        command: String,
        /// The object store or repository.
        dir: PathBuf,
        /// What it said.
        message: String,
    },
    /// Git gave an answer that makes no sense.
    #[error("The object store {} gave an answer that cannot be understood ({what}). Run `git fsck` in it.", dir.display())]
    Answer {
        /// The object store.
        dir: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A text is not the name of a tree.
    #[error("{0:?} is not the name of a snapshot.")]
    NotATree(String),
    /// A file or directory operation failed.
    #[error("{} cannot be {action}: {source}.", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was to be done, as a participle.
        action: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// A result has more than can be read.
    #[error("The result in {} is too large: {reason}. Ask for less at once, or have large files ignored by .gitignore.", path.display())]
    ResultTooLarge {
        /// The directory of the result.
        path: PathBuf,
        /// What there is too much of.
        reason: String,
    },
}

impl Tree {
    /// Takes the name of a tree from text, such as one that was stored.
    ///
    /// # Errors
    ///
    /// If it does not have the form of one. Whether the store has it shows when it is used.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if git::is_oid(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::NotATree(text.to_owned()))
        }
    }

    /// Returns the name as text: 40 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tree {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Tree> for String {
    fn from(tree: Tree) -> Self {
        tree.0
    }
}

impl Objects {
    /// Opens the store in `dir`, creating it if it is missing, and clears what a crash left behind.
    ///
    /// # Errors
    ///
    /// If git is missing or the directory cannot be written.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Git::open(dir).map(Self::of)
    }

    fn of(git: Git) -> Self {
        Self {
            git,
            index: Mutex::new(()),
        }
    }

    /// Returns the contents of blobs, in the order asked for.
    ///
    /// # Errors
    ///
    /// If the store does not have one of them.
    pub fn read(&self, blobs: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
        self.git.blobs(blobs)
    }

    /// Stores contents and returns their blobs, in the same order. They are durable when this returns.
    ///
    /// # Errors
    ///
    /// If the store cannot be written, for instance because the disk is full.
    pub fn write(&self, contents: &[&[u8]]) -> Result<Vec<String>, Error> {
        if contents.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.git.write_blobs(contents)?;
        self.git.sync()?;
        Ok(written)
    }
}

impl Error {
    fn io(path: &Path, action: &'static str, source: impl Into<std::io::Error>) -> Self {
        let source = source.into();
        if source.kind() == std::io::ErrorKind::StorageFull {
            return Self::DiskFull { path: path.to_owned() };
        }
        Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
    }
}
