//! Why something could not land, as sentences for the user.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::Displaced;

/// Why a change could not land. The user's content is in place, or where the message says.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// The user got there first.
    #[error("{} was changed meanwhile, so nothing was written to it. Look at the change again.", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// What it has now; `None` if it is not there or not readable.
        found: Option<Vec<u8>>,
        /// The new content, if it was in place for a moment: a program may have opened it, and write to it late.
        displaced: Option<Displaced>,
    },
    /// The path is not one of a file in a workspace.
    #[error(transparent)]
    Path(crate::paths::Error),
    /// The file or its directory may not be written to.
    #[error("{} is read-only, so nothing was changed. Make the file and its directory writable and try again.", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory, a pipe, a device or a socket.
    #[error("{} is not a plain file, so nothing was changed. Move it away and try again.", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It is a symbolic link, or a directory above it is.
    #[error("{} is reached through a symbolic link, so nothing was changed. Change the file it points to by hand.", path.display())]
    Symlink {
        /// The file.
        path: PathBuf,
    },
    /// It has a second name, which an exchange would cut off.
    #[error("{} has other hard links, so nothing was changed. Copy it over itself to separate it, or change it by hand.", path.display())]
    HardLinks {
        /// The file.
        path: PathBuf,
    },
    /// The file system cannot exchange two files in one step.
    #[error("{} is on a file system that cannot exchange files, so nothing was changed. Open the file in your editor and accept there.", path.display())]
    NoExchange {
        /// The file.
        path: PathBuf,
    },
    /// There is no room.
    #[error("The disk is full, so {} was not changed. Free some space and try again.", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The user's content could not be put back under its own name.
    #[error("{} was saved while a change landed. What was saved is in {}; compare the two.", path.display(), kept.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// Where the user's content is.
        kept: PathBuf,
    },
    /// Anything else.
    #[error("{} could not be changed: {source}.", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Makes errors about one file.
pub(super) struct At<'a> {
    path: &'a Path,
}

impl LandError {
    /// Adds what was displaced, if this says that the file was changed meanwhile.
    pub(super) fn with_displaced(mut self, new: Displaced) -> Self {
        if let Self::Moved { displaced, .. } = &mut self {
            *displaced = Some(new);
        }
        self
    }

    pub(super) fn at(path: &Path) -> At<'_> {
        At { path }
    }
}

impl At<'_> {
    pub(super) fn moved(&self, found: Option<Vec<u8>>) -> LandError {
        LandError::Moved {
            path: self.path.to_owned(),
            found,
            displaced: None,
        }
    }

    pub(super) fn read_only(&self) -> LandError {
        LandError::ReadOnly {
            path: self.path.to_owned(),
        }
    }

    pub(super) fn not_a_file(&self) -> LandError {
        LandError::NotAFile {
            path: self.path.to_owned(),
        }
    }

    pub(super) fn hard_links(&self) -> LandError {
        LandError::HardLinks {
            path: self.path.to_owned(),
        }
    }

    pub(super) fn kept(&self, name: &str) -> LandError {
        LandError::Kept {
            path: self.path.to_owned(),
            kept: self.path.with_file_name(name),
        }
    }

    /// An exchange or a rename that must not replace anything has failed.
    pub(super) fn rename(&self, errno: Errno) -> LandError {
        match errno {
            Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP => LandError::NoExchange {
                path: self.path.to_owned(),
            },
            Errno::NOENT => self.moved(None),
            other => self.errno(other),
        }
    }

    pub(super) fn errno(&self, errno: Errno) -> LandError {
        let path = self.path.to_owned();
        match errno {
            Errno::LOOP => LandError::Symlink { path },
            Errno::NOTDIR | Errno::ISDIR => LandError::NotAFile { path },
            Errno::ROFS | Errno::ACCESS | Errno::PERM => LandError::ReadOnly { path },
            Errno::NOSPC | Errno::DQUOT => LandError::DiskFull { path },
            other => LandError::Io {
                path,
                source: other.into(),
            },
        }
    }

    pub(super) fn io(&self, source: std::io::Error) -> LandError {
        match Errno::from_io_error(&source) {
            Some(errno) => self.errno(errno),
            None => LandError::Io {
                path: self.path.to_owned(),
                source,
            },
        }
    }
}
