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
mod reconcile;
mod round;
mod salvage;
mod steer;
mod watch;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aca_protocol::AttemptId;
use aca_protocol::agent::{AttemptSpec, files};
use aca_sandbox::{Backend, Found, Status};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actor::{LiveChange, Message, SessionContext};
use crate::core::{Attempt, AttemptEnd, Command, Stage, Task};
use crate::handle::Shared;
use crate::layout::AttemptDir;
use crate::{parts, staging};

pub(crate) use footprint::Footprints;
pub(crate) use journal::transcript;
pub(crate) use reconcile::{Sandbox, Signs, Step, reconcile};
pub(crate) use steer::{Steer, Tellers};

/// How long to wait before something that failed is tried again; doubled each time.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// What becomes of an attempt when no container engine answers before it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// It is new: it fails at once, before the person who has just asked for it.
    Fails,
    /// It had begun before: the engine is waited for, as it is for one that runs.
    IsWaitedFor,
}

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
    away: Away,
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
    away: Away,
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
        away,
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
    let end = context.with_salvage(end).await;
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

/// Returns whether something of an ended attempt is still there to be discarded; `keeps` says that it is to stay.
pub(crate) fn has_leftovers(session: &SessionContext, attempt: &Attempt, keeps: bool) -> bool {
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    // The record of the checkout goes last, so it is there for as long as anything else may be.
    !keeps && (dir.checkout().exists() || dir.work().exists())
}

/// Removes the sandbox of an attempt that has ended, and its checkout. Its journal and its conversation stay.
///
/// `ran_here` says that this engine stayed with it to its end. Where it did not, a sandbox that still runs is one that
/// nobody knows anything about, and a person is told.
pub(crate) async fn discard(shared: Arc<Shared>, session: Arc<SessionContext>, attempt: Attempt, ran_here: bool) {
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    if attempt.backend.is_some()
        && let Err(error) = remove_sandbox(&shared, &session, &attempt, ran_here).await
    {
        let problem = format!(
            "The sandbox of the ended attempt {} could not be removed: {error}",
            attempt.id
        );
        let _ = shared.inbox.send(Message::Problem(problem));
        return;
    }
    let removing = tokio::task::spawn_blocking(move || {
        staging::remove_tree(&dir.work())?;
        staging::remove_tree(&dir.out().join(files::SOCKET))?;
        staging::remove_tree(&dir.checkout())
    });
    if let Ok(Err(error)) = removing.await {
        tracing::warn!(%error, attempt = %attempt.id, "leftovers of an attempt could not be removed");
    }
}

/// Removes the sandboxes of attempts that have ended long ago and are there all the same: a power cut can bring one back
/// that was removed before it. Where no backend answers there is nothing to be done about them.
pub(crate) async fn sweep(shared: Arc<Shared>, session: Arc<SessionContext>, ended: Vec<Attempt>) {
    let backends: BTreeSet<&str> = ended.iter().filter_map(|attempt| attempt.backend.as_deref()).collect();
    for name in backends {
        let Ok(backend) = parts::backend_called(&shared, &session.root, "an attempt", Some(name)) else {
            continue;
        };
        let found = match backend.list(("aca.session", session.id.as_str())).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, name, "a sandbox backend cannot say what it has");
                continue;
            }
        };
        for attempt in ended.iter().filter(|attempt| attempt.backend.as_deref() == Some(name)) {
            if found.iter().any(|found| found.name == attempt.id.as_str())
                && let Err(error) = remove_sandbox(&shared, &session, attempt, false).await
            {
                tracing::warn!(error, attempt = %attempt.id, "a sandbox that came back could not be removed");
            }
        }
    }
}

async fn remove_sandbox(
    shared: &Shared,
    session: &SessionContext,
    attempt: &Attempt,
    ran_here: bool,
) -> Result<(), String> {
    let text = |error: aca_sandbox::Error| error.to_string();
    let backend = parts::backend_of(shared, &session.root, attempt)?;
    let name = attempt.id.as_str();
    let dir = AttemptDir::new(&session.dir, &attempt.id);
    let found = backend.find(name).await.map_err(text)?;
    let labels = staging::labels(session, &attempt.task, &attempt.id, &dir);
    match reconcile(attempt.stage, Sandbox::of(found.as_ref(), &labels), Signs::default()) {
        Step::Stop if !ran_here => {
            backend.stop(name).await.map_err(text)?;
            let problem = format!("The sandbox {name} still ran although its attempt had ended; it was stopped.");
            let _ = shared.inbox.send(Message::Problem(problem));
            backend.remove(name).await.map_err(text)
        }
        Step::Stop | Step::Remove => backend.remove(name).await.map_err(text),
        _ => Ok(()),
    }
}

impl Context {
    /// Does what is left to do. An error is the reason of a failure, as a person reads it.
    async fn carry(&self) -> Result<AttemptEnd, String> {
        match self.attempt.stage {
            Stage::Ended => Err("The attempt has ended already.".to_owned()),
            // It is new: no engine before this one has done anything for it.
            Stage::Planned if !self.dir.spec().exists() => self.begin(self.away).await,
            stage => self.reconcile(stage).await,
        }
    }

    /// Makes everything ready, starts the sandbox and stays with it.
    async fn begin(&self, away: Away) -> Result<AttemptEnd, String> {
        let prepared = self.or_stop(self.prepare(away)).await?;
        if self.start(&prepared).await? {
            return self.watch(&*prepared.backend).await;
        }
        // The engine went away in the middle: what it did before is found out when it is back.
        Box::pin(self.reconcile(Stage::Starting)).await
    }

    /// Finds out what became of an attempt that an engine before this one had begun, and goes on from there.
    async fn reconcile(&self, stage: Stage) -> Result<AttemptEnd, String> {
        let mut pause = RETRY_FIRST;
        let backend = loop {
            match parts::backend_of(&self.shared, &self.session.root, &self.attempt) {
                Ok(backend) => break backend,
                Err(reason) => self.before_retry(reason, &mut pause).await?,
            }
        };
        let found = self.find(&*backend).await?;
        let labels = staging::labels(&self.session, &self.task.id, &self.attempt.id, &self.dir);
        let (outcome, unreadable) = match staging::outcome(&self.dir) {
            Ok(outcome) => (outcome, String::new()),
            Err(reason) => (None, format!(" {reason}")),
        };
        let signs = Signs {
            begun: self.has_begun(),
            outcome: outcome.is_some(),
        };
        match (reconcile(stage, Sandbox::of(found.as_ref(), &labels), signs), outcome) {
            (Step::Start, _) => self.begin(Away::IsWaitedFor).await,
            (Step::Watch, _) => {
                self.catch_up(&*backend, stage).await?;
                self.watch(&*backend).await
            }
            (Step::Collect, Some(outcome)) => self.collect(outcome).await,
            (Step::Refuse, _) => Err(aca_sandbox::Error::NameTaken {
                name: self.attempt.id.to_string(),
                label: found
                    .and_then(|found| found.differs_in(&labels).map(str::to_owned))
                    .unwrap_or_default(),
            }
            .to_string()),
            (Step::Lose(what), _) => {
                if signs.begun && stage == Stage::Starting {
                    // It is known now that it was, and a person may go on from what it did.
                    self.record_started().await?;
                }
                if let Some(Status::Exited { code, oom }) = found.map(|found| found.status)
                    && oom
                {
                    return self.ended_without_outcome(code, oom).await;
                }
                Ok(self.lost(&format!("{what}.{unreadable}")))
            }
            (Step::Collect | Step::Nothing | Step::Remove | Step::Stop, _) => {
                Ok(self.lost("what is recorded of it does not fit what was found."))
            }
        }
    }

    /// Records what an engine before this one had done for a sandbox that runs.
    async fn catch_up(&self, backend: &dyn Backend, stage: Stage) -> Result<(), String> {
        if stage == Stage::Snapshotted {
            let spec: AttemptSpec = staging::read_json(&self.dir.spec())?;
            self.record_starting(&spec, backend).await?;
        }
        self.record_started().await
    }

    /// Collects the outcome if there is a valid one; otherwise the attempt is lost.
    async fn collect_or_lost(&self, what: &str) -> Result<AttemptEnd, String> {
        match staging::outcome(&self.dir) {
            Ok(Some(outcome)) => self.collect(outcome).await,
            Ok(None) => Ok(self.lost(&format!("{what}."))),
            Err(reason) => Ok(self.lost(&format!("{what}. {reason}"))),
        }
    }

    /// Returns the end of an attempt that cannot be accounted for. `what` is the end of a sentence, and more.
    fn lost(&self, what: &str) -> AttemptEnd {
        if self.stop.is_cancelled() {
            return AttemptEnd::Stopped { salvaged: None };
        }
        let reason = format!(
            "No outcome was found: {what} It is not run again by itself: you decide whether it goes on from what was found of \
             its work, begins anew, or is reviewed as it is."
        );
        AttemptEnd::Lost { reason, salvaged: None }
    }

    /// Returns what the backend has under the attempt's name, once it can tell.
    async fn find(&self, backend: &dyn Backend) -> Result<Option<Found>, String> {
        let mut pause = RETRY_FIRST;
        loop {
            match backend.find(self.attempt.id.as_str()).await {
                Ok(found) => return Ok(found),
                Err(error) => self.before_retry(error.to_string(), &mut pause).await?,
            }
        }
    }

    /// Returns what became of the sandbox, once its backend can tell: one that cannot be asked about may still run.
    async fn status(&self, backend: &dyn Backend) -> Result<Status, String> {
        let found = self.find(backend).await?;
        Ok(found.map_or(Status::Absent, |found| found.status))
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
