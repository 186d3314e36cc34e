//! The project's check: which command it is, whether it may be run, and running it on live files with hunks in them.
//!
//! A check runs in a sandbox of its own, without a model and without a network. What it says about a proposal is
//! recorded with [`Command::Checked`]; that it cannot be run never stands in a review's way.

mod command;
mod detect;
mod findings;
mod leftovers;
mod output;
mod run;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;

use aca_protocol::methods::CheckCommandResult;
use aca_protocol::proposal::{CheckState, CheckView};
use aca_protocol::{HunkId, TaskId};
use tokio_util::sync::CancellationToken;

use crate::actor::{Message, SessionContext};
use crate::config::Config;
use crate::core::{Command, Task};
use crate::handle::Shared;

pub(crate) use command::command;
pub(crate) use leftovers::{left_over, sweep};

/// A check that is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The task whose proposal is checked.
    pub(crate) task: Task,
    /// What to run.
    pub(crate) what: What,
}

/// What a check runs on.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// The agent's whole result.
    Result,
    /// This command on the live files with these hunks in them.
    Chosen {
        /// The command, which a person has confirmed.
        command: String,
        /// The hunks.
        hunks: Vec<HunkId>,
    },
}

/// The checks of a session that run, one a task.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    running: HashMap<TaskId, (u64, CancellationToken)>,
    last: u64,
}

impl Checks {
    /// Begins a check in the place of the one that runs, and returns its number and what stops it.
    pub(crate) fn begin(&mut self, task: &TaskId) -> (u64, CancellationToken) {
        self.stop(task);
        self.last += 1;
        let stop = CancellationToken::new();
        self.running.insert(task.clone(), (self.last, stop.clone()));
        (self.last, stop)
    }

    /// Stops the check of a task, if one runs. It is not heard of any more.
    pub(crate) fn stop(&mut self, task: &TaskId) {
        if let Some((_, stop)) = self.running.remove(task) {
            stop.cancel();
        }
    }

    /// Stops all checks.
    pub(crate) fn stop_all(&mut self) {
        self.running.drain().for_each(|(_, (_, stop))| stop.cancel());
    }

    /// Says whether this is the check of the task that runs.
    pub(crate) fn runs(&self, task: &TaskId, number: u64) -> bool {
        self.running.get(task).is_some_and(|(running, _)| *running == number)
    }

    /// Takes the end of a check, unless another one runs by now.
    pub(crate) fn end(&mut self, task: &TaskId, number: u64) {
        if self.runs(task, number) {
            self.running.remove(task);
        }
    }
}

/// Says whether an agent's result is to be checked before it is shown.
pub(crate) async fn wanted(shared: &Shared, session: &SessionContext) -> bool {
    let known = command(shared, &session.id, &session.root).await;
    known.is_ok_and(|(known, _)| known.confirmed && known.command.is_some())
}

/// The check of chosen hunks that is shown while it runs.
pub(crate) fn begun(command: &str, hunks: Vec<HunkId>) -> CheckView {
    bare(command, Some(hunks), CheckState::Running)
}

/// A check that has found nothing.
fn bare(command: &str, hunks: Option<Vec<HunkId>>, state: CheckState) -> CheckView {
    CheckView {
        command: command.to_owned(),
        hunks,
        state,
        findings: Vec::new(),
        output: String::new(),
    }
}

/// The check that is shown in place of one that aca did not see the end of.
pub(crate) fn interrupted(check: &CheckView) -> CheckView {
    let reason = "aca was stopped while it ran. Start it again.".to_owned();
    CheckView {
        state: CheckState::Broken { reason },
        ..check.clone()
    }
}

/// Runs a check to its end and reports that, unless it is stopped first. Nothing of it is left when this returns.
pub(crate) async fn run(
    shared: Arc<Shared>,
    session: Arc<SessionContext>,
    plan: Plan,
    number: u64,
    stop: CancellationToken,
) {
    let broken = |command: &str, reason: String| {
        let hunks = match &plan.what {
            What::Result => None,
            What::Chosen { hunks, .. } => Some(hunks.clone()),
        };
        (bare(command, hunks, CheckState::Broken { reason }), None)
    };
    let (check, retry) = match agreed(&shared, &session, &plan).await {
        Ok((command, config)) => {
            let running = run::Run::new(&shared, &session, &plan, &config, (&command, number), &stop);
            match running.carry().await {
                Ok(check) => {
                    let retry = retry(&plan, &check, &config);
                    (check, retry)
                }
                Err(reason) => broken(&command, reason),
            }
        }
        Err((command, reason)) => broken(&command, reason),
    };
    if stop.is_cancelled() {
        return;
    }
    let command = Command::Checked {
        task: plan.task.id.clone(),
        check,
        retry,
    };
    // The engine may be shutting down; then the check is run, or said to be interrupted, when it is back.
    let _ = shared.inbox.send(Message::CheckEnded {
        session: session.id.clone(),
        task: plan.task.id,
        number,
        command,
    });
}

/// Returns the command to run, with the settings.
///
/// # Errors
///
/// A sentence, if there is none that a person has confirmed, behind the command as far as it is known.
async fn agreed(shared: &Shared, session: &SessionContext, plan: &Plan) -> Result<(String, Config), (String, String)> {
    let named = match &plan.what {
        What::Result => None,
        What::Chosen { command, .. } => Some(command.clone()),
    };
    let known = command(shared, &session.id, &session.root).await;
    let (known, config) = known.map_err(|error| (named.clone().unwrap_or_default(), error.to_string()))?;
    match named {
        Some(command) => Ok((command, config)),
        None => match runnable(&known) {
            Ok(command) => Ok((command, config)),
            Err(error) => Err((known.command.unwrap_or_default(), error.to_string())),
        },
    }
}

/// Returns the command if it may be run.
///
/// # Errors
///
/// [`crate::Error::Invalid`] if there is none, or nobody has confirmed it.
pub(crate) fn runnable(known: &CheckCommandResult) -> Result<String, crate::Error> {
    let from = known.from.as_deref().unwrap_or("nowhere");
    match &known.command {
        Some(command) if known.confirmed => Ok(command.clone()),
        Some(command) => Err(crate::Error::Invalid(format!(
            "The check `{command}`, from {from}, was not confirmed yet, so it is not run. Look at it and confirm it with \
             `aca check --confirm` or in the editor, or put it into your own settings as `checks.command`."
        ))),
        None => Err(crate::Error::Invalid(
            "This project has no check that aca knows of, or checks are off. Name one in `aca.toml`: `command` in \
             `[checks]`."
                .to_owned(),
        )),
    }
}

/// Returns what the agent is told about a check of its whole result that failed, if it is to try again.
fn retry(plan: &Plan, check: &CheckView, config: &Config) -> Option<String> {
    let CheckState::Failed { code } = &check.state else {
        return None;
    };
    let again = matches!(plan.what, What::Result) && plan.task.retries < config.checks.retries;
    again.then(|| verdict::remark(&check.command, *code, &check.output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_checks_of_a_task_only_the_newer_is_heard() {
        let task = TaskId::new("t");
        let mut checks = Checks::default();
        let (first, stopped) = checks.begin(&task);
        let (second, running) = checks.begin(&task);
        assert!(stopped.is_cancelled() && !running.is_cancelled());
        checks.end(&task, first);
        assert!(!checks.runs(&task, first) && checks.runs(&task, second));
        checks.stop_all();
        assert!(running.is_cancelled() && !checks.runs(&task, second));
    }
}
