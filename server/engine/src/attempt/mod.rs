//! One attempt from its plan to its end: prepare, start, watch, collect.
//!
//! Every step is recorded before the next one begins, so that after a crash [`run`] carries on from the recorded
//! stage. What a sandbox is asked to do is keyed by the attempt's name and never asked twice.

mod activity;
mod collect;
mod footprint;
mod journal;
pub(crate) mod link;
mod prepare;
mod reasons;
mod round;
mod steer;
mod watch;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aca_protocol::AttemptId;
use aca_protocol::agent::files;
use aca_sandbox::{Backend, Status};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actor::{LiveChange, Message, SessionContext};
use crate::core::{Attempt, AttemptEnd, Command, Phase, Stage, Task};
use crate::handle::Shared;
use crate::layout::AttemptDir;
use crate::{parts, staging};

pub(crate) use footprint::Footprints;
pub(crate) use journal::transcript;
pub(crate) use steer::{Steer, Tellers};

/// How long to wait before something that failed is tried again; doubled each time.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// What the steps of one attempt share.
pub(crate) struct Context {
    shared: Arc<Shared>,
    session: Arc<SessionContext>,
    attempt: Attempt,
    /// The attempts it goes on from, newest first.
    earlier: Vec<AttemptId>,
    task: Task,
    dir: AttemptDir,
    steer: Arc<Steer>,
    stop: CancellationToken,
    /// The base's tree, from when it is known.
    base: OnceLock<String>,
    /// Work on files, which goes on when the one who waits for it gives up.
    files: TaskTracker,
}

/// Carries an attempt from its recorded stage to its end and records the end.
pub(crate) async fn run(
    shared: Arc<Shared>,
    session: Arc<SessionContext>,
    (attempt, earlier): (Attempt, Vec<AttemptId>),
    task: Task,
    steer: Arc<Steer>,
) {
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    let base = attempt.base.clone().map(OnceLock::from).unwrap_or_default();
    let context = Context {
        shared,
        session,
        attempt,
        earlier,
        task,
        dir,
        stop: steer.stop.clone(),
        steer,
        base,
        files: TaskTracker::new(),
    };
    let end = match context.carry().await {
        Ok(end) => end,
        Err(_) if context.stop.is_cancelled() => AttemptEnd::Stopped { salvaged: None },
        Err(reason) => AttemptEnd::Failed { reason, salvaged: None },
    };
    // A checkout that is still being written would outlive its removal.
    context.files.close();
    context.files.wait().await;
    if let Err(error) = context.record_end(end).await {
        // The attempt stays where it is recorded to be; the next start of the engine collects it.
        let problem = format!(
            "The end of the attempt {} could not be recorded: {error}",
            context.attempt.id
        );
        let _ = context.shared.inbox.send(Message::Problem(problem));
    }
    context.too_late();
}

/// Returns whether something of an ended attempt is still there to be discarded.
pub(crate) fn has_leftovers(session: &SessionContext, attempt: &Attempt, task: &Task) -> bool {
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    // The record of the checkout goes last, so it is there for as long as anything else may be.
    dir.checkout().exists() || (!keeps_checkout(task) && dir.work().exists())
}

/// The checkout of a lost attempt is all that is left of its work.
fn keeps_checkout(task: &Task) -> bool {
    matches!(task.phase, Phase::Lost { .. })
}

/// Removes the sandbox of an attempt that has ended, and its checkout unless it is lost. Its journal stays.
pub(crate) async fn discard(shared: Arc<Shared>, session: Arc<SessionContext>, attempt: Attempt, task: Task) {
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    if attempt.backend.is_some() {
        let removed = match parts::backend_of(&shared.config, &session.root, &attempt) {
            Ok(backend) => backend
                .remove(attempt.id.as_str())
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            let problem = format!(
                "The sandbox of the ended attempt {} could not be removed: {error}",
                attempt.id
            );
            let _ = shared.inbox.send(Message::Problem(problem));
            return;
        }
    }
    let removing = tokio::task::spawn_blocking(move || {
        if !keeps_checkout(&task) {
            staging::remove_tree(&dir.work())?;
        }
        staging::remove_tree(&dir.out().join(files::SOCKET))?;
        staging::remove_tree(&dir.checkout())
    });
    if let Ok(Err(error)) = removing.await {
        tracing::warn!(%error, attempt = %attempt.id, "leftovers of an attempt could not be removed");
    }
}

impl Context {
    /// Does what is left to do. An error is the reason of a failure, as a person reads it.
    async fn carry(&self) -> Result<AttemptEnd, String> {
        match self.attempt.stage {
            Stage::Planned | Stage::Snapshotted => {
                let prepared = self.or_stop(self.prepare()).await?;
                self.start(&prepared).await?;
                self.watch(&*prepared.backend).await
            }
            Stage::Starting | Stage::Started => self.reconcile().await,
            Stage::Ended => Err("The attempt has ended already.".to_owned()),
        }
    }

    /// Finds out what became of a sandbox that was, or may have been, started before the engine was.
    async fn reconcile(&self) -> Result<AttemptEnd, String> {
        let mut pause = RETRY_FIRST;
        let backend = loop {
            match parts::backend_of(&self.shared.config, &self.session.root, &self.attempt) {
                Ok(backend) => break backend,
                Err(reason) => self.before_retry(reason, &mut pause).await?,
            }
        };
        let status = self.status(&*backend).await?;
        let begun = self.dir.out().join(files::STARTED).exists();
        match status {
            Status::Running => {
                self.record_started().await?;
                self.watch(&*backend).await
            }
            Status::Exited { .. } => {
                self.collect_or_lost("its sandbox ended while aca was not running")
                    .await
            }
            Status::Absent | Status::Created if begun => {
                self.collect_or_lost("it had begun, and its sandbox is not there any more")
                    .await
            }
            Status::Absent | Status::Created if self.attempt.stage == Stage::Starting => {
                let prepared = self.or_stop(self.prepare_again()).await?;
                self.start(&prepared).await?;
                self.watch(&*prepared.backend).await
            }
            Status::Absent | Status::Created => {
                self.collect_or_lost("its sandbox was started and is not there any more")
                    .await
            }
        }
    }

    /// Collects the outcome if there is a valid one; otherwise the attempt is lost.
    async fn collect_or_lost(&self, what: &str) -> Result<AttemptEnd, String> {
        if let Some(outcome) = staging::outcome(&self.dir)? {
            return self.collect(outcome).await;
        }
        if self.stop.is_cancelled() {
            return Ok(AttemptEnd::Stopped { salvaged: None });
        }
        let reason = format!(
            "No outcome was found: {what}. Its checkout is kept in {}. It is not run again by itself; run the task \
             again if you want it.",
            self.dir.work().display()
        );
        Ok(AttemptEnd::Lost { reason, salvaged: None })
    }

    /// Returns what became of the sandbox, once its backend can tell: one that cannot be asked about may still run.
    async fn status(&self, backend: &dyn Backend) -> Result<Status, String> {
        let mut pause = RETRY_FIRST;
        loop {
            match backend.inspect(self.attempt.id.as_str()).await {
                Ok(status) => return Ok(status),
                Err(error) => self.before_retry(error.to_string(), &mut pause).await?,
            }
        }
    }

    /// Shows why something failed that will be tried again, and waits; a stop ends the trying with that reason.
    async fn before_retry(&self, reason: String, pause: &mut Duration) -> Result<(), String> {
        if self.stop.is_cancelled() {
            return Err(reason);
        }
        self.show(format!("trying again: {reason}"));
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = self.stop.cancelled() => {}
        }
        *pause = (*pause * 2).min(RETRY_LAST);
        Ok(())
    }

    /// Records the end, and waits for space if the disk is full.
    async fn record_end(&self, end: AttemptEnd) -> Result<(), crate::Error> {
        let mut pause = RETRY_FIRST;
        loop {
            let attempt = self.attempt.id.clone();
            let end = end.clone();
            match self.command(Command::Ended { attempt, end }).await {
                Err(crate::Error::Unavailable(reason)) => self.show(format!("trying again: {reason}")),
                done => return done,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_LAST);
        }
    }

    async fn record_started(&self) -> Result<(), String> {
        let attempt = self.attempt.id.clone();
        self.command(Command::Started { attempt })
            .await
            .map_err(|error| error.to_string())
    }

    async fn command(&self, command: Command) -> Result<(), crate::Error> {
        self.shared.command(&self.session.id, command).await
    }

    /// Runs `work` unless a stop comes first.
    async fn or_stop<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err("It was stopped.".to_owned()),
            done = work => done,
        }
    }

    /// Shows what is being prepared or done.
    fn show(&self, activity: impl Into<String>) {
        let change = LiveChange::Activity(activity.into());
        let message = Message::Live {
            session: self.session.id.clone(),
            task: self.task.id.clone(),
            change,
        };
        // The engine may be shutting down.
        let _ = self.shared.inbox.send(message);
    }
}
