//! One check from its files to its verdict, in a sandbox of its own.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::AttemptId;
use aca_protocol::agent::{AgentLimits, AttemptSpec, Driver, Outcome, files};
use aca_protocol::proposal::{CheckState, CheckView};
use aca_sandbox::{Backend, SandboxSpec, Status};
use aca_workspace::objects::Tree;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::findings::{Files, findings};
use super::verdict::{Evidence, judge};
use super::{Plan, What, bare, leftovers, output};
use crate::actor::{Message, SessionContext};
use crate::attempt::link::Link;
use crate::config::Config;
use crate::handle::Shared;
use crate::layout::AttemptDir;
use crate::proposal::{self, Place};
use crate::{layout, parts, staging};

/// How much longer than its limit a check may take until its sandbox is killed.
const GRACE: Duration = Duration::from_secs(30);

/// How long to wait before the sandbox is looked at again after its connection ended.
const RETRY: Duration = Duration::from_millis(200);

/// How long the outcome may take after the end of the sandbox.
const END_GRACE: Duration = Duration::from_millis(500);

/// A check at work.
pub(super) struct Run<'a> {
    shared: &'a Arc<Shared>,
    session: &'a Arc<SessionContext>,
    plan: &'a Plan,
    config: &'a Config,
    command: &'a str,
    name: String,
    dir: AttemptDir,
    stop: &'a CancellationToken,
    /// Work on files, which goes on when the one who waits for it gives up.
    files: TaskTracker,
}

/// The files that are checked.
struct Checked {
    tree: Tree,
    places: Vec<Place>,
    left_out: usize,
    hunks: Option<Vec<aca_protocol::HunkId>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        shared: &'a Arc<Shared>,
        session: &'a Arc<SessionContext>,
        plan: &'a Plan,
        config: &'a Config,
        (command, number): (&'a str, u64),
        stop: &'a CancellationToken,
    ) -> Self {
        let short = session.id.as_str();
        let short = short.get(..8).unwrap_or(short);
        let taken = leftovers::left_over(&session.dir);
        let name = |number: u64| format!("aca-{short}-{}-check-{number}", plan.task.id);
        // What an engine before this one left may still have a name.
        let free = (number..).map(name).find(|name| !taken.contains(name));
        let name = free.unwrap_or_else(|| name(number));
        Self {
            shared,
            session,
            plan,
            config,
            command,
            dir: AttemptDir::of_check(&session.dir, &name),
            name,
            stop,
            files: TaskTracker::new(),
        }
    }

    /// Runs the check. Nothing is left of its sandbox and its directory when this returns, or a problem says so.
    ///
    /// # Errors
    ///
    /// A sentence that says why it could not be run.
    pub(super) async fn carry(&self) -> Result<CheckView, String> {
        let check = self.check().await;
        // A checkout that is still being written would outlive its removal.
        self.files.close();
        self.files.wait().await;
        if let Err(reason) = leftovers::remove(self.shared, self.session, &self.name).await {
            let problem = format!("What is left of the check {} could not be removed: {reason}", self.name);
            let _ = self.shared.inbox.send(Message::Problem(problem));
        }
        check
    }

    async fn check(&self) -> Result<CheckView, String> {
        let checked = self.or_stop(self.checked()).await?;
        let backend = parts::backend(&self.shared.config, self.config, self.config.sandbox.backend);
        let spec = self.or_stop(self.prepare(&*backend, &checked.tree)).await?;
        // A start that is given up half way could leave a sandbox that is not seen yet.
        backend.start(&spec).await.map_err(|error| error.to_string())?;
        let outcome = self.or_stop(self.follow(&*backend)).await?;
        self.judge(checked, outcome).await
    }

    /// Stores the files that are checked.
    async fn checked(&self) -> Result<Checked, String> {
        let (session, task) = (Arc::clone(self.session), self.plan.task.clone());
        let storing: tokio::task::JoinHandle<Result<Checked, String>> = match self.plan.what.clone() {
            What::Result => self.files.spawn_blocking(move || {
                let result = task.proposed.as_ref().map(|proposed| proposed.result.as_str());
                let result = result.ok_or("The task has no proposal to check.")?;
                Ok(Checked {
                    tree: Tree::parse(result).map_err(|error| error.to_string())?,
                    places: proposal::places_in_result(&session.objects, &task)?,
                    left_out: 0,
                    hunks: None,
                })
            }),
            What::Chosen { mut hunks, .. } => {
                let buffers = staging::unsaved(self.shared, &session.root);
                self.files.spawn_blocking(move || {
                    let live = session.objects.snapshot(&session.root, &buffers);
                    let live = live.map_err(|error| error.to_string())?;
                    let with = proposal::with_hunks(&session.objects, &live, &task, &hunks)?;
                    hunks.retain(|hunk| !with.left_out.contains(hunk));
                    Ok(Checked {
                        tree: with.tree,
                        places: with.places,
                        left_out: with.left_out.len(),
                        hunks: Some(hunks),
                    })
                })
            }
        };
        storing.await.map_err(|error| error.to_string())?
    }

    /// Gets everything ready up to the point where the sandbox may be started.
    async fn prepare(&self, backend: &dyn Backend, tree: &Tree) -> Result<SandboxSpec, String> {
        crate::house::preflight(self.shared, self.session, self.config).await?;
        let mut show = |line: String| tracing::info!(check = self.name, "{line}");
        backend.prepare(&mut show).await.map_err(|error| error.to_string())?;
        let attempt = self.specification();
        let (session, dir, tree, spec) = (
            Arc::clone(self.session),
            self.dir.clone(),
            tree.clone(),
            attempt.clone(),
        );
        let laying = self.files.spawn_blocking(move || {
            let above = layout::checks(&session.dir);
            std::fs::create_dir_all(&above).map_err(|error| format!("{} cannot be made: {error}.", above.display()))?;
            staging::lay_out(&session, &dir, &tree, &spec)
        });
        laying.await.map_err(|error| error.to_string())??;
        leftovers::note_backend(&self.dir, backend)
            .map_err(|error| format!("{} cannot be written: {error}.", self.dir.path().display()))?;
        let named = (&self.plan.task.id, &attempt);
        Ok(staging::sandbox(
            self.shared,
            self.session,
            self.config,
            &self.dir,
            named,
            None,
        ))
    }

    fn specification(&self) -> AttemptSpec {
        let limit = self.config.checks.timeout_minutes * 60;
        AttemptSpec {
            attempt: AttemptId::new(self.name.clone()),
            nonce: uuid::Uuid::new_v4().simple().to_string(),
            driver: Driver::Command,
            workspace: self.session.root.clone(),
            prompt: self.command.to_owned(),
            system: String::new(),
            model: String::new(),
            conversation: String::new(),
            resume: false,
            ask_reasons: String::new(),
            story: String::new(),
            gateway_token: String::new(),
            limits: AgentLimits {
                silence_secs: limit,
                total_secs: limit,
                max_turns: 1,
            },
        }
    }

    /// Stays with the sandbox until the command has ended.
    async fn follow(&self, backend: &dyn Backend) -> Result<Outcome, String> {
        let limit = Duration::from_secs(self.config.checks.timeout_minutes * 60) + GRACE;
        match tokio::time::timeout(limit, self.until_ended(backend)).await {
            Ok(ended) => ended,
            Err(_) => Err("The sandbox of the check did not keep its time limit, so it was killed.".to_owned()),
        }
    }

    async fn until_ended(&self, backend: &dyn Backend) -> Result<Outcome, String> {
        loop {
            let ended = self.until_disconnected(backend).await;
            if let Some(outcome) = staging::outcome(&self.dir)? {
                return Ok(outcome);
            }
            let status = match backend.inspect(&self.name).await {
                // One that cannot be asked about may still run; the limit counts for it too.
                Err(aca_sandbox::Error::NoEngine { .. }) => Status::Running,
                status => status.map_err(|error| error.to_string())?,
            };
            match status {
                Status::Running | Status::Held | Status::Created => {}
                Status::Exited { code, oom } => return self.ended_without_outcome(code, oom).await,
                Status::Absent => return Err("The sandbox of the check was removed while it ran.".to_owned()),
            }
            tracing::debug!(
                check = self.name,
                ?ended,
                "the connection to the check ended; connecting again"
            );
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Follows the journal, which ends when the outcome is there. What it says is of no interest.
    async fn until_disconnected(&self, backend: &dyn Backend) -> std::io::Result<()> {
        let carrier = backend.connect(&self.name, &self.dir.out()).await;
        let carrier = carrier.map_err(std::io::Error::other)?;
        // Without a receiver every request for a model is refused.
        let (models, _) = mpsc::channel(1);
        let (link, driving) = Link::new(carrier, models);
        let _driving = AbortOnDropHandle::new(tokio::spawn(driving));
        let mut journal = link.journal(0).await?;
        tokio::io::copy(&mut journal, &mut tokio::io::sink()).await.map(drop)
    }

    async fn ended_without_outcome(&self, code: i64, oom: bool) -> Result<Outcome, String> {
        // The outcome may have been written between the look for it and the end of the sandbox.
        tokio::time::sleep(END_GRACE).await;
        match staging::outcome(&self.dir)? {
            Some(outcome) => Ok(outcome),
            None if oom => Err("The check ran out of memory. Raise `sandbox.memory_mb`.".to_owned()),
            None => Err(format!(
                "The sandbox of the check ended with code {code} and left no outcome."
            )),
        }
    }

    async fn judge(&self, checked: Checked, outcome: Outcome) -> Result<CheckView, String> {
        let (session, path) = (Arc::clone(self.session), self.dir.out().join(files::OUTPUT));
        let command = self.command.to_owned();
        let judging = self.files.spawn_blocking(move || {
            let output = output::read(&path)?;
            let paths = session
                .objects
                .paths(&checked.tree)
                .map_err(|error| error.to_string())?;
            let found = findings(&output, &Files::new(&session.root, &paths));
            let check = bare(&command, checked.hunks, CheckState::Running);
            let evidence = Evidence {
                outcome: &outcome,
                output: &output,
                found,
                places: &checked.places,
                left_out: checked.left_out,
            };
            Ok(judge(check, evidence))
        });
        judging.await.map_err(|error| error.to_string())?
    }

    /// Runs `work` unless a stop comes first.
    async fn or_stop<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err("It was stopped.".to_owned()),
            done = work => done,
        }
    }
}
