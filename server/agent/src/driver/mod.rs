//! What drives the work: Claude Code, the agent's own small loop, or one command.

mod bounded;
mod claims;
mod claude;
mod command;
mod direct;
mod environment;
mod reasons;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_protocol::agent::{AttemptSpec, ClaimedReason, Driver, End, RecordBody, files};

use crate::journal::{Journal, JournalError};
use crate::life::Life;
use crate::link::Daemons;
use crate::processes::Processes;
use crate::steer::Steering;
use crate::text::clip;

/// The longest beginning of a tool's output that an event holds, in bytes.
const MAX_RESULT: usize = 4 * 1024;

/// The longest description of a tool call, in bytes.
const MAX_ABOUT: usize = 200;

/// The longest piece of noise that an event holds, in bytes.
const MAX_NOISE: usize = 2 * 1024;

/// The largest project guidance that is passed on, in bytes.
const MAX_GUIDANCE: usize = 32 * 1024;

/// Everything a driver works with.
pub(crate) struct Context {
    /// The attempt's directory, absolute.
    pub(crate) out: PathBuf,
    /// What to do.
    pub(crate) spec: AttemptSpec,
    /// Where everything is noted first.
    pub(crate) journal: Arc<Journal>,
    /// Where processes are started.
    pub(crate) processes: Arc<Processes>,
    /// The way to the gateway.
    pub(crate) daemons: Arc<Daemons>,
    /// Where signs of life are noted.
    pub(crate) life: Arc<Life>,
    /// What a person asks of the run meanwhile.
    pub(crate) steering: Arc<Steering>,
}

impl Context {
    /// The driven program's home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.out.join(files::HOME)
    }

    /// The driven program's directory for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.out.join("tmp")
    }

    /// Journals an event, which is a sign of life too.
    fn event(&self, event: RecordBody) -> Result<(), JournalError> {
        self.life.sign();
        self.journal.event(event)
    }

    /// Returns the text for the system prompt: the specification's, and what the project says in its `CLAUDE.md`.
    fn system(&self) -> String {
        let mut system = clip(&self.spec.system, MAX_GUIDANCE);
        if let Some(guidance) = guidance(&self.spec.workspace.join("CLAUDE.md")) {
            system.push_str("\n\n# The project's CLAUDE.md\n\n");
            system.push_str(&guidance);
        }
        // An argument cannot hold it.
        system.retain(|char| char != '\0');
        system
    }
}

/// How the driven work ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// What became of it.
    pub(crate) end: End,
    /// The agent's last words.
    pub(crate) summary: String,
    /// Why it changed what it changed.
    pub(crate) reasons: Vec<ClaimedReason>,
    /// The exit code, where the work was a command.
    pub(crate) exit_code: Option<i32>,
}

impl Ending {
    /// An end with last words.
    pub(crate) fn new(end: End, summary: impl Into<String>) -> Self {
        Self {
            end,
            summary: summary.into(),
            reasons: Vec::new(),
            exit_code: None,
        }
    }

    /// A failure without last words.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::new(End::Failed { reason: reason.into() }, "")
    }
}

/// Why a driver could not go on.
#[derive(Debug, thiserror::Error)]
enum DriveError {
    /// The journal refused a record: nothing may happen that is not in it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The driven program's pipes broke in an unexpected way.
    #[error("the driven program could not be talked to: {0}; run the task again")]
    Pipe(#[from] io::Error),
}

/// Drives the work to its end.
pub(crate) async fn drive(context: &Arc<Context>) -> Ending {
    let driven = match context.spec.driver {
        Driver::ClaudeCode => Box::pin(claude::drive(context)).await,
        Driver::Direct => Box::pin(direct::drive(context)).await,
        Driver::Command => Box::pin(command::drive(context)).await,
    };
    driven.unwrap_or_else(|error| Ending::failed(error.to_string()))
}

/// Reads the beginning of a text file. Whatever is not a file, or not there, is nothing.
fn guidance(path: &Path) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX_GUIDANCE as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(clip(&String::from_utf8_lossy(&bytes), MAX_GUIDANCE))
}

/// Describes a tool call by what it is about: a path or a command.
fn about(input: &serde_json::Value) -> String {
    const TELLING: [&str; 10] = [
        "file_path",
        "path",
        "notebook_path",
        "command",
        "pattern",
        "query",
        "text",
        "description",
        "url",
        "prompt",
    ];
    let telling = TELLING.iter().find_map(|key| input.get(key)?.as_str());
    crate::text::first_line(telling.unwrap_or_default(), MAX_ABOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_about_its_path_or_the_first_line_of_its_command() {
        let cases = [
            (r#"{"file_path":"/ws/a","content":"x"}"#, "/ws/a"),
            (r#"{"command":"\n cargo test\n","description":"Test"}"#, "cargo test"),
            (r#"{"other":"x"}"#, ""),
            (r#"{"path":7}"#, ""),
            ("null", ""),
        ];
        for (input, want) in cases {
            assert_eq!(about(&serde_json::from_str(input).unwrap()), want, "{input}");
        }
    }

    #[test]
    fn guidance_is_bounded_and_only_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("CLAUDE.md");
        std::fs::write(&path, "ä".repeat(MAX_GUIDANCE)).unwrap();
        assert!(guidance(&path).unwrap().len() <= MAX_GUIDANCE + "…".len());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(guidance(&path), None);
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(guidance(&path), None);
    }
}
