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
    /// Which round this is: one for the first, one more for each time it was sent back.
    pub round: u32,
    /// What happened to it that a person should know, such as a round that failed; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The newest check of the whole proposal or of chosen hunks, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckView>,
    /// The files it touches, in path order. A file whose lines and executable bit both change appears twice: each is
    /// decided for itself.
    pub files: Vec<FileView>,
    /// Counts the changes of this proposal; a later view has the larger number.
    pub revision: u64,
}

impl ProposalView {
    /// Returns a first round's proposal without a summary, a note or a check.
    pub fn new(task: TaskId, files: Vec<FileView>, revision: u64) -> Self {
        Self {
            task,
            summary: String::new(),
            round: 1,
            note: String::new(),
            check: None,
            files,
            revision,
        }
    }
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

/// One file of a proposal as a text to read and edit: what the file says now, and what it would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalFileView {
    /// The task.
    pub task: TaskId,
    /// The file's path in the result, relative to the workspace.
    pub path: String,
    /// The revision of the proposal that this is taken from.
    pub revision: u64,
    /// What the file says now: the open document where there is one, the disk otherwise. For a file that moves it is
    /// the file at its old place. Nothing if there is no such file, or if it is not text.
    pub live: Option<String>,
    /// `live` with every undecided hunk in its place. Where the two are in conflict, the agent's text is in it. Nothing
    /// if the file would go away, or would not be text.
    pub proposed: Option<String>,
    /// The undecided hunks that these texts show, in file order.
    pub hunks: Vec<HunkPlace>,
    /// Whether `aca/editProposal` takes another text for `proposed`.
    pub editable: bool,
    /// Why there is no text, or why it cannot be edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where an undecided hunk is in the two texts of a file. Hunks that share lines have the same place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HunkPlace {
    /// The hunk.
    pub id: HunkId,
    /// The first live line that it replaces, zero-based.
    pub line: u32,
    /// How many live lines it replaces; zero for an insertion before `line`.
    pub lines: u32,
    /// The first proposed line that stands there.
    pub proposed_line: u32,
    /// How many proposed lines stand there; zero where it only removes some before `proposed_line`.
    pub proposed_lines: u32,
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
    /// The first line it replaces in the live text, zero-based. Where it overlaps, the first line of the place that both
    /// changed.
    pub line: u32,
    /// How many live lines it replaces; zero for a pure insertion before `line`.
    pub lines: u32,
    /// The text it replaces, as it was in the base.
    pub old: String,
    /// The text it puts there: the agent's, or what a person made of it.
    pub new: String,
    /// Whether a person has changed `new`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub amended: bool,
    /// Why it is there, as the agent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Other undecided hunks of the proposal that this one seems to need: they introduce names that it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<HunkId>,
    /// How it compares with the round before.
    #[serde(default, skip_serializing_if = "Since::is_first")]
    pub since: Since,
    /// The proposal's revision in which what is said here last changed, its line aside.
    pub seen: u64,
}

impl HunkView {
    /// Returns a hunk of a first round of which nothing more is known than its texts and where it stands.
    pub fn new(id: HunkId, state: HunkState, line: u32, lines: u32, old: String, new: String) -> Self {
        Self {
            id,
            state,
            line,
            lines,
            old,
            new,
            amended: false,
            reason: None,
            needs: Vec::new(),
            since: Since::First,
            seen: 0,
        }
    }
}

/// Where a hunk stands against what its file says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum HunkState {
    /// Not decided, and it can land where the base has it.
    Clean,
    /// Not decided, and it can land; the file changed elsewhere, so its lines have other numbers.
    Moved,
    /// Not decided; someone changed the lines beside it or other words of its lines. It lands when it is accepted by itself.
    Touched {
        /// What would stand at its live lines.
        merged: String,
    },
    /// Not decided, and someone changed the same words: it lands only with a [`Resolution`].
    Overlapping {
        /// What the live text has in its place.
        live: String,
    },
    /// Not decided, and the live text already says the same.
    AlreadyThere,
    /// Not decided, and the place it is about is not there any more.
    Gone {
        /// What is missing.
        reason: String,
    },
    /// Accepted; the text is in the file and was seen there.
    Landed,
    /// Rejected.
    Rejected,
}

impl HunkState {
    /// Whether nothing was decided yet.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Landed | Self::Rejected)
    }

    /// Whether it is undecided and cannot land without a further word of a person.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Overlapping { .. } | Self::Gone { .. })
    }
}

/// Why a hunk is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The agent's words.
    pub why: String,
    /// Whether tool calls of the agent that made this change were found. Otherwise the words are only a claim.
    pub verified: bool,
    /// The identifiers of those tool calls, as the transcript has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
}

/// How a hunk compares with the round before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Since {
    /// There was no round before.
    #[default]
    First,
    /// It was there already, with the same text.
    Same,
    /// It is new, or its text is.
    Changed,
}

impl Since {
    /// Whether there was no round before.
    pub fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// A check of a proposal: the project's own command, run in a sandbox on the live files with hunks of the proposal in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// The command.
    pub command: String,
    /// The hunks it was run with; nothing if it was the agent's whole result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Vec<HunkId>>,
    /// How it stands.
    pub state: CheckState,
    /// What it found, in the order of its output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The end of its output.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum CheckState {
    /// It runs.
    Running,
    /// The command ended with success.
    Passed,
    /// The command ended without.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// Its exit code; nothing if a signal or the time limit ended it.
        code: Option<i32>,
    },
    /// It could not be run.
    Broken {
        /// Why, and what to do.
        reason: String,
    },
}

/// One place that a check complains about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file, relative to the workspace.
    pub path: String,
    /// The line in the checked file, zero-based.
    pub line: u32,
    /// Whether it is an error, as opposed to a warning.
    pub error: bool,
    /// What it says.
    pub message: String,
    /// The hunk of the proposal that the line belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunk: Option<HunkId>,
}

/// What a person decides about hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Put it into the file.
    Accept,
    /// Do not.
    Reject,
    /// Bring a rejected one back, undecided.
    Reopen,
}

/// What accepting does where someone else changed the same place. Keeping one's own text is to reject the hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resolution {
    /// The agent's text takes the place of what is there.
    Agent,
    /// What is there stays, and the agent's text follows it, for a person to edit.
    Both,
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
