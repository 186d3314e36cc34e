//! What can go wrong while a gateway is set up or probed.
//!
//! Once it serves, failures are answers to requests instead: see `api_error`.

use std::path::PathBuf;

/// Why a gateway cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The upstream's address cannot be used.
    #[error("The upstream address `{url}` cannot be used: {reason}.")]
    BaseUrl {
        /// The address as configured.
        url: String,
        /// What is wrong with it and what to write instead.
        reason: String,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}. Install the system's CA certificates (package `ca-certificates`).")]
    Tls(String),
    /// The HTTP client could not be set up.
    #[error("The HTTP client could not be set up: {0}.")]
    Client(String),
    /// The credential cannot be had.
    #[error("{0}")]
    Credential(#[from] CredentialError),
    /// The replay script cannot be read.
    #[error("The replay script `{path}` cannot be read: {source}.", path = path.display())]
    ScriptUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The replay script is not valid.
    #[error("The replay script {origin} is not valid: {reason}")]
    Script {
        /// Where it came from.
        origin: String,
        /// What is wrong, where.
        reason: String,
    },
    /// The replay upstream's log cannot be written.
    #[error("The replay log `{path}` cannot be opened for writing: {source}.", path = path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Why the upstream credential cannot be had. Never holds any part of its value.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The environment variable is not there.
    #[error(
        "No model credential: the environment variable {name} is not set. Set it where aca runs, or name another \
         variable or a file in the configuration."
    )]
    EnvMissing {
        /// The variable.
        name: String,
    },
    /// No key was stored.
    #[error(
        "No model credential: the environment variable {env} is not set and no key was stored. Run `aca login`, or set \
         the variable where aca runs."
    )]
    NotStored {
        /// The variable.
        env: String,
    },
    /// The stored key cannot be had.
    #[error("No model credential: {0} Run `aca login` to store the key anew.")]
    Stored(String),
    /// The file cannot be read.
    #[error("No model credential: the file `{path}` cannot be read: {source}. Write the key there, readable by you only.", path = path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is something, but it cannot be a credential.
    #[error("The model credential in {place} cannot be used: it is {reason}. It must be one word of ASCII characters.")]
    Unusable {
        /// The variable or file.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
