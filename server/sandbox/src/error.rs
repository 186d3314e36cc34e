//! What can go wrong with a sandbox, in sentences that say what to do next.

use std::path::PathBuf;

/// Why a sandbox operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No container engine answers, or it went away before it had answered: what it was asked for may have been done.
    #[error(
        "No container engine answers at {host}: {reason}. Start Docker (for example `sudo systemctl start docker`) or \
         set DOCKER_HOST to an engine that runs; `aca doctor` checks it."
    )]
    NoEngine {
        /// The engine's address.
        host: String,
        /// What the connection met with.
        reason: String,
    },
    /// The container engine refused something.
    #[error("The container engine could not {doing}: {reason}")]
    Engine {
        /// What was asked of it, as a verb phrase.
        doing: String,
        /// Its answer.
        reason: String,
    },
    /// The image is not on the engine.
    #[error("The image {image} is not on the container engine. {hint}")]
    NoImage {
        /// The image.
        image: String,
        /// How to get it.
        hint: String,
    },
    /// Building the image failed.
    #[error(
        "The image was not built: {step} failed: {reason}\n{log}\nCorrect the cause and run `aca image build` again."
    )]
    Build {
        /// The step of the Dockerfile.
        step: String,
        /// What the engine says of it.
        reason: String,
        /// The last lines the step wrote.
        log: String,
    },
    /// The specification asks for something that no sandbox gets.
    #[error("The sandbox {name:?} was not started: {reason}")]
    BadSpec {
        /// The sandbox's name.
        name: String,
        /// What is wrong with it, as a sentence.
        reason: String,
    },
    /// Another sandbox has the name.
    #[error(
        "The sandbox {name} was not started: another one has this name, and its label {label} differs. \
         Remove that one first if nothing needs it."
    )]
    NameTaken {
        /// The sandbox's name.
        name: String,
        /// The first label that differs.
        label: String,
    },
    /// There is no such sandbox, or it does not run.
    #[error("The sandbox {name} is not running.")]
    NotRunning {
        /// The sandbox's name.
        name: String,
    },
    /// The process sandbox cannot confine here.
    #[error("The process sandbox cannot confine a program on this machine, so nothing was started: {reason}")]
    CannotConfine {
        /// Which layer failed and what to do, as sentences.
        reason: String,
    },
    /// A file of a sandbox could not be read or written.
    #[error("Could not {doing} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// Returns a function that turns an I/O error into one that names the file and what was tried with it.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
