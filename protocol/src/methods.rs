//! The `aca/*` requests and notifications.
//!
//! They travel as JSON-RPC in the framing of the language server protocol, over an editor's stdio or over the socket
//! of the process that owns the sessions. Errors are JSON-RPC errors whose message says what happened and what to do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::agent::RecordBody;
use crate::proposal::{Decision, ProposalFileView, ProposalView, Resolution, Selection};
use crate::session::{
    AuditParams, AuditResult, CheckpointParams, CheckpointView, CheckpointsResult, CleanupParams, CleanupPlanResult,
    CleanupResult, CreateCheckpointParams, DeleteSessionParams, DeleteSessionResult, DiffCheckpointResult,
    ExchangeParams, ExchangeRecord, ExchangesResult, ExportSessionParams, ExportSessionResult, ImportSessionParams,
    NoParams, RecoverParams, RenameSessionParams, RestoreCheckpointResult, SandboxesResult, SessionDetail, SessionInfo,
    SessionParams, SessionsResult, UseParams, UseResult, VerifyAuditResult,
};
use crate::settings::SettingsResult;
use crate::task::{Origin, TaskView};
use crate::{AttemptId, HunkId, OperationId, SessionId, TaskId};

/// A request from a front end, with the types of its parameters and its result.
pub trait Request {
    /// The method's name on the wire.
    const METHOD: &'static str;
    /// What the front end sends.
    type Params: Serialize + DeserializeOwned + Send + 'static;
    /// What the engine answers.
    type Result: Serialize + DeserializeOwned + Send + 'static;
}

/// A notification to a front end, with the type of its parameters.
pub trait Notification {
    /// The method's name on the wire.
    const METHOD: &'static str;
    /// What the engine sends.
    type Params: Serialize + DeserializeOwned + Send + 'static;
}

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident = $method:literal: $params:ty => $result:ty;)*) => {
        $($(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl Request for $name {
            const METHOD: &'static str = $method;
            type Params = $params;
            type Result = $result;
        })*
        /// The names of all requests.
        pub const REQUESTS: &[&str] = &[$($method),*];
    };
}

macro_rules! notifications {
    ($($(#[$doc:meta])* $name:ident = $method:literal: $params:ty;)*) => {
        $($(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl Notification for $name {
            const METHOD: &'static str = $method;
            type Params = $params;
        })*
        /// The names of all notifications.
        pub const NOTIFICATIONS: &[&str] = &[$($method),*];
    };
}

requests! {
    /// Makes a task and starts it. Answers at once; the work goes on behind it.
    Run = "aca/run": RunParams => TaskView;
    /// Lists the tasks of a workspace, oldest first.
    Tasks = "aca/tasks": TasksParams => TasksResult;
    /// Stops a task's running attempt. Answers when the stop is recorded; the state follows.
    Stop = "aca/stop": TaskParams => TaskView;
    /// Returns a task's proposal against what the files say now.
    Proposal = "aca/proposal": TaskParams => ProposalView;
    /// Returns a file of a proposal as a text: what it says now, and what it would say.
    ProposalFile = "aca/proposalFile": ProposalFileParams => ProposalFileView;
    /// Takes over what a person made of a file's proposed text.
    EditProposal = "aca/editProposal": EditProposalParams => ProposalFileView;
    /// Decides hunks. Accepted hunks have landed and were verified when the answer arrives.
    Decide = "aca/decide": DecideParams => DecideResult;
    /// Cuts lines out of a hunk as a hunk of their own.
    Split = "aca/split": SplitParams => ProposalView;
    /// Makes one hunk of neighbours.
    Join = "aca/join": JoinParams => ProposalView;
    /// Changes the text that a hunk puts into the file.
    Amend = "aca/amend": AmendParams => ProposalView;
    /// Takes back a landing, whole or by hunk, or an earlier taking back. What was typed since stays.
    Undo = "aca/undo": UndoParams => UndoResult;
    /// Lists the landings and takings back of a workspace, oldest first.
    Operations = "aca/operations": TasksParams => OperationsResult;
    /// Sends a proposal back to its agent with a remark. The conversation goes on; the next round replaces the proposal.
    SendBack = "aca/sendBack": SendBackParams => TaskView;
    /// Tells a running agent something.
    Tell = "aca/tell": TellParams => TaskView;
    /// Holds a running agent where it is.
    Pause = "aca/pause": TaskParams => TaskView;
    /// Lets a held agent go on.
    Resume = "aca/resume": TaskParams => TaskView;
    /// Lists the tasks at work that have read or changed a file, or were made for it.
    AtWork = "aca/atWork": AtWorkParams => TasksResult;
    /// Starts the project's check on the live files with chosen hunks in them. Answers at once; the proposal's `check` follows.
    Check = "aca/check": CheckParams => ProposalView;
    /// Says what the project's check is, and whether a person has confirmed it.
    CheckCommand = "aca/checkCommand": TasksParams => CheckCommandResult;
    /// Confirms, or withdraws, the project's check command.
    ConfirmCheck = "aca/confirmCheck": ConfirmCheckParams => CheckCommandResult;
    /// Returns what the agent said and did. News of it are notified from then on.
    Transcript = "aca/transcript": TranscriptParams => TranscriptResult;
    /// Has a task go on that ended without a result, in one of the ways its `recovery` names.
    Recover = "aca/recover": RecoverParams => TaskView;
    /// Lists all sessions, those of other workspaces included.
    Sessions = "aca/sessions": NoParams => SessionsResult;
    /// Returns everything about a session.
    Session = "aca/session": SessionParams => SessionDetail;
    /// Makes a session the one that its workspace opens.
    UseSession = "aca/useSession": SessionParams => SessionInfo;
    /// Gives a session a name.
    RenameSession = "aca/renameSession": RenameSessionParams => SessionInfo;
    /// Moves a session to the trash.
    DeleteSession = "aca/deleteSession": DeleteSessionParams => DeleteSessionResult;
    /// Brings a session back from the trash.
    UndeleteSession = "aca/undeleteSession": SessionParams => SessionInfo;
    /// Writes a session to a directory that can be carried to another machine.
    ExportSession = "aca/exportSession": ExportSessionParams => ExportSessionResult;
    /// Takes an exported session in, as the one that its workspace opens.
    ImportSession = "aca/importSession": ImportSessionParams => SessionInfo;
    /// Lists the checkpoints of a workspace's session, oldest first.
    Checkpoints = "aca/checkpoints": TasksParams => CheckpointsResult;
    /// Makes a checkpoint.
    CreateCheckpoint = "aca/createCheckpoint": CreateCheckpointParams => CheckpointView;
    /// Says what differs between a checkpoint's files and the files now.
    DiffCheckpoint = "aca/diffCheckpoint": CheckpointParams => DiffCheckpointResult;
    /// Goes back to a checkpoint: its tasks stand as they did, what landed since is taken back, what was typed stays.
    RestoreCheckpoint = "aca/restoreCheckpoint": CheckpointParams => RestoreCheckpointResult;
    /// Returns what was recorded of a session, from an entry on.
    Audit = "aca/audit": AuditParams => AuditResult;
    /// Checks that nothing recorded of a session was changed.
    VerifyAudit = "aca/verifyAudit": SessionParams => VerifyAuditResult;
    /// Lists the model requests of a task.
    Exchanges = "aca/exchanges": TaskParams => ExchangesResult;
    /// Returns one model request with its answer.
    Exchange = "aca/exchange": ExchangeParams => ExchangeRecord;
    /// Says what was used of the models.
    Use = "aca/usage": UseParams => UseResult;
    /// Says what takes space, and what of it could be removed.
    CleanupPlan = "aca/cleanupPlan": NoParams => CleanupPlanResult;
    /// Removes what a person chose from the plan.
    Cleanup = "aca/cleanup": CleanupParams => CleanupResult;
    /// Lists the sandboxes at work with what they take.
    Sandboxes = "aca/sandboxes": NoParams => SandboxesResult;
    /// Lists the settings that count in a workspace, each with where it comes from.
    Settings = "aca/settings": TasksParams => SettingsResult;
    /// Says who serves, for which workspaces, and whether anything is wrong.
    Status = "aca/status": StatusParams => StatusResult;
}

notifications! {
    /// A task was made or changed.
    TaskChanged = "aca/taskChanged": TaskView;
    /// A proposal appeared, or a hunk of it changed its state or place.
    ProposalChanged = "aca/proposalChanged": ProposalChangedParams;
    /// More is in the transcript of a task; only to front ends that have asked for it.
    TranscriptChanged = "aca/transcriptChanged": TranscriptChangedParams;
    /// A person has changed a file that a running task has read or changed.
    Conflict = "aca/conflict": ConflictParams;
    /// The health of the server changed.
    StatusChanged = "aca/statusChanged": StatusResult;
}

/// Parameters of [`Run`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunParams {
    /// The root of the workspace.
    pub workspace: PathBuf,
    /// What to work on. For a TODO, the text may be left empty: it is read at `path` and `line`.
    pub origin: Origin,
}

/// Parameters of [`Tasks`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksParams {
    /// The root of the workspace.
    pub workspace: PathBuf,
}

/// Result of [`Tasks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksResult {
    /// The workspace's session.
    pub session: SessionId,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskView>,
}

/// Parameters of the requests that name a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskParams {
    /// The task.
    pub task: TaskId,
}

/// Parameters of [`ProposalFile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalFileParams {
    /// The task.
    pub task: TaskId,
    /// The file's path in the result, relative to the workspace.
    pub path: String,
}

/// Parameters of [`EditProposal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditProposalParams {
    /// The task.
    pub task: TaskId,
    /// The file's path in the result, relative to the workspace.
    pub path: String,
    /// The proposed text that the person began with, as [`ProposalFileView`] had it.
    pub base: String,
    /// What they made of it.
    pub text: String,
}

/// Parameters of [`Decide`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideParams {
    /// The task whose proposal is decided.
    pub task: TaskId,
    /// The decision.
    pub decision: Decision,
    /// The hunks.
    pub selection: Selection,
    /// For accepting: what to do where someone else changed the same place. Without it such hunks are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The proposal's revision that was looked at. A hunk that says something else since is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
}

/// Result of [`Decide`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideResult {
    /// Hunks that are decided now, those that already were included.
    pub decided: Vec<HunkId>,
    /// Hunks that stay as they were, and why.
    pub refused: Vec<Refusal>,
    /// What to know about the decision, one sentence each: that a rejected hunk is needed by others, for instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The landing that `aca/undo` can take back, if anything was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The proposal after the decision.
    pub proposal: ProposalView,
}

/// Parameters of [`Split`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitParams {
    /// The task.
    pub task: TaskId,
    /// The hunk.
    pub hunk: HunkId,
    /// The first line to cut out, counted from zero within the hunk's new text, or its old text if it only removes.
    pub start: u32,
    /// The line after the last one.
    pub end: u32,
}

/// Parameters of [`Join`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinParams {
    /// The task.
    pub task: TaskId,
    /// Hunks of one file with no other hunk between them.
    pub hunks: Vec<HunkId>,
}

/// Parameters of [`Amend`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmendParams {
    /// The task.
    pub task: TaskId,
    /// The hunk.
    pub hunk: HunkId,
    /// What it is to put into the file; nothing for the agent's own text again.
    pub text: Option<String>,
}

/// Parameters of [`Undo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoParams {
    /// The workspace.
    pub workspace: PathBuf,
    /// The operation to take back; nothing for the newest landing that was not taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Only these hunks of it; nothing for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Vec<HunkId>>,
}

/// Result of [`Undo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoResult {
    /// The new operation, which can be taken back in turn; nothing if nothing was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The hunks that were taken back.
    pub hunks: Vec<HunkId>,
    /// Hunks that stay as they were, and why.
    pub refused: Vec<Refusal>,
    /// The proposal afterwards.
    pub proposal: ProposalView,
}

/// Result of [`Operations`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationsResult {
    /// The operations, oldest first.
    pub operations: Vec<OperationView>,
}

/// A landing, or the taking back of an earlier operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    /// The operation.
    pub id: OperationId,
    /// The task whose hunks it is about.
    pub task: TaskId,
    /// The operation it takes back, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<OperationId>,
    /// When it was recorded, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The files it wrote, relative to the workspace.
    pub paths: Vec<String>,
    /// The hunks of it that still stand: what a later operation took back is not among them.
    pub hunks: Vec<HunkId>,
}

/// Parameters of [`SendBack`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendBackParams {
    /// The task.
    pub task: TaskId,
    /// What the agent is told. It may be empty if `redo` names hunks.
    #[serde(default)]
    pub remark: String,
    /// Hunks that the agent is asked to make again on the files as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redo: Vec<HunkId>,
}

/// Parameters of [`Tell`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TellParams {
    /// The task.
    pub task: TaskId,
    /// What to tell its agent.
    pub text: String,
}

/// Parameters of [`AtWork`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AtWorkParams {
    /// The workspace.
    pub workspace: PathBuf,
    /// The file, relative to it.
    pub path: String,
}

/// Parameters of [`Check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckParams {
    /// The task.
    pub task: TaskId,
    /// The hunks that are put into the live files for it.
    pub selection: Selection,
}

/// Result of [`CheckCommand`] and [`ConfirmCheck`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckCommandResult {
    /// The command; nothing if none is configured and none was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Where it comes from: a settings file, or the build file that it was guessed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether a person has confirmed exactly this command. It is not run before.
    pub confirmed: bool,
}

/// Parameters of [`ConfirmCheck`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmCheckParams {
    /// The workspace.
    pub workspace: PathBuf,
    /// The command as it was shown; nothing to withdraw the confirmation.
    pub command: Option<String>,
}

/// Parameters of [`Conflict`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConflictParams {
    /// The running task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The file, relative to the workspace.
    pub path: String,
    /// Whether the agent has changed the file, as opposed to only read it.
    pub changed: bool,
}

/// Why a hunk was not decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The hunk.
    pub hunk: HunkId,
    /// What stood in the way and what to do.
    pub reason: String,
}

/// Parameters of [`Transcript`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptParams {
    /// The task.
    pub task: TaskId,
    /// One of its attempts; nothing for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// Where to go on: `next` of the answer before; zero for the beginning.
    #[serde(default)]
    pub from: u64,
}

/// Result of [`Transcript`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptResult {
    /// The attempt it is of; nothing while the task has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// All attempts of the task, oldest first; only with the beginning of a transcript.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptBrief>,
    /// The records, in order. Raw frames of the driven program are left out.
    pub records: Vec<TranscriptRecord>,
    /// Where to go on.
    pub next: u64,
    /// Whether more is there already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// An attempt whose transcript can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptBrief {
    /// The attempt.
    pub id: AttemptId,
    /// What its sandbox is made of, once that is known: `docker` or `process`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The model it asks for, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// With which words it was sent back, if it goes on from an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Whether it has ended.
    pub ended: bool,
}

/// One record of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptRecord {
    /// Its number in the attempt's journal.
    pub seq: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What happened.
    pub body: RecordBody,
}

/// Parameters of [`TranscriptChanged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptChangedParams {
    /// The task.
    pub task: TaskId,
    /// The attempt that has more.
    pub attempt: AttemptId,
    /// Its newest record.
    pub seq: u64,
}

/// Parameters of [`Status`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusParams {}

/// Result of [`Status`], and parameters of [`StatusChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusResult {
    /// The version of the serving program.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// The workspaces it has open.
    pub workspaces: Vec<PathBuf>,
    /// Attempts at work right now.
    pub running: u32,
    /// What is wrong and how to mend it, one sentence each; empty when all is well.
    pub problems: Vec<String>,
}

/// Parameters of [`ProposalChanged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalChangedParams {
    /// The task whose proposal changed.
    pub task: TaskId,
    /// The proposal's revision now.
    pub revision: u64,
}
