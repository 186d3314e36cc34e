//! While the sandbox runs: follow the journal, carry model traffic, pass a stop on, collect the outcome.

use std::time::Duration;

use aca_gateway::{Client, ExchangeLog, Gateway};
use aca_protocol::agent::{AttemptSpec, ControlRequest, Record};
use aca_sandbox::{Backend, Status};
use tokio::io::BufReader;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::footprint::Tracker;
use super::journal::read_line;
use super::link::{Link, Stream};
use super::{Context, RETRY_FIRST, RETRY_LAST, activity};
use crate::core::{AttemptEnd, Command, ModelRequest};
use crate::{parts, staging};

/// How long the agent may take to answer a stop before its sandbox is killed.
const STOP_ANSWER: Duration = Duration::from_millis(700);

/// How long the journal may take to end after the agent was asked to stop, before its sandbox is killed.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// How long the sandbox may take to end after the journal has.
const END_GRACE: Duration = Duration::from_millis(500);

/// How long the usage of the last model requests is waited for.
const USAGE_GRACE: Duration = Duration::from_secs(1);

impl Context {
    /// Stays with a sandbox that was started until it has ended, and returns how.
    pub(super) async fn watch(&self, backend: &dyn Backend) -> Result<AttemptEnd, String> {
        let (models, traffic) = mpsc::channel(64);
        let spec: AttemptSpec = staging::read_json(&self.dir.spec())?;
        let mut pause = RETRY_FIRST;
        let gateway = loop {
            match parts::shared_gateway(&self.shared, &self.session.root) {
                Ok(gateway) => break gateway,
                Err(reason) => self.before_retry(reason, &mut pause).await?,
            }
        };
        let tracker = Tracker::new(self, self.base()?);
        let carrying = self.carry_models(spec.gateway_token, gateway, traffic);
        let gateway = AbortOnDropHandle::new(tokio::spawn(carrying));
        let end = self.until_ended(backend, models, &tracker).await;
        // What the last requests used is still being recorded.
        if tokio::time::timeout(USAGE_GRACE, gateway).await.is_err() {
            tracing::warn!(attempt = %self.attempt.id, "the usage of the last model requests was not recorded in time");
        }
        end
    }

    async fn until_ended(
        &self,
        backend: &dyn Backend,
        models: mpsc::Sender<Stream>,
        tracker: &Tracker,
    ) -> Result<AttemptEnd, String> {
        let name = self.attempt.id.as_str();
        let mut offset = 0;
        let mut pause = RETRY_FIRST;
        loop {
            let before = offset;
            let followed = self.follow(backend, &models, tracker, &mut offset).await;
            // What is not an outcome may become one for as long as the sandbox runs.
            if let Ok(Some(outcome)) = staging::outcome(&self.dir) {
                return self.collect(outcome).await;
            }
            if self.stop.is_cancelled() {
                backend.stop(name).await.map_err(|error| error.to_string())?;
                return self.collect_or_lost("it was stopped").await;
            }
            match self.status(backend).await? {
                Status::Held => self.show(format!(
                    "waiting: its container is paused; `docker unpause {name}` lets it go on"
                )),
                Status::Running | Status::Created => {}
                Status::Exited { code, oom } => return self.ended_without_outcome(code, oom).await,
                Status::Absent => return self.collect_or_lost("its sandbox was removed while it ran").await,
            }
            tracing::debug!(
                attempt = name,
                ?followed,
                "the connection to the agent ended; connecting again"
            );
            pause = if offset > before {
                RETRY_FIRST
            } else {
                (pause * 2).min(RETRY_LAST)
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Follows the journal on one connection until the connection or the journal ends.
    async fn follow(
        &self,
        backend: &dyn Backend,
        models: &mpsc::Sender<Stream>,
        tracker: &Tracker,
        offset: &mut u64,
    ) -> std::io::Result<()> {
        // A program in the sandbox may answer in the agent's place, and never.
        let connected = tokio::select! {
            connected = self.connect(backend, models, *offset) => connected?,
            () = self.stop_overdue(STOP_ANSWER) => return Ok(()),
        };
        let (link, _driving, mut journal) = connected;
        let mut line = Vec::new();
        let mut stopping = false;
        let (overdue, passing) = (self.stop_overdue(STOP_GRACE), self.pass_on(&link));
        tokio::pin!(overdue, passing);
        let mut reachable = true;
        loop {
            tokio::select! {
                // Cancel safe: what was read stays in `line`.
                read = read_line(&mut journal, &mut line) => {
                    if !read? {
                        return Ok(());
                    }
                    *offset += line.len() as u64;
                    self.take_record(&line, tracker);
                    line.clear();
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    self.pass_stop_on(&link, backend).await?;
                }
                // Whatever broke there also ends the journal, unless the agent no longer listens.
                error = &mut passing, if reachable => {
                    reachable = false;
                    tracing::debug!(%error, attempt = %self.attempt.id, "nothing more can be passed on to the agent");
                }
                () = &mut overdue => return Ok(()),
            }
        }
    }

    async fn connect(
        &self,
        backend: &dyn Backend,
        models: &mpsc::Sender<Stream>,
        offset: u64,
    ) -> std::io::Result<(Link, AbortOnDropHandle<()>, BufReader<Stream>)> {
        let carrier = backend
            .connect(self.attempt.id.as_str(), &self.dir.out())
            .await
            .map_err(std::io::Error::other)?;
        let (link, driving) = Link::new(carrier, models.clone());
        let driving = AbortOnDropHandle::new(tokio::spawn(driving));
        let journal = BufReader::new(link.journal(offset).await?);
        Ok((link, driving, journal))
    }

    /// Returns `grace` after a stop was asked for.
    async fn stop_overdue(&self, grace: Duration) {
        self.stop.cancelled().await;
        tokio::time::sleep(grace).await;
    }

    /// Asks the agent to stop, and kills the sandbox if it does not take that.
    async fn pass_stop_on(&self, link: &Link, backend: &dyn Backend) -> std::io::Result<()> {
        let asked = tokio::time::timeout(STOP_ANSWER, link.control(&ControlRequest::Stop)).await;
        if !matches!(asked, Ok(Ok(_))) {
            backend
                .stop(self.attempt.id.as_str())
                .await
                .map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    fn take_record(&self, line: &[u8], tracker: &Tracker) {
        let Ok(Record {
            seq,
            event: Some(event),
            ..
        }) = serde_json::from_slice(line)
        else {
            return;
        };
        self.shared.listeners.tell(&self.task.id, &self.attempt.id, seq);
        tracker.see(&event);
        if let Some(activity) = activity::of(&event) {
            self.show(activity);
        }
    }

    pub(super) async fn ended_without_outcome(&self, code: i64, oom: bool) -> Result<AttemptEnd, String> {
        // The outcome may have been written between the look for it and the end of the sandbox.
        tokio::time::sleep(END_GRACE).await;
        if let Ok(Some(outcome)) = staging::outcome(&self.dir) {
            return self.collect(outcome).await;
        }
        if oom {
            return Err(format!(
                "The sandbox ran out of memory. Raise `sandbox.memory_mb`, then let the task go on with `aca resume {}`.",
                self.task.id
            ));
        }
        self.collect_or_lost(&format!("its sandbox ended with code {code}"))
            .await
    }

    /// Opens the log of the attempt's model exchanges. Without it they are served all the same.
    fn exchanges(&self) -> Option<ExchangeLog> {
        let key = crate::sealing::key_of_session(&self.session.dir).map_err(|error| error.to_string());
        let opened = key.and_then(|key| {
            let dir = self.dir.exchanges();
            ExchangeLog::open(&dir, &self.attempt.id, key).map_err(|error| error.to_string())
        });
        match opened {
            Ok(log) => Some(log),
            Err(error) => {
                tracing::warn!(attempt = %self.attempt.id, error, "model exchanges are not recorded");
                None
            }
        }
    }

    /// Serves the agent's model requests through the gateway and records what they use.
    fn carry_models(
        &self,
        token: String,
        gateway: Gateway,
        mut traffic: mpsc::Receiver<Stream>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (used, mut usage) = mpsc::unbounded_channel::<aca_gateway::RequestUsage>();
        let (shared, session) = (self.shared.clone(), self.session.id.clone());
        let upstream = gateway.upstream();
        let client = Client {
            attempt: self.attempt.id.clone(),
            token,
            usage: used,
            exchanges: self.exchanges(),
        };
        async move {
            let serving = async move {
                while let Some(stream) = traffic.recv().await {
                    let (gateway, client) = (gateway.clone(), client.clone());
                    tokio::spawn(async move { gateway.serve(stream, client).await });
                }
            };
            let recording = async move {
                while let Some(used) = usage.recv().await {
                    let command = Command::Used {
                        attempt: used.attempt.clone(),
                        usage: used.usage,
                        model: Some(used.model).filter(|model| !model.is_empty()),
                        request: Some(ModelRequest {
                            upstream: upstream.clone(),
                            at_ms: used.started_ms,
                            status: used.status,
                            exchange: used.exchange,
                        }),
                    };
                    if let Err(error) = shared.command(&session, command).await {
                        tracing::warn!(%error, attempt = %used.attempt, "the usage of a request could not be recorded");
                    }
                }
            };
            tokio::join!(serving, recording);
        }
    }
}
