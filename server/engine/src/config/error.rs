//! What can be wrong with a settings file, said so that it can be mended at once.

use std::path::PathBuf;

/// Why settings were not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("{} cannot be read: {cause}.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The file is not TOML.
    #[error("{}:{line}: this is not TOML: {cause}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What the parser said.
        cause: String,
    },
    /// The key does not exist.
    #[error("{}:{line}: there is no setting `{key}`.{hint} `aca config --default` lists all.", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The key as it was written.
        key: String,
        /// The nearest key as a sentence, or nothing.
        hint: String,
    },
    /// The value is of the wrong type or out of range.
    #[error("{}:{line}: `{key}` {problem}", path.display())]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// The key is not for a workspace's file.
    #[error(
        "{}:{line}: `{key}` cannot be set by a repository, because it decides about credentials, host programs, \
         confinement or money. If you want it, put it into {}.", path.display(), user_file.display()
    )]
    UserOnly {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The key.
        key: String,
        /// Where it belongs.
        user_file: PathBuf,
    },
    /// The workspace's file raises a limit.
    #[error(
        "{}:{line}: a repository can only lower `{key}`, which is {limit}. To raise it, put it into {}.",
        path.display(), user_file.display()
    )]
    Raised {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The key.
        key: String,
        /// What the user's file or the default says.
        limit: String,
        /// Where it belongs.
        user_file: PathBuf,
    },
}
