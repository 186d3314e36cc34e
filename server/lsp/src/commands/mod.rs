//! The commands of `workspace/executeCommand`, their arguments, and what plain clients can do with them.
//!
//! | command | argument | what it does |
//! |---|---|---|
//! | `aca.server.run` | `{uri, line, text, version}` | starts a task from the TODO with that text, nearest to that line |
//! | `aca.server.run` | `{uri, range, version, instruction}` | starts a task on selected code |
//! | `aca.server.stop`, `aca.server.pause`, `aca.server.resume` | `{task}` | stops, holds or lets go on a task |
//! | `aca.server.recover` | `{task, how}` | has a task go on that brought nothing: `continue`, `again` or `take` |
//! | `aca.server.tell` | `{task, text}` | tells a running agent something |
//! | `aca.server.accept`, `aca.server.reject` | `{task, hunk, seen?}` | decides one hunk |
//! | `aca.server.acceptFile`, `aca.server.rejectFile` | `{task, path, seen?}` | decides all undecided hunks of a file |
//! | `aca.server.acceptAll`, `aca.server.rejectAll` | `{task, seen?}` | decides all undecided hunks of a task |
//! | `aca.server.resolve` | `{task, hunk, resolution, seen?}` | ends a conflict: `agent` takes the agent's text, `both` keeps both to edit |
//! | `aca.server.reopen` | `{task, hunks?}` | brings rejected hunks back, all of the task without `hunks` |
//! | `aca.server.split` | `{task, hunk, start, end, accept?}` | cuts lines out of a hunk as one of their own, and accepts that |
//! | `aca.server.redo` | `{task, hunks?}` | asks the agent to make hunks again on the files as they are |
//! | `aca.server.sendBack` | `{task, remark?, redo?}` | sends a proposal back to its agent |
//! | `aca.server.check` | `{task, hunks?}` | checks undecided hunks, all of the task without `hunks` |
//! | `aca.server.confirmCheck` | `{workspace, command?}` | confirms the project's check command as it was shown |
//! | `aca.server.undo` | `{workspace, operation?, hunks?}` | takes back a landing, the newest one without `operation` |
//! | `aca.server.showProposal` | `{task}` | shows the first undecided hunk |
//!
//! `seen` is the proposal's revision that was looked at; a hunk that says something else since is refused.
//!
//! What is about a task answers with `{task}` as soon as it is recorded. What is about hunks answers at once and reports
//! by `window/showMessage` what could not be done, because landing needs the client, which may be waiting for this
//! answer.
//!
//! The protocol gives a server no way to ask for a line of text, so *Do this…* on a selection needs an instruction
//! from elsewhere. A front end asks its user and sends it as `instruction`. Where the argument has none, the selection's
//! own TODO is the instruction, else the words of a comment at its beginning, else [`COMPLETE`]; the action's title
//! says which. For the same reason `tell` and a `sendBack` with a remark are for front ends that can ask; the actions of
//! a plain client have words that are known beforehand. A front end that asks declares commands of its own, and is given
//! them in lenses and actions: [`ClientCommand`](crate::front_end::ClientCommand).

mod args;

use aca_protocol::proposal::{Decision, Resolution, Selection};
use aca_protocol::{HunkId, TaskId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_lsp::jsonrpc::Error;

pub(crate) use args::{
    AllArgs, ConfirmArgs, FileArgs, HunkArgs, HunksArgs, RecoverArgs, ResolveArgs, ReviewArgs, RunArgs, SendBackArgs,
    SplitArgs, TaskArgs, TellArgs, UndoArgs,
};

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])*
        pub(crate) const $name: &str = $value;)*
        /// All commands, as the server announces them.
        pub(crate) const NAMES: &[&str] = &[$($name),*];
    };
}

commands! {
    /// Starts a task.
    RUN = "aca.server.run";
    /// Stops a task.
    STOP = "aca.server.stop";
    /// Holds a running task.
    PAUSE = "aca.server.pause";
    /// Lets a held task go on.
    RESUME = "aca.server.resume";
    /// Has a task go on that ended without a result.
    RECOVER = "aca.server.recover";
    /// Tells a running task something.
    TELL = "aca.server.tell";
    /// Accepts a hunk.
    ACCEPT = "aca.server.accept";
    /// Rejects a hunk.
    REJECT = "aca.server.reject";
    /// Accepts the undecided hunks of a file.
    ACCEPT_FILE = "aca.server.acceptFile";
    /// Rejects the undecided hunks of a file.
    REJECT_FILE = "aca.server.rejectFile";
    /// Accepts the undecided hunks of a task.
    ACCEPT_ALL = "aca.server.acceptAll";
    /// Rejects the undecided hunks of a task.
    REJECT_ALL = "aca.server.rejectAll";
    /// Accepts a hunk whose place someone else changed too.
    RESOLVE = "aca.server.resolve";
    /// Brings rejected hunks back.
    REOPEN = "aca.server.reopen";
    /// Cuts lines out of a hunk.
    SPLIT = "aca.server.split";
    /// Has the agent make hunks again.
    REDO = "aca.server.redo";
    /// Sends a proposal back.
    SEND_BACK = "aca.server.sendBack";
    /// Checks hunks.
    CHECK = "aca.server.check";
    /// Confirms the check command.
    CONFIRM_CHECK = "aca.server.confirmCheck";
    /// Takes back a landing.
    UNDO = "aca.server.undo";
    /// Shows the first undecided hunk of a task.
    SHOW_PROPOSAL = "aca.server.showProposal";
}

/// What to do with a selection about which nothing else is known.
pub(crate) const COMPLETE: &str = "Complete the selected code.";

/// A command as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Start a task.
    Run(RunArgs),
    /// Stop a task.
    Stop(TaskArgs),
    /// Hold a task.
    Pause(TaskArgs),
    /// Let a task go on.
    Resume(TaskArgs),
    /// Have a task go on that ended without a result.
    Recover(RecoverArgs),
    /// Tell a task something.
    Tell(TellArgs),
    /// Decide hunks.
    Decide {
        /// The task.
        task: TaskId,
        /// The decision.
        decision: Decision,
        /// The hunks.
        selection: Selection,
        /// What to do with a conflict.
        resolution: Option<Resolution>,
        /// The proposal's revision that was looked at.
        seen: Option<u64>,
    },
    /// Bring rejected hunks back.
    Reopen(HunksArgs),
    /// Cut lines out of a hunk.
    Split(SplitArgs),
    /// Send a proposal back.
    SendBack(SendBackArgs),
    /// Check hunks.
    Check(HunksArgs),
    /// Confirm the check command.
    ConfirmCheck(ConfirmArgs),
    /// Take back a landing.
    Undo(UndoArgs),
    /// Show a proposal.
    ShowProposal(TaskArgs),
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
        let decide = |task, selection, seen| Self::Decide {
            task,
            decision,
            selection,
            resolution: None,
            seen,
        };
        let one = |hunk: HunkId| Selection::Hunks { ids: vec![hunk] };
        Ok(match name {
            RUN => Self::Run(argument(name, arguments)?),
            STOP => Self::Stop(argument(name, arguments)?),
            PAUSE => Self::Pause(argument(name, arguments)?),
            RESUME => Self::Resume(argument(name, arguments)?),
            RECOVER => Self::Recover(argument(name, arguments)?),
            TELL => Self::Tell(argument(name, arguments)?),
            SHOW_PROPOSAL => Self::ShowProposal(argument(name, arguments)?),
            ACCEPT | REJECT => {
                let HunkArgs { task, hunk, seen } = argument(name, arguments)?;
                decide(task, one(hunk), seen)
            }
            ACCEPT_FILE | REJECT_FILE => {
                let FileArgs { task, path, seen } = argument(name, arguments)?;
                decide(task, Selection::File { path }, seen)
            }
            ACCEPT_ALL | REJECT_ALL => {
                let AllArgs { task, seen } = argument(name, arguments)?;
                decide(task, Selection::All, seen)
            }
            RESOLVE => {
                let args: ResolveArgs = argument(name, arguments)?;
                Self::Decide {
                    task: args.task,
                    decision: Decision::Accept,
                    selection: one(args.hunk),
                    resolution: Some(args.resolution),
                    seen: args.seen,
                }
            }
            REOPEN => Self::Reopen(argument(name, arguments)?),
            SPLIT => Self::Split(argument(name, arguments)?),
            REDO => {
                let HunksArgs { task, hunks } = argument(name, arguments)?;
                Self::SendBack(SendBackArgs {
                    task,
                    remark: String::new(),
                    redo: hunks.unwrap_or_default(),
                })
            }
            SEND_BACK => Self::SendBack(argument(name, arguments)?),
            CHECK => Self::Check(argument(name, arguments)?),
            CONFIRM_CHECK => Self::ConfirmCheck(argument(name, arguments)?),
            UNDO => Self::Undo(argument(name, arguments)?),
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
mod tests;
