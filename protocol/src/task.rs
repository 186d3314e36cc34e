//! Tasks as front ends see them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::session::Recovery;
use crate::{AttemptId, SessionId, TaskId};

/// A task and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// The task.
    pub id: TaskId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The root of the workspace it works on.
    pub workspace: PathBuf,
    /// One line that names the task.
    pub title: String,
    /// What the task was made from.
    pub origin: Origin,
    /// Where it stands.
    pub state: TaskState,
    /// The newest attempt, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// What it has used of the model so far.
    pub usage: Usage,
    /// In which ways it can go on, if it ended without a result; each is a decision of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<Recovery>,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When its state last changed, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
    /// Counts the changes of this task; a later view has the larger number.
    pub revision: u64,
}

/// What a task was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Origin {
    /// A TODO comment.
    #[serde(rename_all = "camelCase")]
    Todo {
        /// The file, relative to the workspace, with `/` between components.
        path: String,
        /// The zero-based line of the keyword when the task was made.
        line: u32,
        /// All text of the comment, keyword included.
        text: String,
    },
    /// Selected code with an instruction.
    #[serde(rename_all = "camelCase")]
    Selection {
        /// The file, relative to the workspace, with `/` between components.
        path: String,
        /// The zero-based first line of the selection.
        start_line: u32,
        /// The zero-based last line of the selection, inclusive.
        end_line: u32,
        /// The selected code.
        code: String,
        /// What to do with it.
        instruction: String,
    },
    /// Free text.
    Text {
        /// What to do.
        text: String,
    },
}

impl Origin {
    /// Returns the file that the task was made for, if it was made for one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Todo { path, .. } | Self::Selection { path, .. } => Some(path),
            Self::Text { .. } => None,
        }
    }
}

/// Where a task stands. The words are the ones a person reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum TaskState {
    /// It waits for its turn.
    Queued,
    /// The snapshot is taken, the image is built or the sandbox is started.
    #[serde(rename_all = "camelCase")]
    Preparing {
        /// What is being prepared, in a few words.
        step: String,
    },
    /// The agent works.
    #[serde(rename_all = "camelCase")]
    Running {
        /// What the agent does right now, in a few words (`editing src/user.rs`).
        activity: String,
        /// When this attempt began to run, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// The agent is held where it is until a person lets it go on.
    Paused,
    /// The agent has finished, and the project's check runs on its result.
    #[serde(rename_all = "camelCase")]
    Verifying {
        /// When the check began, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// A person asked it to stop; the sandbox is being stopped.
    Stopping,
    /// It was stopped before it finished.
    Stopped,
    /// Its proposal waits for decisions.
    #[serde(rename_all = "camelCase")]
    Ready {
        /// Hunks that are not decided yet.
        pending: u32,
        /// Hunks whose place was changed by someone else, out of `pending`.
        conflicts: u32,
    },
    /// It finished without proposing a change.
    #[serde(rename_all = "camelCase")]
    NothingToDo {
        /// What the agent said at the end, and what of its result was left out and why.
        #[serde(default)]
        summary: String,
    },
    /// Every hunk is decided and at least one has landed.
    #[serde(rename_all = "camelCase")]
    Landed {
        /// Hunks accepted.
        accepted: u32,
        /// Hunks rejected.
        rejected: u32,
    },
    /// Every hunk was rejected.
    Rejected,
    /// The attempt failed.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// What happened, where, and what to do next.
        reason: String,
    },
    /// The attempt cannot be accounted for. It is not run again by itself.
    #[serde(rename_all = "camelCase")]
    Lost {
        /// What is known of it.
        reason: String,
    },
}

impl TaskState {
    /// Whether no sandbox is, or will by itself be, at work for the task.
    pub fn is_settled(&self) -> bool {
        !matches!(
            self,
            Self::Queued
                | Self::Preparing { .. }
                | Self::Running { .. }
                | Self::Paused
                | Self::Verifying { .. }
                | Self::Stopping
        )
    }
}

/// Tokens and cost, as the gateway saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Requests answered by the upstream.
    pub requests: u64,
    /// Input tokens that were neither read from nor written to the cache.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Input tokens read from the prompt cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the prompt cache.
    pub cache_write_tokens: u64,
    /// Cost in millionths of a US dollar, as far as the prices are known.
    pub cost_micros: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.cost_micros += other.cost_micros;
    }
}
