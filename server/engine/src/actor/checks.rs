//! The actor's part in checks: it begins them, takes their ends, and gives them up.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::proposal::CheckState;
use aca_protocol::{SessionId, TaskId};

use super::{Actor, Message};
use crate::core::Command;
use crate::handle::Who;
use crate::{Error, check};

/// How long to wait for space on a full disk.
const RETRY: Duration = Duration::from_secs(1);

impl Actor {
    /// Begins a check of chosen hunks; that it runs is recorded when this returns.
    pub(super) async fn check(
        &mut self,
        id: &SessionId,
        task: &TaskId,
        what: check::What,
        who: &Who,
    ) -> Result<(), Error> {
        if let check::What::Chosen { command, hunks } = &what {
            let command = Command::Checked {
                task: task.clone(),
                check: check::begun(command, hunks.clone()),
                retry: None,
            };
            self.command(id, command, who).await?;
        }
        self.begin_check(id, task, what);
        Ok(())
    }

    /// Begins a check.
    pub(super) fn begin_check(&mut self, id: &SessionId, task: &TaskId, what: check::What) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(known) = session.state.task(task).cloned() else {
            return;
        };
        let plan = check::Plan { task: known, what };
        let (shared, context) = (Arc::clone(&self.shared), Arc::clone(&session.context));
        let (number, stop) = session.checks.begin(task);
        self.discards.spawn(check::run(shared, context, plan, number, stop));
    }

    /// Records what a check has found, and waits for space if the disk is full: its task waits for it.
    pub(super) async fn check_ended(&mut self, id: &SessionId, task: &TaskId, number: u64, command: Command) {
        let session = self.sessions.get(id);
        // One that was given up for another has nothing to say.
        if !session.is_some_and(|session| session.checks.runs(task, number)) {
            return;
        }
        let recorded = self.command(id, command.clone(), &None).await;
        if let Err(Error::Unavailable(reason)) = recorded {
            tracing::warn!(reason, %task, "what a check found is recorded later");
            let (inbox, session, task) = (self.shared.inbox.clone(), id.clone(), task.clone());
            tokio::spawn(async move {
                tokio::time::sleep(RETRY).await;
                // The engine may be shutting down; then the check is run, or said to be interrupted, when it is back.
                let _ = inbox.send(Message::CheckEnded {
                    session,
                    task,
                    number,
                    command,
                });
            });
            return;
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.checks.end(task, number);
        }
        if let Err(error) = recorded {
            self.problem(format!(
                "What a check of task {task} found could not be recorded: {error}"
            ));
        }
    }

    /// Returns what is to be recorded of checks whose end aca did not see.
    pub(super) fn interrupted_checks(&self, id: &SessionId) -> Vec<Command> {
        let tasks = self
            .sessions
            .get(id)
            .into_iter()
            .flat_map(|session| session.state.tasks());
        let running = tasks.filter_map(|task| Some((task, task.check.as_ref()?)));
        let running = running.filter(|(_, check)| check.state == CheckState::Running);
        let interrupted = running.map(|(task, check)| Command::Checked {
            task: task.id.clone(),
            check: check::interrupted(check),
            retry: None,
        });
        interrupted.collect()
    }
}
