//! The one error type of the engine: what a front end can tell a person.

use std::fmt;

/// Why a request to the engine was not carried out. Nothing was changed unless the message says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The named task, hunk or file is not known.
    #[error("{0}")]
    NotFound(String),
    /// The request does not make sense as it is.
    #[error("{0}")]
    Invalid(String),
    /// The request was made against something that has changed since.
    #[error("{0}")]
    Stale(String),
    /// Something the request needs is not there: a container engine, disk space, a credential.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of aca or of the machine.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Returns an [`Error::Internal`] that says what was being done.
    pub(crate) fn internal(doing: &str, cause: impl fmt::Display) -> Self {
        Self::Internal(format!("{doing}: {cause}"))
    }
}
