//! An exported session: a directory in one layout, with a list of every file in it.
//!
//! `meta/session.json` says what the session is, `meta/redactions.json` what was taken out and left out of which file,
//! and `meta/manifest.json` which files there are. `events.jsonl` has all events, one a line. `claude/<attempt>/` has
//! the conversations, `file_changes/` the proposals with every object they need, `execution_logs/` what attempts and
//! checks left behind.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aca_protocol::session::{AttemptInfo, CheckpointView};
use aca_protocol::task::{TaskView, Usage};
use aca_protocol::{AttemptId, SessionId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The format that is written, and the latest that is read.
pub(super) const FORMAT: u32 = 1;

/// The names of files and directories of a package.
pub(super) mod names {
    pub(in super::super) const MANIFEST: &str = "meta/manifest.json";
    pub(in super::super) const SESSION: &str = "meta/session.json";
    pub(in super::super) const REDACTIONS: &str = "meta/redactions.json";
    pub(in super::super) const EVENTS: &str = "events.jsonl";
    pub(in super::super) const OBJECTS: &str = "file_changes/objects.pack";
    pub(in super::super) const CHANGES: &str = "file_changes";
    pub(in super::super) const CLAUDE: &str = "claude";
    pub(in super::super) const LOGS: &str = "execution_logs";
}

/// `meta/manifest.json`: every other file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The format of the package.
    pub(super) format: u32,
    /// The files, in the order of their paths.
    pub(super) files: Vec<ListedFile>,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedFile {
    /// Its path in the package, with `/` between components.
    pub(super) path: String,
    /// Its size, in bytes.
    pub(super) bytes: u64,
    /// Its SHA-256 hash, in hexadecimal.
    pub(super) sha256: String,
}

/// `meta/session.json`: what the session is. What an import needs is the first part; the rest is for people and tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionFile {
    /// The format of the package.
    pub(super) format: u32,
    /// The session.
    pub(super) id: SessionId,
    /// The root of its workspace where it was exported.
    pub(super) workspace: PathBuf,
    /// How many events it has.
    pub(super) events: u64,
    /// The hash of the last one, in hexadecimal.
    pub(super) head: String,

    /// The version of aca that wrote it.
    pub(super) version: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub(super) exported_ms: u64,
    /// When the session was created, in milliseconds since the Unix epoch.
    pub(super) created_ms: u64,
    /// When its last event was recorded, in milliseconds since the Unix epoch.
    pub(super) changed_ms: u64,
    /// The name a person gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Whether its events are sealed where it was exported. They are readable here.
    pub(super) was_sealed: bool,
    /// What it has used.
    pub(super) usage: Usage,
    /// What it has used of each model.
    pub(super) models: Vec<ModelUse>,
    /// Its tasks, oldest first.
    pub(super) tasks: Vec<TaskView>,
    /// Its attempts, oldest first.
    pub(super) attempts: Vec<AttemptInfo>,
    /// Its checkpoints, oldest first.
    pub(super) checkpoints: Vec<CheckpointView>,
}

/// What was used of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ModelUse {
    /// The model; empty where it is not known.
    pub(super) model: String,
    /// What was used.
    pub(super) usage: Usage,
}

/// `meta/redactions.json`: how the package differs from what it was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redactions {
    /// Files that secrets were taken out of, by path.
    pub(super) redacted: Vec<Redacted>,
    /// Files whose content is not text, so that no secret was looked for in them, by path.
    pub(super) not_text: Vec<String>,
    /// What is not in the package, with the reason.
    pub(super) left_out: Vec<LeftOut>,
}

/// A file that secrets were taken out of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redacted {
    /// Its path in the package.
    pub(super) path: String,
    /// How many secrets.
    pub(super) secrets: u64,
}

/// Something that is not in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftOut {
    /// Its path where it was.
    pub(super) path: String,
    /// Why, as a clause.
    pub(super) reason: String,
}

/// A line of `events.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventLine {
    /// Its place in the session, counted from one.
    pub(super) seq: u64,
    /// Its identifier.
    pub(super) id: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub(super) at_ms: u64,
    /// What kind of event it is.
    pub(super) kind: String,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<TaskId>,
    /// The attempt it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<AttemptId>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) who: Option<String>,
    /// Its hash where it was recorded, in hexadecimal. It covers the event as it was before secrets were taken out.
    pub(super) hash: String,
    /// Its content.
    pub(super) body: Box<RawValue>,
}

/// Adds the names of objects that an event refers to, whatever kind of event it is: strings that look like one.
pub(super) fn objects_in(body: &[u8], objects: &mut BTreeSet<String>) {
    fn collect(value: &Value, objects: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if is_object(text) => drop(objects.insert(text.clone())),
            Value::Array(values) => values.iter().for_each(|value| collect(value, objects)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, objects)),
            _ => {}
        }
    }
    if let Ok(value) = serde_json::from_slice(body) {
        collect(&value, objects);
    }
}

fn is_object(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Says whether a path can be one of a package: plain names that mean the same everywhere.
pub(super) fn is_path(path: &str) -> bool {
    path.len() <= 1000 && path.split('/').count() <= 12 && path.split('/').all(is_name)
}

/// Says whether a name is plain: letters, digits, `.`, `_` and `-`, and no dot at the beginning.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && name.chars().all(plain)
}
