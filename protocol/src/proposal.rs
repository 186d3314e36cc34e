//! Proposals as front ends see them: files, hunks, and where each hunk stands against the live text.

use serde::{Deserialize, Serialize};

use crate::{HunkId, TaskId};

/// The difference between what an attempt started from and what it ended with, as decisions to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalView {
    /// The task it came from.
    pub task: TaskId,
    /// What the agent said about it at the end, if anything.
    pub summary: String,
    /// The files it touches, in path order. A file whose lines and executable bit both change appears twice: each is
    /// decided for itself.
    pub files: Vec<FileView>,
    /// Counts the changes of this proposal; a later view has the larger number.
    pub revision: u64,
}

/// One file of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// The file's path in the result, relative to the workspace, with `/` between components.
    pub path: String,
    /// What happens to the file.
    pub change: FileChange,
    /// Its hunks, in file order. A change that is not made of lines has exactly one hunk without lines.
    pub hunks: Vec<HunkView>,
}

/// What a proposal does to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum FileChange {
    /// Lines of an existing text file change.
    Modify,
    /// The file is new.
    Create,
    /// The file goes away.
    Delete,
    /// The file moves, possibly with changes; decided as a whole.
    Rename {
        /// The path it had.
        from: String,
    },
    /// The content is not text; decided as a whole.
    Binary,
    /// Only the executable bit changes.
    #[serde(rename_all = "camelCase")]
    Mode {
        /// Whether the file becomes executable.
        executable: bool,
    },
    /// Something aca does not land yet (a symbolic link, a submodule); it can only be rejected.
    Unsupported {
        /// What it is and what to do instead.
        reason: String,
    },
}

/// One hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HunkView {
    /// The hunk.
    pub id: HunkId,
    /// Where it stands.
    pub state: HunkState,
    /// The first line it replaces in the live text, zero-based. For a conflict, the first line that overlaps.
    pub line: u32,
    /// How many live lines it replaces; zero for a pure insertion before `line`.
    pub lines: u32,
    /// The text it replaces, as it was in the base.
    pub old: String,
    /// The text it puts there.
    pub new: String,
}

/// Where a hunk stands against what its file says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum HunkState {
    /// Not decided, and it can land.
    Pending,
    /// Not decided, and someone changed the same lines: it cannot land as it is.
    Conflict {
        /// What the live text has in its place.
        live: String,
    },
    /// Not decided, and the live text already says the same.
    AlreadyThere,
    /// Accepted; the text is in the file and was seen there.
    Landed,
    /// Rejected.
    Rejected,
}

/// What a person decides about hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Put it into the file.
    Accept,
    /// Do not.
    Reject,
}

/// Which hunks a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Selection {
    /// These hunks.
    Hunks {
        /// The hunks, in any order.
        ids: Vec<HunkId>,
    },
    /// All undecided hunks of one file.
    File {
        /// The file's path in the result.
        path: String,
    },
    /// All undecided hunks of the proposal.
    All,
}
