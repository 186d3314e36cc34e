//! The `aca/*` requests and notifications.
//!
//! They travel as JSON-RPC in the framing of the language server protocol, over an editor's stdio or over the socket
//! of the process that owns the sessions. Errors are JSON-RPC errors whose message says what happened and what to do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::agent::RecordBody;
use crate::proposal::{Decision, ProposalView, Selection};
use crate::task::{Origin, TaskView};
use crate::{HunkId, SessionId, TaskId};

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
    /// Decides hunks. Accepted hunks have landed and were verified when the answer arrives.
    Decide = "aca/decide": DecideParams => DecideResult;
    /// Returns what the agent said and did, from a record on.
    Transcript = "aca/transcript": TranscriptParams => TranscriptResult;
    /// Says who serves, for which workspaces, and whether anything is wrong.
    Status = "aca/status": StatusParams => StatusResult;
}

notifications! {
    /// A task was made or changed.
    TaskChanged = "aca/taskChanged": TaskView;
    /// A proposal appeared, or a hunk of it changed its state or place.
    ProposalChanged = "aca/proposalChanged": ProposalChangedParams;
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
}

/// Result of [`Decide`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideResult {
    /// Hunks that are decided now, those that already were included.
    pub decided: Vec<HunkId>,
    /// Hunks that stay undecided, and why.
    pub refused: Vec<Refusal>,
    /// The proposal after the decision.
    pub proposal: ProposalView,
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
    /// Only records after this one; zero for all.
    #[serde(default)]
    pub after: u64,
}

/// Result of [`Transcript`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptResult {
    /// The records, in order. Raw frames of the driven program are left out.
    pub records: Vec<TranscriptRecord>,
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
