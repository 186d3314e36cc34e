//! What is asked of the engine in a review, and what to say of the answers.

use std::path::PathBuf;

use aca_protocol::methods::{
    Amend, AmendParams, Check, CheckCommand, CheckCommandResult, CheckParams, ConfirmCheck, ConfirmCheckParams, Decide,
    DecideParams, DecideResult, Join, JoinParams, Operations, Proposal, Refusal, SendBack, SendBackParams, Split,
    SplitParams, TaskParams, TasksParams, Undo, UndoParams,
};
use aca_protocol::proposal::{Decision, ProposalView, Resolution, Selection};
use aca_protocol::task::TaskView;
use aca_protocol::{HunkId, OperationId, TaskId};

use crate::client::Caller;
use crate::command::undo;
use crate::exit::Failure;
use crate::terminal::{Said, harmless};
use crate::words;

/// Something to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// Decide hunks.
    Decide {
        decision: Decision,
        selection: Selection,
        resolution: Option<Resolution>,
        /// The revision that is shown.
        seen: u64,
    },
    /// Cut lines out of a hunk.
    Split { hunk: HunkId, start: u32, end: u32 },
    /// Make one hunk of two.
    Join { hunks: [HunkId; 2] },
    /// Change a hunk's text.
    Amend { hunk: HunkId, text: String },
    /// Take back the newest landing of the task, or its newest taking back.
    Undo { redo: bool },
    /// Send the proposal back.
    SendBack { remark: String, redo: Vec<HunkId> },
    /// Run the check.
    Check {
        selection: Selection,
        confirmed: Option<String>,
    },
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The proposal afterwards.
    pub(super) proposal: Option<ProposalView>,
    /// The task afterwards.
    pub(super) task: Option<TaskView>,
    /// What to say, a line each.
    pub(super) said: Vec<Said>,
    /// Whether the current hunk was dealt with, so that the next one is due.
    pub(super) advance: bool,
    /// The check command that a person has to confirm first, with what it is to be run on.
    pub(super) confirm: Option<(CheckCommandResult, Selection)>,
}

/// Who asks, and about what.
#[derive(Clone)]
pub(super) struct Asker {
    /// The connection.
    pub(super) caller: Caller,
    /// The task.
    pub(super) task: TaskId,
    /// The root of its workspace.
    pub(super) workspace: PathBuf,
}

impl Asker {
    /// Asks. A failure is something to say, too.
    pub(super) async fn ask(&self, request: Request) -> Answer {
        self.answer(request).await.unwrap_or_else(|failure| Answer {
            said: vec![Said::Refused(failure.message)],
            ..Answer::default()
        })
    }

    /// Returns the proposal as it is now.
    pub(super) async fn proposal(&self) -> Result<ProposalView, Failure> {
        let task = self.task.clone();
        self.caller.call::<Proposal>(TaskParams { task }).await
    }

    async fn answer(&self, request: Request) -> Result<Answer, Failure> {
        let task = self.task.clone();
        match request {
            Request::Decide {
                decision,
                selection,
                resolution,
                seen,
            } => {
                let params = DecideParams {
                    task,
                    decision,
                    selection,
                    resolution,
                    seen: Some(seen),
                };
                let result = self.caller.call::<Decide>(params).await?;
                Ok(Answer {
                    said: decided(decision, &result),
                    advance: decision != Decision::Reopen,
                    proposal: Some(result.proposal),
                    ..Answer::default()
                })
            }
            Request::Split { hunk, start, end } => {
                let proposal = self
                    .caller
                    .call::<Split>(SplitParams { task, hunk, start, end })
                    .await?;
                Ok(changed(proposal, "The lines are a hunk of their own now."))
            }
            Request::Join { hunks } => {
                let proposal = self
                    .caller
                    .call::<Join>(JoinParams {
                        task,
                        hunks: hunks.into(),
                    })
                    .await?;
                Ok(changed(proposal, "The two are one hunk now."))
            }
            Request::Amend { hunk, text } => {
                let proposal = self
                    .caller
                    .call::<Amend>(AmendParams {
                        task,
                        hunk,
                        text: Some(text),
                    })
                    .await?;
                Ok(changed(proposal, "The hunk has your text now; a accepts it."))
            }
            Request::Undo { redo } => self.undo(redo).await,
            Request::SendBack { remark, redo } => {
                let task = self
                    .caller
                    .call::<SendBack>(SendBackParams { task, remark, redo })
                    .await?;
                let said = "Sent back: the agent works on it again. Its next round appears here; q does not stop it.";
                Ok(Answer {
                    task: Some(task),
                    said: vec![Said::Done(said.into())],
                    ..Answer::default()
                })
            }
            Request::Check { selection, confirmed } => self.check(selection, confirmed).await,
        }
    }

    async fn undo(&self, redo: bool) -> Result<Answer, Failure> {
        let Some(operation) = self.newest(redo).await? else {
            let nothing = if redo {
                "Nothing was taken back."
            } else {
                "Nothing of this task has landed."
            };
            return Ok(Answer {
                said: vec![Said::Refused(nothing.into())],
                ..Answer::default()
            });
        };
        let params = UndoParams {
            workspace: self.workspace.clone(),
            operation: Some(operation),
            hunks: None,
        };
        let result = self.caller.call::<Undo>(params).await?;
        let done = if redo {
            "landed again"
        } else {
            "taken back; what you typed since stays"
        };
        let mut said = Vec::new();
        if !result.hunks.is_empty() {
            said.push(Said::Done(format!(
                "{} {done}.",
                words::count_of(&result.hunks, "hunk")
            )));
        }
        said.extend(result.refused.iter().map(refused));
        Ok(Answer {
            proposal: Some(result.proposal),
            said,
            ..Answer::default()
        })
    }

    /// Finds the task's newest landing that still stands, or its newest taking back that does.
    async fn newest(&self, taking_back: bool) -> Result<Option<OperationId>, Failure> {
        let workspace = self.workspace.clone();
        let all = self
            .caller
            .call::<Operations>(TasksParams { workspace })
            .await?
            .operations;
        let fits = |operation: &&aca_protocol::methods::OperationView| {
            operation.task == self.task
                && !operation.hunks.is_empty()
                && undo::is_landing(&all, operation) != taking_back
        };
        Ok(all.iter().rev().find(fits).map(|operation| operation.id.clone()))
    }

    async fn check(&self, selection: Selection, confirmed: Option<String>) -> Result<Answer, Failure> {
        let workspace = self.workspace.clone();
        let command = match confirmed {
            Some(_) => {
                let params = ConfirmCheckParams {
                    workspace,
                    command: confirmed,
                };
                self.caller.call::<ConfirmCheck>(params).await?
            }
            None => self.caller.call::<CheckCommand>(TasksParams { workspace }).await?,
        };
        let Some(line) = &command.command else {
            return Ok(Answer {
                said: vec![Said::Refused(words::NO_CHECK.into())],
                ..Answer::default()
            });
        };
        if !command.confirmed {
            return Ok(Answer {
                confirm: Some((command, selection)),
                ..Answer::default()
            });
        }
        let said = format!("The check runs in a sandbox: {}", harmless(line));
        let task = self.task.clone();
        let proposal = self.caller.call::<Check>(CheckParams { task, selection }).await?;
        Ok(changed(proposal, &said))
    }
}

fn changed(proposal: ProposalView, said: &str) -> Answer {
    Answer {
        proposal: Some(proposal),
        said: vec![Said::Done(said.into())],
        ..Answer::default()
    }
}

/// Says what came of a decision, a line each.
pub(super) fn decided(decision: Decision, result: &DecideResult) -> Vec<Said> {
    let done = match decision {
        Decision::Accept => "landed",
        Decision::Reject => "rejected",
        Decision::Reopen => "brought back",
    };
    let mut said = Vec::new();
    if !result.decided.is_empty() || result.refused.is_empty() {
        said.push(Said::Done(format!(
            "{} {done}.",
            words::count_of(&result.decided, "hunk")
        )));
    }
    said.extend(result.warnings.iter().map(|warning| Said::Warning(harmless(warning))));
    said.extend(result.refused.iter().map(refused));
    said
}

/// Says why a hunk stays as it was.
pub(super) fn refused(refusal: &Refusal) -> Said {
    Said::Refused(format!(
        "Hunk {} stays as it was: {}",
        words::short(&refusal.hunk),
        harmless(&refusal.reason)
    ))
}
