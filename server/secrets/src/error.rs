//! What can go wrong with secrets, said so that it can be mended.

use std::io;
use std::path::{Path, PathBuf};

/// Why a secret cannot be kept, had or used. Never holds any part of one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The keyring does not do what it should.
    #[error("The keyring of the operating system does not serve: {reason}.")]
    Keyring {
        /// What it says.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be {action}: {source}.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was to be done with it.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A file of ours does not hold what it should.
    #[error("{} is damaged: {reason}. Put it back from a backup.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Others can read a secret's file.
    #[error("{} can be read by others than you. Take the key in it back, then write it anew with `chmod 600`.", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// Sealing was never set up.
    #[error("There is no key to seal with. `aca secrets enable` makes one and prints its recovery key.")]
    NotEnabled,
    /// Sealing was set up before.
    #[error("There is a key to seal with already. `aca secrets status` says where it is kept.")]
    Enabled,
    /// The master key is not where it was put.
    #[error(
        "The key that sealed sessions are opened with is not in {place} any more. Give the recovery key that \
         `aca secrets enable` printed to `aca secrets recover`."
    )]
    Lost {
        /// Where it should be.
        place: String,
    },
    /// The recovery key is not one, or not this one.
    #[error("This is not the recovery key that `aca secrets enable` printed: {reason}.")]
    WrongRecoveryKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Something sealed does not open.
    #[error("It was sealed with another key or is not what was sealed")]
    NotOpened,
    /// A session's key file does not open with the master key.
    #[error(
        "{} was made with another key than the one that is there now. If it comes from another machine, import an \
         export made there instead.", path.display()
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gives no random numbers.
    #[error("The operating system gives no random numbers: {0}.")]
    Random(String),
}

impl Error {
    pub(crate) fn file(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            action,
            source,
        }
    }
}
