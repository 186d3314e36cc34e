//! The arguments of the commands. Each is one object; a field that is not known is an error.

use std::path::PathBuf;

use aca_protocol::proposal::Resolution;
use aca_protocol::session::Recovery;
use aca_protocol::{HunkId, OperationId, TaskId};
use lsp_types::{Range, Url};
use serde::{Deserialize, Serialize};

/// Argument of [`RUN`](super::RUN): a TODO's `line` and `text`, or a `range`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RunArgs {
    /// The document.
    pub(crate) uri: Url,
    /// The version that `line` or `range` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<i32>,
    /// The line of the TODO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// The TODO's text, by which it is found again when lines have moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<Range>,
    /// What to do with the selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instruction: Option<String>,
}

/// Argument of the commands about a task as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaskArgs {
    /// The task.
    pub(crate) task: TaskId,
}

/// Argument of [`ClientCommand::Review`](crate::front_end::ClientCommand::Review).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunk to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hunk: Option<HunkId>,
}

/// Argument of [`RECOVER`](super::RECOVER).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecoverArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// How it goes on.
    pub(crate) how: Recovery,
}

/// Argument of the decisions about all hunks of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AllArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The proposal's revision that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<u64>,
}

/// Argument of the decisions about the hunks of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FileArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The file's path in the result, relative to the workspace.
    pub(crate) path: String,
    /// The proposal's revision that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<u64>,
}

/// Argument of the decisions about one hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HunkArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunk.
    pub(crate) hunk: HunkId,
    /// The proposal's revision that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<u64>,
}

/// Argument of [`RESOLVE`](super::RESOLVE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResolveArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunk.
    pub(crate) hunk: HunkId,
    /// What takes the place that both changed.
    pub(crate) resolution: Resolution,
    /// The proposal's revision that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<u64>,
}

/// Argument of the commands about some hunks of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HunksArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunks; without them, all that the command can be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hunks: Option<Vec<HunkId>>,
}

/// Argument of [`SPLIT`](super::SPLIT).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SplitArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunk.
    pub(crate) hunk: HunkId,
    /// The first line to cut out, counted from zero within the hunk's new text, or its old text if it only removes.
    pub(crate) start: u32,
    /// The line after the last one.
    pub(crate) end: u32,
    /// Whether what was cut out is accepted at once.
    #[serde(default)]
    pub(crate) accept: bool,
}

/// Argument of [`SEND_BACK`](super::SEND_BACK).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SendBackArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// What the agent is told.
    #[serde(default)]
    pub(crate) remark: String,
    /// Hunks that it is asked to make again; without a remark and without hunks, the rejected ones and the conflicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) redo: Vec<HunkId>,
}

/// Argument of [`TELL`](super::TELL).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TellArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// What to tell its agent.
    pub(crate) text: String,
}

/// Argument of [`CONFIRM_CHECK`](super::CONFIRM_CHECK).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmArgs {
    /// The workspace.
    pub(crate) workspace: PathBuf,
    /// The command as it was shown; without it, the confirmation is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

/// Argument of [`UNDO`](super::UNDO).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UndoArgs {
    /// The workspace.
    pub(crate) workspace: PathBuf,
    /// The operation to take back; without it, the newest landing that still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<OperationId>,
    /// Only these hunks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hunks: Option<Vec<HunkId>>,
}
