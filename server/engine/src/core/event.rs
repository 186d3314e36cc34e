//! What has happened in a session. Events are stored as JSON and never changed; fields may be added with defaults.

use aca_protocol::agent::Driver;
use aca_protocol::proposal::Decision;
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, HunkId, TaskId};
use serde::{Deserialize, Serialize};

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A person asked for work.
    TaskCreated {
        /// The new task.
        task: TaskId,
        /// One line that names it.
        title: String,
        /// What it was made from.
        origin: Origin,
    },
    /// The task's turn has come.
    AttemptPlanned {
        /// The task.
        task: TaskId,
        /// The new attempt.
        attempt: AttemptId,
    },
    /// The attempt's base is in the object store.
    SnapshotTaken {
        /// The attempt.
        attempt: AttemptId,
        /// The base's tree.
        base: String,
    },
    /// The sandbox is about to be started; from here on it may exist.
    SandboxStarting {
        /// The attempt.
        attempt: AttemptId,
        /// What its outcome must repeat.
        nonce: String,
        /// The name of the sandbox backend.
        backend: String,
        /// What drives the work.
        driver: Driver,
    },
    /// The sandbox was started.
    SandboxStarted {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A person asked for the task to stop.
    StopAsked {
        /// The task.
        task: TaskId,
    },
    /// The upstream answered a model request.
    ModelUsed {
        /// The attempt.
        attempt: AttemptId,
        /// What the request used.
        usage: Usage,
    },
    /// The attempt is over and its result, if any, is in the object store.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How it ended.
        end: AttemptEnd,
    },
    /// A landing is about to change a file.
    LandingPlanned {
        /// The task.
        task: TaskId,
        /// What is to land.
        landing: Landing,
    },
    /// Hunks were decided; accepted ones have landed and were seen in the file.
    Decided {
        /// The task.
        task: TaskId,
        /// The hunks.
        hunks: Vec<HunkId>,
        /// The decision.
        decision: Decision,
    },
    /// An event of a later version. It is kept and passed over.
    #[serde(other)]
    Unknown,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AttemptEnd {
    /// The agent finished.
    Finished {
        /// The agent's last words.
        summary: String,
        /// What it proposes; nothing if no file changed.
        proposed: Option<Proposed>,
    },
    /// It was stopped.
    Stopped,
    /// It failed.
    Failed {
        /// What happened and what to do next.
        reason: String,
    },
    /// It cannot be accounted for.
    Lost {
        /// What is known.
        reason: String,
    },
}

/// A proposal, by reference into the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The base's tree.
    pub base: String,
    /// The result's tree.
    pub result: String,
    /// Every hunk of the difference.
    pub hunks: Vec<HunkRef>,
}

/// A hunk and the file it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HunkRef {
    /// The hunk.
    pub id: HunkId,
    /// The file's path in the result.
    pub path: String,
}

/// What a landing is about to do to one file, enough to tell after a crash whether it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The file that is written, relative to the workspace.
    pub path: String,
    /// The hunks it carries.
    pub hunks: Vec<HunkId>,
    /// SHA-256 of the content expected before, in hexadecimal; nothing if the file must not exist.
    pub expect: Option<String>,
    /// SHA-256 of the content afterwards, in hexadecimal; nothing if the file goes away.
    pub new: Option<String>,
}
