//! Before the sandbox runs: configuration, backend, base snapshot, checkout, specification.

use std::path::Path;
use std::sync::Arc;

use aca_protocol::agent::{AgentLimits, AttemptSpec, Driver, files};
use aca_sandbox::{Backend, Limits, SandboxSpec};
use aca_workspace::objects::{Buffer, Tree};
use aca_workspace::paths;
use serde::Serialize;

use super::Context;
use crate::config::{self, Config};
use crate::core::Command;
use crate::{layout, parts, prompt};

/// Below this many free bytes in the data directory no work is started.
const MIN_FREE_BYTES: u64 = 64 << 20;

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
        self.room()?;
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

    fn room(&self) -> Result<(), String> {
        let dir = &self.session.dir;
        let stat =
            rustix::fs::statvfs(dir).map_err(|error| format!("{} cannot be examined: {error}.", dir.display()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free >= MIN_FREE_BYTES {
            return Ok(());
        }
        Err(format!(
            "The disk that holds {} has {} MiB free, and a task needs {} MiB. Free some space and run it again.",
            dir.display(),
            free >> 20,
            MIN_FREE_BYTES >> 20
        ))
    }

    /// Stores the workspace as the user sees it, unsaved documents included.
    async fn snapshot(&self) -> Result<String, String> {
        self.show("taking a snapshot of the workspace");
        let buffers = self.unsaved();
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

    fn unsaved(&self) -> Vec<Buffer> {
        let root = &self.session.root;
        let open = self.shared.buffers.below(root);
        let buffer = |(path, text): (std::path::PathBuf, ropey::Rope)| {
            Some(Buffer {
                path: paths::relative(root, &path)?,
                text: crate::proposal::encode_like(&path, &text),
            })
        };
        open.into_iter().filter_map(buffer).collect()
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
        let spec = SandboxSpec {
            name: self.attempt.id.as_str().to_owned(),
            labels: self.labels(),
            workspace_source: self.dir.work(),
            workspace: self.session.root.clone(),
            out: self.dir.out(),
            agent: self.shared.config.agent.clone(),
            claude,
            read_only: vec![layout::objects(&self.session.dir).join("objects")],
            limits: Limits {
                memory_bytes: config.sandbox.memory_mb << 20,
                cpus: config.sandbox.cpus,
                pids: config.sandbox.pids,
                tmp_bytes: config.sandbox.tmp_mb << 20,
            },
            command: SandboxSpec::agent_command(),
        };
        Ok(Prepared { backend, spec, attempt })
    }

    /// Returns the base's tree.
    pub(super) fn base(&self) -> Result<Tree, String> {
        let base = self.base.get().ok_or("The base of the attempt is not recorded.")?;
        Tree::parse(base).map_err(|error| error.to_string())
    }

    fn labels(&self) -> std::collections::BTreeMap<String, String> {
        let pairs = [
            ("aca.session", self.session.id.as_str()),
            ("aca.task", self.task.id.as_str()),
            ("aca.attempt", self.attempt.id.as_str()),
        ];
        pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
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
            ask_reasons: String::new(),
            gateway_token: uuid::Uuid::new_v4().simple().to_string(),
            limits: AgentLimits {
                silence_secs: config.agent.silence_minutes * 60,
                total_secs: config.agent.total_minutes * 60,
                max_turns: config.agent.max_turns,
            },
        }
    }

    /// Makes the attempt's directory anew: the checkout, the specification inside and outside the agent's reach.
    async fn check_out(&self, spec: &AttemptSpec) -> Result<(), String> {
        let (session, dir, spec) = (Arc::clone(&self.session), self.dir.clone(), spec.clone());
        let base = self.base()?;
        let checking_out = self.files.spawn_blocking(move || -> Result<(), String> {
            let text = |error: std::io::Error| format!("{} cannot be written: {error}.", dir.path().display());
            super::collect::remove_tree(dir.path()).map_err(text)?;
            std::fs::create_dir_all(dir.path()).map_err(text)?;
            private(dir.path()).map_err(text)?;
            let owner = Some(aca_sandbox::sandbox_user());
            let checkout = session
                .objects
                .materialize(&base, &dir.work(), owner)
                .map_err(|error| error.to_string())?;
            write_json(&dir.checkout(), &checkout).map_err(text)?;
            write_json(&dir.spec(), &spec).map_err(text)?;
            std::fs::create_dir_all(dir.out()).map_err(text)?;
            write_json(&dir.out().join(files::SPEC), &spec).map_err(text)?;
            own(&dir.out(), owner)
                .and_then(|()| own(&dir.out().join(files::SPEC), owner))
                .map_err(text)
        });
        checking_out.await.map_err(|error| error.to_string())?
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    std::fs::write(path, serde_json::to_vec(value)?)
}

fn private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711))
}

fn own(path: &Path, owner: Option<(u32, u32)>) -> std::io::Result<()> {
    let Some((user, group)) = owner else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(user), Some(group))
}
