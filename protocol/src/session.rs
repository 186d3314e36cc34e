//! Sessions and what is kept about them: checkpoints, the audit log, model exchanges, use, and what could be removed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::methods::Refusal;
use crate::task::{TaskView, Usage};
use crate::{AttemptId, CheckpointId, HunkId, SessionId, TaskId};

/// A session as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// The root of its workspace.
    pub workspace: PathBuf,
    /// The name a person gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When its last event was recorded, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
    /// Whether it is the one that its workspace opens.
    pub current: bool,
    /// Whether it is open in the process that serves.
    pub open: bool,
    /// How its tasks stand.
    pub tasks: TaskCounts,
    /// What its attempts have used.
    pub usage: Usage,
    /// What it takes on disk, in bytes.
    pub bytes: u64,
    /// Why it cannot be opened; nothing when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How the tasks of a session stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskCounts {
    /// Tasks that wait for their turn or are at work.
    pub working: u32,
    /// Tasks whose proposal waits for decisions.
    pub ready: u32,
    /// Tasks that wait for another decision of a person: lost ones.
    pub lost: u32,
    /// Everything else.
    pub settled: u32,
}

/// Parameters of the requests that take none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NoParams {}

/// Result of [`crate::methods::Sessions`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsResult {
    /// All sessions of the data directory, the one that changed last first.
    pub sessions: Vec<SessionInfo>,
}

/// Parameters of the requests that name a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionParams {
    /// The session.
    pub session: SessionId,
}

/// Result of [`crate::methods::Session`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionDetail {
    /// What a list shows.
    pub info: SessionInfo,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskView>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptInfo>,
    /// How many events it has.
    pub events: u64,
    /// How many checkpoints it has.
    pub checkpoints: u32,
}

/// One attempt as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptInfo {
    /// The attempt.
    pub id: AttemptId,
    /// The task it is a run of.
    pub task: TaskId,
    /// How far it has come: `planned`, `snapshotted`, `starting`, `started` or `ended`.
    pub stage: String,
    /// How it ended: `finished`, `stopped`, `failed` or `lost`; nothing while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// When it was planned, in milliseconds since the Unix epoch.
    pub planned_ms: u64,
    /// When it ended, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// What it has used.
    pub usage: Usage,
}

/// Parameters of [`crate::methods::RenameSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameSessionParams {
    /// The session.
    pub session: SessionId,
    /// Its name; empty for none.
    pub name: String,
}

/// Parameters of [`crate::methods::DeleteSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSessionParams {
    /// The session.
    pub session: SessionId,
    /// Whether to delete it although something in it is unreviewed or lost.
    #[serde(default)]
    pub force: bool,
}

/// Result of [`crate::methods::DeleteSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSessionResult {
    /// Where it was moved to; a cleanup removes it for good later.
    pub trash: PathBuf,
}

/// Parameters of [`crate::methods::ExportSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSessionParams {
    /// The session.
    pub session: SessionId,
    /// The directory to make; it must not exist.
    pub to: PathBuf,
}

/// Result of [`crate::methods::ExportSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSessionResult {
    /// The directory.
    pub path: PathBuf,
    /// How many files it holds.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
}

/// Parameters of [`crate::methods::ImportSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSessionParams {
    /// An exported directory.
    pub from: PathBuf,
    /// The root of the workspace it is for.
    pub workspace: PathBuf,
}

/// A named point that a session can go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointView {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The name a person gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was made.
    pub why: CheckpointReason,
    /// What happened there, in a few words.
    pub about: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How the tasks stood.
    pub tasks: TaskCounts,
}

/// Why a checkpoint was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckpointReason {
    /// A person asked for it.
    Asked,
    /// A task changed its state.
    Transition,
    /// Time has passed while something was at work.
    Interval,
    /// Something that changes much was about to be done.
    Before,
}

/// Result of [`crate::methods::Checkpoints`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointsResult {
    /// The checkpoints, oldest first.
    pub checkpoints: Vec<CheckpointView>,
}

/// Parameters of [`crate::methods::CreateCheckpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateCheckpointParams {
    /// The workspace.
    pub workspace: PathBuf,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Parameters of the requests that name a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointParams {
    /// The workspace.
    pub workspace: PathBuf,
    /// The checkpoint.
    pub checkpoint: CheckpointId,
}

/// Result of [`crate::methods::DiffCheckpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffCheckpointResult {
    /// Every file of the workspace that is not what it was at the checkpoint, by path.
    pub files: Vec<FileDifference>,
}

/// A file that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDifference {
    /// The file, relative to the workspace, with `/` between components.
    pub path: String,
    /// `added`, `removed`, `changed`, `renamed`, or `mode` where only its mode differs.
    pub change: String,
    /// The difference as unified diff, from the checkpoint to now; nothing where there is none to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What else differs, or why no difference is shown, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Result of [`crate::methods::RestoreCheckpoint`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreCheckpointResult {
    /// The checkpoint that was made before, to come back.
    pub before: CheckpointId,
    /// Hunks that had landed since and were taken back.
    pub taken_back: Vec<HunkId>,
    /// Hunks that had landed by then, were taken back since, and landed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub landed_again: Vec<HunkId>,
    /// Hunks that stay as they are in the files, and why.
    pub refused: Vec<Refusal>,
    /// The session's tasks afterwards, oldest first.
    pub tasks: Vec<TaskView>,
}

/// How a task that ended without a result goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Recovery {
    /// A new attempt from the beginning, on the files as they are now.
    Again,
    /// A new attempt that goes on with the conversation, and with the work that was salvaged.
    Continue,
    /// No new attempt: the work that was salvaged is the proposal. Nothing vouches for it.
    Take,
}

/// Parameters of [`crate::methods::Recover`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverParams {
    /// The task.
    pub task: TaskId,
    /// How it goes on: one of the task's `recovery`.
    pub how: Recovery,
}

/// Parameters of [`crate::methods::Audit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditParams {
    /// The session.
    pub session: SessionId,
    /// Only entries after this one; zero for all.
    #[serde(default)]
    pub after: u64,
    /// How many at most.
    pub limit: u32,
    /// Whether to give the whole events.
    #[serde(default)]
    pub bodies: bool,
}

/// Result of [`crate::methods::Audit`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditResult {
    /// The entries, in order.
    pub entries: Vec<AuditEntry>,
    /// Whether more follow.
    pub more: bool,
}

/// One recorded event, as a person reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its place in the session, counted from one without a gap.
    pub seq: u64,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who asked: a front end's name; nothing for what follows by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What kind of event it is.
    pub kind: String,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The attempt it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// What happened, in a sentence: which files, which request, which decision.
    pub about: String,
    /// The hash over the event and its predecessor, in hexadecimal.
    pub hash: String,
    /// What names the event; part of what is hashed.
    pub id: String,
    /// The rule its hash was computed by.
    pub rule: u8,
    /// Whether its content is sealed on disk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The whole event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Its content as it is stored, which is what is hashed: JSON as it was written, or hexadecimal if it is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
}

/// Result of [`crate::methods::VerifyAudit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyAuditResult {
    /// How many events were found unchanged.
    pub events: u64,
    /// The hash of the last one of them, in hexadecimal; note it elsewhere to prove the log against it later.
    pub head: String,
    /// What is wrong, and where; nothing when all is as it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Result of [`crate::methods::Exchanges`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangesResult {
    /// The exchanges of all attempts of the task, oldest first.
    pub exchanges: Vec<ExchangeInfo>,
}

/// One model request with its answer, as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeInfo {
    /// The attempt that asked.
    pub attempt: AttemptId,
    /// Its number in the attempt, counted from one.
    pub number: u32,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How long it took, in milliseconds; nothing if it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// The model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The status of the answer; nothing if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What it used.
    pub usage: Usage,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Parameters of [`crate::methods::Exchange`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeParams {
    /// The task.
    pub task: TaskId,
    /// The attempt.
    pub attempt: AttemptId,
    /// The exchange's number in it.
    pub number: u32,
}

/// One model request with its answer. Secrets were taken out before it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeRecord {
    /// What a list shows.
    pub info: ExchangeInfo,
    /// The request: method, path, headers, body.
    pub request: Value,
    /// The answer: headers, and the body or its frames in order.
    pub response: Value,
    /// How many bytes of the bodies were left out.
    #[serde(default)]
    pub left_out: u64,
}

/// Parameters of [`crate::methods::Use`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UseParams {
    /// Only what was used from this time on, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
}

/// Result of [`crate::methods::Use`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UseResult {
    /// What was used, by day, session, task and model, oldest first.
    pub rows: Vec<UseRow>,
    /// The sum.
    pub total: Usage,
}

/// What one task used of one model on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UseRow {
    /// The day in local time, `2026-01-31`.
    pub day: String,
    /// The session.
    pub session: SessionId,
    /// Its workspace.
    pub workspace: PathBuf,
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The model, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it used.
    pub usage: Usage,
}

/// Result of [`crate::methods::CleanupPlan`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupPlanResult {
    /// Everything of aca that takes space, what could be removed first.
    pub items: Vec<CleanupItem>,
    /// What the data directory takes, in bytes.
    pub bytes: u64,
    /// The size from which on aca warns, in bytes.
    pub limit_bytes: u64,
    /// Free space where the data directory is, in bytes.
    pub free_bytes: u64,
}

/// Something of aca that takes space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupItem {
    /// What names it in [`crate::methods::Cleanup`].
    pub id: String,
    /// What it is: `container`, `volume`, `image`, `session`, `attempt`, `store`, `log` or `trash`.
    pub kind: String,
    /// What it is, in words.
    pub about: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was last used, in milliseconds since the Unix epoch.
    pub used_ms: u64,
    /// Whether it is proposed for removal: old or large enough, and nothing forbids it.
    pub proposed: bool,
    /// Why it is never removed: unreviewed, conflicted, lost, at work. Nothing if it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// Parameters of [`crate::methods::Cleanup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupParams {
    /// What to remove, by the plan's identifiers.
    pub items: Vec<String>,
}

/// Result of [`crate::methods::Cleanup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupResult {
    /// What was removed.
    pub removed: Vec<String>,
    /// What was not, and why.
    pub failed: Vec<CleanupFailure>,
    /// How much space that gave, in bytes.
    pub bytes: u64,
}

/// Something that was not removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupFailure {
    /// What.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Result of [`crate::methods::Sandboxes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxesResult {
    /// The sandboxes of all attempts at work.
    pub sandboxes: Vec<SandboxInfo>,
}

/// A sandbox at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxInfo {
    /// Its attempt, which is its name too.
    pub attempt: AttemptId,
    /// The task.
    pub task: TaskId,
    /// What it is made of: `docker` or `process`.
    pub backend: String,
    /// Memory it takes, in bytes, where that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processor time it takes, in hundredths of one processor, where that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// Processes in it, where that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
}
