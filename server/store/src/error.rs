//! What can go wrong with durable state. Every message says what happened, where, and what to do next.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::SealError;

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no room; nothing was written, and the same store works again once there is.
    #[error("The disk that holds {} is full, so nothing was recorded. Free some space there and try again.", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The file system does not keep the promises a database needs.
    #[error("{} is on a {kind} file system, where a database is not safe. Set ACA_DATA_DIR to a directory on a local disk.", path.display())]
    UnsafeFileSystem {
        /// The directory.
        path: PathBuf,
        /// The file system's name.
        kind: &'static str,
    },
    /// There is no database.
    #[error("There is no session in {}. Check the path; a session's directory holds the file state.db.", path.display())]
    NotASession {
        /// The directory.
        path: PathBuf,
    },
    /// A session was to be created where something is already.
    #[error("{} exists already. Open that session, or remove it first.", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("{} has format {found}, and this aca knows formats up to {known}. Use the newer aca that wrote it.", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// The format found.
        found: i64,
        /// The latest format this program knows.
        known: i64,
    },
    /// What is stored is not what was written.
    #[error("{} is damaged: {reason}. Nothing was changed. Restore it from a backup, or move the session's directory away to start a new one.", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// Another process is in the middle of a write and does not come to its end.
    #[error("Another process has been writing to {} for seconds, so nothing was recorded. If it hangs or is stopped, end it, and try again.", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// Something was to be kept about an event that is not there.
    #[error("There is no event {seq} in {}. This is a bug in aca; please report it.", path.display())]
    NoSuchEvent {
        /// The database.
        path: PathBuf,
        /// The event's place.
        seq: u64,
    },
    /// The content is sealed and there is no key.
    #[error("The content of {} is sealed, and its key is not here. Unlock the keyring that holds the key, or run `aca secrets recover` with the recovery key.", path.display())]
    Sealed {
        /// The database.
        path: PathBuf,
    },
    /// Content was not sealed or not opened.
    #[error("The content of {} cannot be {action}: {reason}. Check that the key is the one of this session.", path.display())]
    Seal {
        /// The database.
        path: PathBuf,
        /// What was to be done, as a participle.
        action: &'static str,
        /// Why it was not.
        reason: String,
    },
    /// Another process has taken the session over.
    #[error("Another aca has taken over {}, so nothing was recorded. Close this one.", path.display())]
    TakenOver {
        /// The database.
        path: PathBuf,
    },
    /// An event is larger than [`crate::MAX_BODY_BYTES`].
    #[error(
        "An event of kind {kind} has {len} bytes, and the limit is {limit}. Store its content in the object store and refer to it."
    )]
    BodyTooLarge {
        /// The event's kind.
        kind: String,
        /// Its size, in bytes.
        len: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An event's body is not JSON.
    #[error("The body of an event of kind {kind} is not JSON: {reason}. This is a bug in aca; please report it.")]
    BodyNotJson {
        /// The event's kind.
        kind: String,
        /// What the parser said.
        reason: String,
    },
    /// A write was not confirmed by the disk; what is on it is known only after opening it anew.
    #[error("The disk did not confirm a write to {}: {reason}. Check the disk, then start aca again.", path.display())]
    Unconfirmed {
        /// The database.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// A file or directory operation failed.
    #[error("{} cannot be {action}: {source}. Check that it exists and that you may write to it.", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was to be done, as a participle.
        action: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// Anything else the database said.
    #[error("The session's database {} answered: {reason}. If this persists, report it.", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, source: impl Into<std::io::Error>) -> Self {
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

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn seal(path: &Path, action: &'static str, error: &SealError) -> Self {
        Self::Seal {
            path: path.to_owned(),
            action,
            reason: error.to_string(),
        }
    }

    /// Says what an error of the database means for the one at `path`.
    pub(crate) fn database(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let reason = error.to_string();
        let rusqlite::Error::SqliteFailure(code, _) = error else {
            return Self::Database { path, reason };
        };
        match (code.code, code.extended_code) {
            (ErrorCode::DiskFull, _) => Self::DiskFull { path },
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Self::Damaged { path, reason },
            (ErrorCode::DatabaseBusy, _) => Self::Busy { path },
            // A file that is shared in memory is given its room at once, so nothing else fails there.
            (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::DiskFull { path },
            (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => Self::Unconfirmed { path, reason },
            _ => Self::Database { path, reason },
        }
    }
}
