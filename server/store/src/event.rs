//! What is stored: events, and the rows that summarise them.

use aca_protocol::{AttemptId, TaskId};

/// The largest body of an event, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 24;

/// An event to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// What kind of event it is. The store gives kinds no meaning and keeps those it has never seen.
    pub kind: &'a str,
    /// When it happened, in milliseconds since the Unix epoch.
    pub ts_ms: u64,
    /// The task it is about.
    pub task: Option<&'a TaskId>,
    /// The attempt it is about.
    pub attempt: Option<&'a AttemptId>,
    /// Who asked for it, as a name to show: a client's, or `None` for the engine itself.
    pub who: Option<&'a str>,
    /// Its content, as JSON, at most [`MAX_BODY_BYTES`].
    pub body: &'a [u8],
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the session; the first is 1 and none is left out.
    pub seq: u64,
    /// An identifier that no other event has.
    pub id: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub ts_ms: u64,
    /// What kind of event it is.
    pub kind: String,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The attempt it is about.
    pub attempt: Option<AttemptId>,
    /// Who asked for it; `None` is the engine itself, or nobody known in sessions of format 1.
    pub who: Option<String>,
    /// Whether its content is sealed on disk.
    pub sealed: bool,
    /// Its content, as JSON.
    pub body: Vec<u8>,
    /// The SHA-256 hash that stands for it in the chain: it covers the event and the hash before it.
    pub hash: [u8; 32],
}

/// The current state of one thing, derived from events and written with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A task.
    Task {
        /// Its identifier.
        id: TaskId,
        /// Its title.
        title: String,
        /// The name of its state.
        state: String,
        /// What it has cost, in millionths of a US dollar.
        cost_micros: u64,
    },
    /// An attempt.
    Attempt {
        /// Its identifier.
        id: AttemptId,
        /// The task it is an attempt at.
        task: TaskId,
        /// The name of its state.
        state: String,
    },
}
