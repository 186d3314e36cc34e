//! What has happened in a session. Events are stored as JSON and never changed; fields may be added with defaults.

use std::collections::BTreeMap;

use aca_protocol::agent::Driver;
use aca_protocol::proposal::{CheckView, Decision, Reason};
use aca_protocol::session::{CheckpointReason, Recovery};
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, CheckpointId, HunkId, OperationId, TaskId};
pub use aca_review::ledger::Span;
use serde::{Deserialize, Serialize};

use super::Task;

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
        /// The round it goes on from; nothing for a first attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<Continues>,
    },
    /// The attempt's base is in the object store.
    SnapshotTaken {
        /// The attempt.
        attempt: AttemptId,
        /// The base's tree.
        base: String,
        /// The tree the agent starts from, where it is not the base: the base with open hunks of the last round in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<String>,
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
        /// The image it is made from, as `name@digest`, where it is made from one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
        /// The hash of its specification, which the sandbox carries as a label.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spec: Option<String>,
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
    /// A model request was answered, or was not.
    ModelUsed {
        /// The attempt.
        attempt: AttemptId,
        /// What the request used.
        usage: Usage,
        /// The model, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<ModelRequest>,
    },
    /// The attempt is over and its result, if any, is in the object store.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How it ended.
        end: AttemptEnd,
    },
    /// A person held the agent where it is, or let it go on.
    PauseAsked {
        /// The task.
        task: TaskId,
        /// Whether it is to be held.
        paused: bool,
    },
    /// A person told the agent something.
    Told {
        /// The task.
        task: TaskId,
        /// What makes telling it twice tell it once.
        id: String,
        /// The words.
        text: String,
    },
    /// A landing, or the taking back of one, is about to change files.
    OperationPlanned {
        /// The task.
        task: TaskId,
        /// What is to be done.
        operation: Operation,
    },
    /// A step of an operation is about to be done otherwise than planned before, because its file moved on.
    StepPlanned {
        /// The task.
        task: TaskId,
        /// The operation.
        operation: OperationId,
        /// The step's index.
        index: usize,
        /// What is to be done now.
        step: Step,
    },
    /// A step of an operation was done and seen to be.
    StepDone {
        /// The task.
        task: TaskId,
        /// The operation.
        operation: OperationId,
        /// The step's index.
        index: usize,
    },
    /// Nothing of the operation is left to do; steps that were not done will not be.
    OperationEnded {
        /// The task.
        task: TaskId,
        /// The operation.
        operation: OperationId,
    },
    /// Hunks were decided; accepted ones have landed and were seen in the file.
    Decided {
        /// The task.
        task: TaskId,
        /// The hunks.
        hunks: Vec<HunkId>,
        /// The decision.
        decision: Decision,
        /// The texts that landed, by hunk, where they are not the proposed ones.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        landed: BTreeMap<HunkId, String>,
    },
    /// Decisions about hunks were taken back, or their landing was: they are undecided again.
    Reopened {
        /// The task.
        task: TaskId,
        /// The hunks.
        hunks: Vec<HunkId>,
    },
    /// The hunks of one file were cut or joined.
    Regrouped {
        /// The task.
        task: TaskId,
        /// The file's path in the result.
        path: String,
        /// The file's hunks now, in file order.
        hunks: Vec<HunkId>,
        /// Where they are.
        spans: Vec<Span>,
        /// Those that were not there before, with each that was and that they have lines of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<(HunkId, HunkId)>,
    },
    /// A person changed what a hunk puts into the file, or took the change back.
    Amended {
        /// The task.
        task: TaskId,
        /// The hunk.
        hunk: HunkId,
        /// The text; nothing for the agent's own.
        text: Option<String>,
        /// The text that it replaces, where that is not the hunk's old text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<String>,
    },
    /// The proposal goes back to its agent.
    SentBack {
        /// The task.
        task: TaskId,
        /// What the agent is told.
        remark: String,
        /// Whether aca did so by itself, because a check failed.
        automatic: bool,
    },
    /// A check of chosen hunks began, or a check ended.
    Checked {
        /// The task.
        task: TaskId,
        /// How it stands.
        check: CheckView,
    },
    /// A person confirmed the check command, or withdrew the confirmation.
    CheckConfirmed {
        /// The command as it was shown.
        command: Option<String>,
    },
    /// A person decided how a task goes on that ended without a result.
    RecoverAsked {
        /// The task.
        task: TaskId,
        /// How.
        how: Recovery,
    },
    /// A person gave the session a name.
    SessionNamed {
        /// The name; nothing for none.
        name: Option<String>,
    },
    /// A point that the session can go back to.
    CheckpointMade {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The name a person gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Why it was made.
        why: CheckpointReason,
        /// What happened there, in a few words.
        about: String,
        /// The tree of the workspace, unsaved documents included.
        tree: String,
    },
    /// A person went back to a checkpoint: tasks stand as they did when the event `seq` was the newest. What that means
    /// for each task follows as [`Event::TaskRestored`].
    Restored {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The event after which the state is taken.
        seq: u64,
    },
    /// A task stands as it did at the checkpoint that the session went back to. What was done to files, and what was
    /// used, has happened all the same: a task keeps its operations and its use.
    TaskRestored {
        /// The task.
        task: TaskId,
        /// The task as it was, without its operations; nothing for one that was not there, which is set aside.
        was: Option<Box<Task>>,
    },
    /// The session came from elsewhere: what was recorded before this was recorded there.
    Imported {
        /// The root of its workspace there.
        workspace: String,
        /// How many events were recorded there.
        events: u64,
        /// The hash of the last of them, in hexadecimal.
        head: String,
    },
    /// An event of a later version. It is kept and passed over.
    #[serde(other)]
    Unknown,
}

impl Event {
    /// Returns the task that the event names.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::TaskCreated { task, .. }
            | Self::AttemptPlanned { task, .. }
            | Self::StopAsked { task }
            | Self::PauseAsked { task, .. }
            | Self::Told { task, .. }
            | Self::OperationPlanned { task, .. }
            | Self::StepPlanned { task, .. }
            | Self::StepDone { task, .. }
            | Self::OperationEnded { task, .. }
            | Self::Decided { task, .. }
            | Self::Reopened { task, .. }
            | Self::Regrouped { task, .. }
            | Self::Amended { task, .. }
            | Self::SentBack { task, .. }
            | Self::RecoverAsked { task, .. }
            | Self::TaskRestored { task, .. }
            | Self::Checked { task, .. } => Some(task),
            Self::SnapshotTaken { .. }
            | Self::SandboxStarting { .. }
            | Self::SandboxStarted { .. }
            | Self::ModelUsed { .. }
            | Self::AttemptEnded { .. }
            | Self::CheckConfirmed { .. }
            | Self::SessionNamed { .. }
            | Self::CheckpointMade { .. }
            | Self::Restored { .. }
            | Self::Imported { .. }
            | Self::Unknown => None,
        }
    }

    /// Returns the attempt that the event names.
    pub fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Self::AttemptPlanned { attempt, .. }
            | Self::SnapshotTaken { attempt, .. }
            | Self::SandboxStarting { attempt, .. }
            | Self::SandboxStarted { attempt }
            | Self::ModelUsed { attempt, .. }
            | Self::AttemptEnded { attempt, .. } => Some(attempt),
            _ => None,
        }
    }
}

/// One request to a model service, as the gateway saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// The host that it went to.
    pub upstream: String,
    /// When the whole request had arrived, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The status the agent was answered with; zero if it was not.
    pub status: u16,
    /// The number of its record among the attempt's exchanges, where one was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u32>,
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
        /// Whether the project's check is to be run on it before it is shown.
        #[serde(default)]
        verify: bool,
    },
    /// It was stopped.
    Stopped {
        /// What could be read of its work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        salvaged: Option<Proposed>,
    },
    /// It failed.
    Failed {
        /// What happened and what to do next.
        reason: String,
        /// What could be read of its work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        salvaged: Option<Proposed>,
    },
    /// It cannot be accounted for.
    Lost {
        /// What is known.
        reason: String,
        /// What could be read of its work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        salvaged: Option<Proposed>,
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
    /// Why they are there, as far as the agent said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<HunkId, Reason>,
}

/// How an attempt goes on from an earlier one of its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// The earlier attempt, whose conversation goes on.
    pub attempt: AttemptId,
    /// The next message of the conversation.
    pub remark: String,
    /// Whether the earlier attempt brought nothing: its conversation goes on although it did not finish, and what was
    /// found of its work is put into the files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

/// A hunk and the file it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HunkRef {
    /// The hunk.
    pub id: HunkId,
    /// The file's path in the result.
    pub path: String,
}

/// A landing or the taking back of an operation: one decision of a person, which may change several files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The operation.
    pub id: OperationId,
    /// The operation that it takes back, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<OperationId>,
    /// What it does to files, in this order.
    pub steps: Vec<Step>,
}

/// What an operation does to one file: enough to finish it after a crash, and to take it back later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The file, relative to the workspace.
    pub path: String,
    /// The hunks that the step carries out or takes back. A file that moves has one hunk and two steps: it is written
    /// to its new place and then goes from the old one.
    pub hunks: Vec<HunkId>,
    /// Whether an editor had the file open, so that the step went through the editor.
    pub open: bool,
    /// The file before, as it must be found; nothing if it must not exist.
    pub before: Option<Content>,
    /// The file afterwards; nothing if it goes away.
    pub after: Option<Content>,
    /// The permissions of the file that goes away, or that one is to get that comes back or moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<u32>,
    /// The texts that land, by hunk, where they are not the proposed ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub landed: BTreeMap<HunkId, String>,
    /// Where each of `hunks` is in the texts before and afterwards; nothing where they cannot be told apart, so that
    /// they are taken back together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// The content of a file, by reference into the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The blob.
    pub blob: String,
    /// Whether the file is executable.
    pub executable: bool,
}
