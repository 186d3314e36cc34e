//! The commands of `workspace/executeCommand`, their arguments, and what plain clients can do with them.
//!
//! | command | argument | what it does |
//! |---|---|---|
//! | `aca.server.run` | `{uri, line, text, version}` | starts a task from the TODO with that text, nearest to that line |
//! | `aca.server.run` | `{uri, range, version, instruction}` | starts a task on selected code |
//! | `aca.server.stop` | `{task}` | stops a task |
//! | `aca.server.accept`, `aca.server.reject` | `{task, hunk}` | decides one hunk |
//! | `aca.server.acceptFile`, `aca.server.rejectFile` | `{task, path}` | decides all undecided hunks of a file |
//! | `aca.server.acceptAll`, `aca.server.rejectAll` | `{task}` | decides all undecided hunks of a task |
//! | `aca.server.showProposal` | `{task}` | shows the first undecided hunk |
//!
//! `run` and `stop` answer with the task's identifier at once. The decisions answer at once too and report what could
//! not be done by `window/showMessage`, because landing needs the client, which may be waiting for this answer.
//!
//! The protocol gives a server no way to ask for a line of text, so *Do this…* on a selection needs an instruction
//! from elsewhere. A front end asks its user and sends it as `instruction`. Where the argument has none, the selection's
//! own TODO is the instruction, else the words of a comment at its beginning, else [`COMPLETE`]; the action's title
//! says which.

use aca_protocol::proposal::{Decision, Selection};
use aca_protocol::{HunkId, TaskId};
use lsp_types::{Range, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::jsonrpc::Error;

/// Starts a task.
pub(crate) const RUN: &str = "aca.server.run";
/// Stops a task.
pub(crate) const STOP: &str = "aca.server.stop";
/// Accepts a hunk.
pub(crate) const ACCEPT: &str = "aca.server.accept";
/// Rejects a hunk.
pub(crate) const REJECT: &str = "aca.server.reject";
/// Accepts the undecided hunks of a file.
pub(crate) const ACCEPT_FILE: &str = "aca.server.acceptFile";
/// Rejects the undecided hunks of a file.
pub(crate) const REJECT_FILE: &str = "aca.server.rejectFile";
/// Accepts the undecided hunks of a task.
pub(crate) const ACCEPT_ALL: &str = "aca.server.acceptAll";
/// Rejects the undecided hunks of a task.
pub(crate) const REJECT_ALL: &str = "aca.server.rejectAll";
/// Shows the first undecided hunk of a task.
pub(crate) const SHOW_PROPOSAL: &str = "aca.server.showProposal";

/// All commands, as the server announces them.
pub(crate) const NAMES: &[&str] = &[
    RUN,
    STOP,
    ACCEPT,
    REJECT,
    ACCEPT_FILE,
    REJECT_FILE,
    ACCEPT_ALL,
    REJECT_ALL,
    SHOW_PROPOSAL,
];

/// What to do with a selection about which nothing else is known.
pub(crate) const COMPLETE: &str = "Complete the selected code.";

/// A command as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Start a task.
    Run(RunArgs),
    /// Stop a task.
    Stop(TaskArgs),
    /// Decide hunks.
    Decide {
        /// The task.
        task: TaskId,
        /// The decision.
        decision: Decision,
        /// The hunks.
        selection: Selection,
    },
    /// Show a proposal.
    ShowProposal(TaskArgs),
}

/// Argument of [`RUN`]: a TODO's `line` and `text`, or a `range`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RunArgs {
    /// The document.
    pub(crate) uri: Url,
    /// The version that `line` or `range` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<i32>,
    /// The line of the TODO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// The TODO's text, by which it is found again when lines have moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<Range>,
    /// What to do with the selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instruction: Option<String>,
}

/// Argument of the commands about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaskArgs {
    /// The task.
    pub(crate) task: TaskId,
}

/// Argument of the commands about a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HunkArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The hunk.
    pub(crate) hunk: HunkId,
}

/// Argument of the commands about a file of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FileArgs {
    /// The task.
    pub(crate) task: TaskId,
    /// The file's path in the result, relative to the workspace.
    pub(crate) path: String,
}

impl Command {
    /// Reads a command.
    ///
    /// # Errors
    ///
    /// An invalid-params error that names the command and what is wrong with its argument.
    pub(crate) fn parse(name: &str, arguments: Vec<Value>) -> Result<Self, Error> {
        let decision = match name {
            ACCEPT | ACCEPT_FILE | ACCEPT_ALL => Decision::Accept,
            _ => Decision::Reject,
        };
        Ok(match name {
            RUN => Self::Run(argument(name, arguments)?),
            STOP => Self::Stop(argument(name, arguments)?),
            SHOW_PROPOSAL => Self::ShowProposal(argument(name, arguments)?),
            ACCEPT | REJECT => {
                let HunkArgs { task, hunk } = argument(name, arguments)?;
                Self::Decide {
                    task,
                    decision,
                    selection: Selection::Hunks { ids: vec![hunk] },
                }
            }
            ACCEPT_FILE | REJECT_FILE => {
                let FileArgs { task, path } = argument(name, arguments)?;
                Self::Decide {
                    task,
                    decision,
                    selection: Selection::File { path },
                }
            }
            ACCEPT_ALL | REJECT_ALL => {
                let TaskArgs { task } = argument(name, arguments)?;
                Self::Decide {
                    task,
                    decision,
                    selection: Selection::All,
                }
            }
            _ => {
                let known = NAMES.join(", ");
                return Err(Error::invalid_params(format!(
                    "aca has no command `{name}`. It has: {known}."
                )));
            }
        })
    }
}

/// Returns a command as actions and lenses carry it.
pub(crate) fn command(title: impl Into<String>, name: &str, argument: &impl Serialize) -> lsp_types::Command {
    // Arguments are plain structs with string keys; those always serialize.
    let argument = serde_json::to_value(argument).unwrap_or(Value::Null);
    lsp_types::Command {
        title: title.into(),
        command: name.to_owned(),
        arguments: Some(vec![argument]),
    }
}

fn argument<T: DeserializeOwned>(name: &str, arguments: Vec<Value>) -> Result<T, Error> {
    let count = arguments.len();
    let mut arguments = arguments.into_iter();
    let (Some(argument), None) = (arguments.next(), arguments.next()) else {
        return Err(Error::invalid_params(format!(
            "The command `{name}` takes one argument, an object; it got {count}."
        )));
    };
    serde_json::from_value(argument).map_err(|error| {
        Error::invalid_params(format!(
            "The argument of `{name}` is not what the command takes: {error}."
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_are_read_with_their_arguments() {
        let task = TaskId::new("t1");
        let cases = [
            (
                STOP,
                json!({"task": "t1"}),
                Command::Stop(TaskArgs { task: task.clone() }),
            ),
            (
                SHOW_PROPOSAL,
                json!({"task": "t1"}),
                Command::ShowProposal(TaskArgs { task: task.clone() }),
            ),
            (
                ACCEPT,
                json!({"task": "t1", "hunk": "h"}),
                Command::Decide {
                    task: task.clone(),
                    decision: Decision::Accept,
                    selection: Selection::Hunks {
                        ids: vec![HunkId::new("h")],
                    },
                },
            ),
            (
                REJECT_FILE,
                json!({"task": "t1", "path": "a.rs"}),
                Command::Decide {
                    task: task.clone(),
                    decision: Decision::Reject,
                    selection: Selection::File {
                        path: "a.rs".to_owned(),
                    },
                },
            ),
            (
                REJECT_ALL,
                json!({"task": "t1"}),
                Command::Decide {
                    task,
                    decision: Decision::Reject,
                    selection: Selection::All,
                },
            ),
        ];
        for (name, argument, expected) in cases {
            assert_eq!(Command::parse(name, vec![argument]).unwrap(), expected);
        }
    }

    #[test]
    fn malformed_arguments_say_what_is_wrong() {
        let cases = [
            (RUN, vec![], "takes one argument"),
            (RUN, vec![json!({}), json!({})], "it got 2"),
            (RUN, vec![json!({})], "missing field `uri`"),
            (
                RUN,
                vec![json!({"uri": "file:///a", "lien": 3})],
                "unknown field `lien`",
            ),
            (STOP, vec![json!({"task": 7})], "invalid type"),
            (ACCEPT, vec![json!("t1")], "invalid type"),
            ("aca.server.nothing", vec![], "aca has no command `aca.server.nothing`"),
        ];
        for (name, arguments, expected) in cases {
            let error = Command::parse(name, arguments).unwrap_err();
            assert_eq!(error.code.code(), -32602);
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }

    #[test]
    fn every_announced_command_is_known() {
        for name in NAMES {
            let error = Command::parse(name, vec![]).unwrap_err();
            assert!(!error.message.contains("has no command"), "{name}");
        }
    }
}
