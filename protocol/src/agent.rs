//! What the engine and `aca-agent`, the program inside a sandbox, say to each other.
//!
//! Before the sandbox starts, the engine writes [`AttemptSpec`] into the attempt's directory (`/aca/out` inside).
//! The agent claims the attempt by creating [`files::STARTED`], appends one [`Record`] a line to [`files::JOURNAL`],
//! and at the end writes [`Outcome`] to [`files::OUTCOME`]: synced under another name, renamed, directory synced.
//!
//! While it runs it listens on [`files::SOCKET`]. A connection there is multiplexed with yamux, the engine's end being
//! the client. Each stream begins with one line of JSON, a [`StreamHeader`], and then carries:
//!
//! - `journal`, opened by the engine: the bytes of the journal from an offset on, followed until the outcome is on
//!   disk; then the stream ends.
//! - `control`, opened by the engine: a [`ControlRequest`] a line, each answered by a [`ControlReply`] line.
//! - `model`, opened by the agent: one HTTP/1.1 connection to the gateway, bytes as they are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::AttemptId;

/// Names of the files in an attempt's directory.
pub mod files {
    /// The [`AttemptSpec`](super::AttemptSpec), written by the engine.
    pub const SPEC: &str = "spec.json";
    /// Exists once the agent has begun; created exclusively, so an attempt never begins twice.
    pub const STARTED: &str = "started";
    /// [`Record`](super::Record)s, one a line.
    pub const JOURNAL: &str = "journal.ndjson";
    /// The [`Outcome`](super::Outcome); complete whenever it exists.
    pub const OUTCOME: &str = "outcome.json";
    /// What a [`Driver::Command`](super::Driver::Command) printed, standard output and error as they came; the middle of
    /// much is left out.
    pub const OUTPUT: &str = "output.txt";
    /// The unix socket the agent listens on.
    pub const SOCKET: &str = "agent.sock";
    /// The driven program's home directory; kept, so that a conversation can be continued.
    pub const HOME: &str = "home";
}

/// Where things are inside every sandbox.
pub mod inside {
    /// The directory of the read-only programs.
    pub const BIN: &str = "/aca/bin";
    /// The agent.
    pub const AGENT: &str = "/aca/bin/aca-agent";
    /// Claude Code, where it is the driver.
    pub const CLAUDE: &str = "/aca/bin/claude";
    /// The attempt's directory.
    pub const OUT: &str = "/aca/out";
}

/// Everything the agent needs to know of an attempt. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSpec {
    /// The attempt.
    pub attempt: AttemptId,
    /// A random value that the outcome repeats, so that a stale outcome is never taken for this attempt's.
    pub nonce: String,
    /// What drives the work.
    pub driver: Driver,
    /// The workspace, at the same path as on the host.
    pub workspace: PathBuf,
    /// The task, as the first message to the agent.
    pub prompt: String,
    /// Text for the system prompt, after the driver's own.
    pub system: String,
    /// The model's name, as the upstream knows it.
    pub model: String,
    /// The conversation's identifier, a UUID.
    pub conversation: String,
    /// Whether the conversation exists already, in [`files::HOME`], and `prompt` is its next message.
    #[serde(default)]
    pub resume: bool,
    /// The first message of a new conversation in place of `prompt`, should the one to resume not be there; it tells the
    /// whole story.
    #[serde(default)]
    pub story: String,
    /// What the agent is asked at the end, to be answered with a list of [`ClaimedReason`]s; empty to ask nothing.
    #[serde(default)]
    pub ask_reasons: String,
    /// The token the driver presents to the gateway; worth nothing anywhere else.
    pub gateway_token: String,
    /// Where the agent stops by itself.
    pub limits: AgentLimits,
}

/// What drives the work inside a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// Claude Code.
    ClaudeCode,
    /// The agent's own small loop over the Messages API.
    Direct,
    /// No model at all: the prompt is a command for the shell, run once in the workspace.
    Command,
}

/// Where the agent stops by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLimits {
    /// Seconds without any sign of life from the driven program.
    pub silence_secs: u64,
    /// Seconds for the whole attempt.
    pub total_secs: u64,
    /// Model turns.
    pub max_turns: u32,
}

/// One line of the journal: a frame or an event, never both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Counts from one without a gap.
    pub seq: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// A line of the driven program, as it came, before anything acted on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Box<RawValue>>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<RecordBody>,
}

/// What happened in an attempt, in terms that do not depend on the driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum RecordBody {
    /// The agent has claimed the attempt.
    Started {
        /// The agent's version.
        agent: String,
    },
    /// The driven program is ready and has the prompt.
    Prompted,
    /// The model said something.
    Said {
        /// Its words.
        text: String,
    },
    /// The model used a tool.
    ToolUse {
        /// The call's identifier.
        id: String,
        /// The tool's name.
        tool: String,
        /// What it is about, in a few words: a path, a command.
        about: String,
    },
    /// A tool finished.
    ToolResult {
        /// The call's identifier.
        id: String,
        /// Whether the tool reports success.
        ok: bool,
        /// The beginning of its output.
        text: String,
    },
    /// A model request failed and will be tried again.
    Retry {
        /// The number of this try.
        attempt: u32,
        /// How many there may be.
        max: u32,
        /// How long it waits, in milliseconds.
        delay_ms: u64,
        /// What went wrong.
        reason: String,
    },
    /// The driven program died in the middle of its work, and is started again to go on from there.
    Interrupted {
        /// How it died.
        reason: String,
        /// The number of this restart.
        attempt: u32,
        /// How many there may be.
        max: u32,
    },
    /// The driven program wrote something that is not of its protocol.
    Noise {
        /// Where: `stdout` or `stderr`.
        from: String,
        /// The text, shortened.
        text: String,
    },
    /// A watchdog acted.
    Watchdog {
        /// What it saw and did.
        text: String,
    },
    /// Someone asked for the attempt to stop.
    StopAsked,
    /// Someone told the agent something while it worked.
    Told {
        /// Their words.
        text: String,
    },
    /// Someone held the agent where it is.
    Paused,
    /// Someone let it go on.
    Resumed,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The attempt.
    pub attempt: AttemptId,
    /// The nonce of its specification.
    pub nonce: String,
    /// What became of it.
    pub end: End,
    /// The agent's last words.
    pub summary: String,
    /// Why it changed what it changed, if it was asked and answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ClaimedReason>,
    /// For [`Driver::Command`], the command's exit code; nothing if a signal or the time limit ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The last record of the journal.
    pub last_seq: u64,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_ms: u64,
}

/// What the agent says about one of its changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedReason {
    /// The file, relative to the workspace.
    pub path: String,
    /// A few words of the changed lines, to tell several changes of one file apart; may be empty.
    #[serde(default)]
    pub lines: String,
    /// Why.
    pub why: String,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum End {
    /// The agent says it is done.
    Finished,
    /// Someone stopped it.
    Stopped,
    /// It failed.
    Failed {
        /// What happened and what to do next.
        reason: String,
    },
}

/// The first line of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "stream")]
pub enum StreamHeader {
    /// The journal from a byte offset on.
    Journal {
        /// Where to begin, in bytes.
        offset: u64,
    },
    /// Control requests.
    Control,
    /// One HTTP/1.1 connection to the gateway.
    Model,
}

/// What the engine asks of a running agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum ControlRequest {
    /// Stop the work and everything it started.
    Stop,
    /// Say that you are there.
    Ping,
    /// Tell the agent something while it works.
    Tell {
        /// A UUID; telling twice under the same one tells once.
        id: String,
        /// The words.
        text: String,
    },
    /// Hold everything where it is. Doing it twice changes nothing.
    Pause,
    /// Let everything go on. Doing it twice changes nothing.
    Resume,
}

/// The answer to a [`ControlRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum ControlReply {
    /// It was taken; for a stop, the outcome follows within a second. What was told is in the journal.
    Done,
    /// It was not understood or could not be done.
    Error {
        /// Why.
        message: String,
    },
}
