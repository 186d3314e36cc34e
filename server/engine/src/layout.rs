//! Where things are in the data directory.

use std::path::{Path, PathBuf};

use aca_protocol::{AttemptId, SessionId, TaskId};

/// Returns where the process backend keeps its records.
pub(crate) fn sandboxes(data_dir: &Path) -> PathBuf {
    data_dir.join("sandboxes")
}

/// Returns the directory of all sessions.
pub(crate) fn sessions(data_dir: &Path) -> PathBuf {
    data_dir.join("sessions")
}

/// Returns the directory of a session.
pub(crate) fn session(data_dir: &Path, session: &SessionId) -> PathBuf {
    sessions(data_dir).join(session.as_str())
}

/// Returns where the choice of each workspace's session is kept.
pub(crate) fn current(data_dir: &Path) -> PathBuf {
    data_dir.join("current")
}

/// Returns where deleted sessions are.
pub(crate) fn trash(data_dir: &Path) -> PathBuf {
    data_dir.join("trash")
}

/// Returns the session's object store.
pub(crate) fn objects(session_dir: &Path) -> PathBuf {
    session_dir.join("objects.git")
}

/// Returns where what landings displace is kept for a while.
pub(crate) fn displaced(session_dir: &Path) -> PathBuf {
    session_dir.join("displaced")
}

/// Returns where what was last shown of a task's hunks is kept.
pub(crate) fn shown(session_dir: &Path, task: &TaskId) -> PathBuf {
    session_dir.join("shown").join(format!("{task}.json"))
}

/// Returns the directory of the checks that have a sandbox.
pub(crate) fn checks(session_dir: &Path) -> PathBuf {
    session_dir.join("checks")
}

/// The directory of one attempt, or of one check.
#[derive(Debug, Clone)]
pub(crate) struct AttemptDir(PathBuf);

impl AttemptDir {
    pub(crate) fn new(session_dir: &Path, attempt: &AttemptId) -> Self {
        Self(session_dir.join("attempts").join(attempt.as_str()))
    }

    /// The directory of the check of this name.
    pub(crate) fn of_check(session_dir: &Path, name: &str) -> Self {
        Self(checks(session_dir).join(name))
    }

    /// The directory itself. The sandbox sees `work` and `out` of it, nothing else.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The checkout the agent works on.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// The attempt's model exchanges.
    pub(crate) fn exchanges(&self) -> PathBuf {
        self.0.join("exchanges")
    }

    /// What the agent writes for the engine: journal and outcome.
    pub(crate) fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    /// The engine's own copy of the specification, out of the agent's reach.
    pub(crate) fn spec(&self) -> PathBuf {
        self.0.join("spec.json")
    }

    /// What the checkout looked like when it was made, out of the agent's reach.
    pub(crate) fn checkout(&self) -> PathBuf {
        self.0.join("checkout.json")
    }
}
