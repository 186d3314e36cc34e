//! Before the sandbox runs: configuration, backend, base snapshot, checkout, specification.

use std::sync::Arc;

use aca_protocol::agent::{AgentLimits, AttemptSpec, Driver};
use aca_sandbox::{Backend, SandboxSpec};
use aca_workspace::objects::Tree;

use super::Context;
use crate::config::{self, Config};
use crate::core::Command;
use crate::{parts, prompt, staging};

/// Everything that starting the sandbox needs.
pub(super) struct Prepared {
    pub(super) backend: Box<dyn Backend>,
    spec: SandboxSpec,
    attempt: AttemptSpec,
}

impl Context {
    /// Gets everything ready up to the point where the sandbox may be started.
    pub(super) async fn prepare(&self) -> Result<Prepared, String> {
        self.show("reading the configuration");
        let config = self.config()?;
        staging::room(&self.session)?;
        if self.base.get().is_none() {
            let base = self.snapshot().await?;
            self.base.get_or_init(|| base);
        }
        self.assemble(&config).await
    }

    /// Gets everything ready for a sandbox whose start was recorded and never happened.
    pub(super) async fn prepare_again(&self) -> Result<Prepared, String> {
        let config = self.config()?;
        self.assemble(&config).await
    }

    /// Records that the sandbox is about to be started, starts it, and records that too.
    pub(super) async fn start(&self, prepared: &Prepared) -> Result<(), String> {
        self.show("starting the sandbox");
        let starting = Command::Starting {
            attempt: self.attempt.id.clone(),
            nonce: prepared.attempt.nonce.clone(),
            backend: prepared.backend.name().to_owned(),
            driver: prepared.attempt.driver,
        };
        self.command(starting).await.map_err(|error| error.to_string())?;
        prepared
            .backend
            .start(&prepared.spec)
            .await
            .map_err(|error| error.to_string())?;
        self.record_started().await
    }

    fn config(&self) -> Result<Config, String> {
        config::load(Some(&self.session.root))
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
        let base = tree.as_str().to_owned();
        let taken = Command::Snapshotted {
            attempt: self.attempt.id.clone(),
            base: base.clone(),
            start: None,
        };
        self.command(taken).await.map_err(|error| error.to_string())?;
        Ok(base)
    }

    async fn assemble(&self, config: &Config) -> Result<Prepared, String> {
        // What is wrong with the gateway's settings is said before anything runs.
        parts::shared_gateway(&self.shared, &self.session.root)?;
        let backend = parts::backend(&self.shared.config, config, config.sandbox.backend);
        let mut show = |line: String| self.show(line);
        backend.prepare(&mut show).await.map_err(|error| error.to_string())?;
        let driver = config.agent.driver;
        let claude = match driver {
            Driver::ClaudeCode => Some(self.shared.config.claude.locate(config, &mut show).await?),
            Driver::Direct | Driver::Command => None,
        };
        self.show("checking out the base");
        let attempt = self.attempt_spec(config, driver);
        self.check_out(&attempt).await?;
        let named = (&self.task.id, &attempt);
        let spec = staging::sandbox(&self.shared, &self.session, config, &self.dir, named, claude);
        Ok(Prepared { backend, spec, attempt })
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
            ask_reasons: String::new(),
            gateway_token: uuid::Uuid::new_v4().simple().to_string(),
            limits: AgentLimits {
                silence_secs: config.agent.silence_minutes * 60,
                total_secs: config.agent.total_minutes * 60,
                max_turns: config.agent.max_turns,
            },
        }
    }

    async fn check_out(&self, spec: &AttemptSpec) -> Result<(), String> {
        let (session, dir, spec) = (Arc::clone(&self.session), self.dir.clone(), spec.clone());
        let base = self.base()?;
        let checking_out = self
            .files
            .spawn_blocking(move || staging::lay_out(&session, &dir, &base, &spec));
        checking_out.await.map_err(|error| error.to_string())?
    }
}
