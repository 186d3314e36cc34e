//! Before the sandbox runs: configuration, backend, base snapshot, checkout, specification.

use std::sync::Arc;

use aca_protocol::agent::{AgentLimits, AttemptSpec, Driver};
use aca_sandbox::{Backend, SandboxSpec};
use aca_workspace::objects::Tree;

use super::round::Round;
use super::{Away, Context, RETRY_FIRST};
use crate::config::Config;
use crate::core::Command;
use crate::{house, parts, prompt, staging};

/// Everything that starting the sandbox needs.
pub(super) struct Prepared {
    pub(super) backend: Box<dyn Backend>,
    spec: SandboxSpec,
    attempt: AttemptSpec,
}

impl Context {
    /// Gets everything ready up to the point where the sandbox may be started.
    pub(super) async fn prepare(&self, away: Away) -> Result<Prepared, String> {
        self.show("reading the configuration");
        let config = self.config()?;
        house::preflight(&self.shared, &self.session, &config).await?;
        let known = self.base.get().is_some();
        if !known {
            let base = self.snapshot().await?;
            self.base.get_or_init(|| base);
        }
        let round = self.round().await?;
        if !known {
            self.record_snapshot(round.as_ref()).await?;
        }
        self.assemble(&config, round, away).await
    }

    /// Records that the sandbox is about to be started, starts it, and records that too. Returns false if its engine went
    /// away, so that it may have been started or not.
    pub(super) async fn start(&self, prepared: &Prepared) -> Result<bool, String> {
        self.show("starting the sandbox");
        self.record_starting(&prepared.attempt, &*prepared.backend).await?;
        match prepared.backend.start(&prepared.spec).await {
            Ok(()) => self.record_started().await.map(|()| true),
            Err(aca_sandbox::Error::NoEngine { .. }) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Records that the sandbox for this specification may exist from now on.
    pub(super) async fn record_starting(&self, spec: &AttemptSpec, backend: &dyn Backend) -> Result<(), String> {
        let starting = Command::Starting {
            attempt: self.attempt.id.clone(),
            nonce: spec.nonce.clone(),
            backend: backend.name().to_owned(),
            driver: spec.driver,
            // Only the record says it, so an engine that cannot is no hindrance.
            image: backend.made_of().await.unwrap_or_default(),
            spec: staging::spec_hash(&self.dir),
        };
        self.command(starting).await.map_err(|error| error.to_string())
    }

    fn config(&self) -> Result<Config, String> {
        let settings = &self.shared.settings;
        settings
            .load(&self.session.root)
            .map(|loaded| loaded.config)
            .map_err(|error| error.to_string())
    }

    /// Stores the workspace as the user sees it, unsaved documents included.
    async fn snapshot(&self) -> Result<String, String> {
        self.show("taking a snapshot of the workspace");
        let buffers = staging::unsaved(&self.shared, &self.session.root);
        let session = Arc::clone(&self.session);
        let taking = self
            .files
            .spawn_blocking(move || session.objects.snapshot(&session.root, &buffers));
        let tree = taking
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        Ok(tree.as_str().to_owned())
    }

    async fn record_snapshot(&self, round: Option<&Round>) -> Result<(), String> {
        let base = self.base()?;
        let start = round.map(|round| &round.start).filter(|start| **start != base);
        let taken = Command::Snapshotted {
            attempt: self.attempt.id.clone(),
            base: base.as_str().to_owned(),
            start: start.map(|start| start.as_str().to_owned()),
        };
        self.command(taken).await.map_err(|error| error.to_string())
    }

    /// Returns what is special about this attempt if it goes on from an earlier one. The same base gives the same.
    async fn round(&self) -> Result<Option<Round>, String> {
        let Some(continues) = self.attempt.continues.clone() else {
            return Ok(None);
        };
        self.show("putting the open hunks into the files");
        let (session, task, earlier) = (Arc::clone(&self.session), self.task.clone(), self.earlier.clone());
        let base = self.base()?;
        let making = self
            .files
            .spawn_blocking(move || Round::new(&session.objects, &session.dir, &base, &task, (&continues, &earlier)));
        making.await.map_err(|error| error.to_string())?.map(Some)
    }

    async fn assemble(&self, config: &Config, round: Option<Round>, away: Away) -> Result<Prepared, String> {
        // What is wrong with the gateway's settings is said before anything runs.
        parts::shared_gateway(&self.shared, &self.session.root)?;
        let backend = match &self.attempt.backend {
            Some(_) => parts::backend_of(&self.shared, &self.session.root, &self.attempt)?,
            None => parts::backend(&self.shared.config, config, config.sandbox.backend),
        };
        self.make_ready(&*backend, away).await?;
        let known = self.known_spec();
        let driver = known.as_ref().map_or(config.agent.driver, |spec| spec.driver);
        let claude = match driver {
            Driver::ClaudeCode => {
                let mut show = |line: String| self.show(line);
                Some(self.shared.config.claude.locate(config, &mut show).await?)
            }
            Driver::Direct | Driver::Command => None,
        };
        self.show("checking out the base");
        let attempt = known.unwrap_or_else(|| {
            let mut attempt = self.attempt_spec(config, driver);
            if let Some(round) = &round {
                round.specify(&mut attempt, &self.task);
            }
            attempt
        });
        self.check_out(&attempt, round).await?;
        let named = (&self.task.id, &attempt);
        let spec = staging::sandbox(&self.shared, &self.session, config, &self.dir, named, claude);
        Ok(Prepared { backend, spec, attempt })
    }

    /// Makes sure that the backend can start sandboxes.
    async fn make_ready(&self, backend: &dyn Backend, away: Away) -> Result<(), String> {
        let mut pause = RETRY_FIRST;
        loop {
            match backend.prepare(&mut |line| self.show(line)).await {
                Ok(()) => return Ok(()),
                Err(error @ aca_sandbox::Error::NoEngine { .. }) => match away {
                    Away::Fails => return Err(format!("{error} Nothing was run.")),
                    Away::IsWaitedFor => self.before_retry(error.to_string(), &mut pause).await?,
                },
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Returns the specification that an engine before this one wrote: a sandbox that carries its hash may exist.
    fn known_spec(&self) -> Option<AttemptSpec> {
        let spec: AttemptSpec = staging::read_json(&self.dir.spec()).ok()?;
        (spec.attempt == self.attempt.id).then_some(spec)
    }

    /// Returns the base's tree.
    pub(super) fn base(&self) -> Result<Tree, String> {
        let base = self.base.get().ok_or("The base of the attempt is not recorded.")?;
        Tree::parse(base).map_err(|error| error.to_string())
    }

    fn attempt_spec(&self, config: &Config, driver: Driver) -> AttemptSpec {
        AttemptSpec {
            attempt: self.attempt.id.clone(),
            nonce: uuid::Uuid::new_v4().simple().to_string(),
            driver,
            workspace: self.session.root.clone(),
            prompt: prompt::message(&self.task.origin, &self.session.root),
            system: prompt::SYSTEM.to_owned(),
            model: config.agent.model.clone(),
            conversation: uuid::Uuid::new_v4().to_string(),
            resume: false,
            story: String::new(),
            ask_reasons: if config.agent.reasons {
                prompt::REASONS.to_owned()
            } else {
                String::new()
            },
            gateway_token: uuid::Uuid::new_v4().simple().to_string(),
            limits: AgentLimits {
                silence_secs: config.agent.silence_minutes * 60,
                total_secs: config.agent.total_minutes * 60,
                max_turns: config.agent.max_turns,
            },
        }
    }

    async fn check_out(&self, spec: &AttemptSpec, round: Option<Round>) -> Result<(), String> {
        let (session, dir, spec) = (Arc::clone(&self.session), self.dir.clone(), spec.clone());
        let base = self.base()?;
        let checking_out = self.files.spawn_blocking(move || {
            let start = round.as_ref().map_or(&base, |round| &round.start);
            staging::lay_out(&session, &dir, start, &spec)?;
            let Some(round) = round.filter(|_| spec.resume) else {
                return Ok(());
            };
            let text = |error| format!("{} cannot be written: {error}.", dir.out().display());
            round.bring(&dir, aca_sandbox::sandbox_user()).map_err(text)
        });
        checking_out.await.map_err(|error| error.to_string())?
    }
}
