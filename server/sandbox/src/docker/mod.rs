//! Sandboxes as containers of a Docker engine.

mod belongings;
mod container;
mod diagnose;
mod engine;
mod image;
mod stats;
mod stream;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aca_protocol::agent::inside;
use async_trait::async_trait;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use belongings::{Belonging, BelongingKind};
pub use diagnose::Diagnosis;

use crate::backend::{Backend, Found, Load, Status, Stream};
use crate::{Error, SandboxSpec};
use engine::Engine;

/// How to reach the engine and what to run on it.
#[derive(Debug, Clone, Default)]
pub struct DockerConfig {
    /// The engine's address, such as `unix:///run/docker.sock`; without it, `DOCKER_HOST` or Docker's own default.
    pub host: Option<String>,
    /// An image to use as it is, such as the project's own development image; without it, aca's, built on first need.
    pub image: Option<String>,
    /// The image that aca's own is built on; without it, the Dockerfile's default.
    pub base: Option<String>,
    /// Labels for every container and image, beside a sandbox's own.
    pub extra_labels: BTreeMap<String, String>,
}

/// The backend that runs sandboxes as containers.
pub struct Docker {
    config: DockerConfig,
    engine: OnceCell<Engine>,
}

/// How long a creation or a removal that the engine has under way is waited for.
const SETTLING: Duration = Duration::from_secs(20);

impl Docker {
    /// Makes a backend; the engine is first spoken to when it is needed.
    #[must_use]
    pub fn new(config: DockerConfig) -> Self {
        Self {
            config,
            engine: OnceCell::new(),
        }
    }

    /// The image that sandboxes run on.
    #[must_use]
    pub fn image(&self) -> String {
        self.config
            .image
            .clone()
            .unwrap_or_else(|| image::tag(self.config.base.as_deref()))
    }

    async fn engine(&self) -> Result<&Engine, Error> {
        self.engine
            .get_or_try_init(|| Engine::connect(self.config.host.as_deref()))
            .await
    }

    /// Creates the container, or finds that it is there with the same labels.
    async fn create(&self, spec: &SandboxSpec) -> Result<(), Error> {
        let engine = self.engine().await?;
        let mut body = container::body(spec, &spec.mounts()?, &self.image(), engine.cpus)?;
        body.labels
            .get_or_insert_default()
            .extend(self.config.extra_labels.clone());
        let options = CreateContainerOptionsBuilder::new().name(&spec.name).build();
        match engine.client.create_container(Some(options), body).await {
            Ok(_) => Ok(()),
            Err(e) if engine::status(&e) == Some(409) => self.adopt(spec).await,
            Err(e) if engine::status(&e) == Some(404) => Err(image::missing(&self.config, self.image())),
            Err(e) => Err(engine.error("create a container", e)),
        }
    }

    /// Makes sure that the container of that name has the labels of `spec`.
    async fn adopt(&self, spec: &SandboxSpec) -> Result<(), Error> {
        let deadline = Instant::now() + SETTLING;
        let found = loop {
            match self.find(&spec.name).await? {
                Some(found) => break found,
                // The name is taken some time before its container can be seen, and after.
                None if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(20)).await,
                None => {
                    return Err(Error::Engine {
                        doing: "inspect the container that has the name".into(),
                        reason: format!("it says that {} exists, and does not show it", spec.name),
                    });
                }
            }
        };
        match found.differs_in(&spec.labels) {
            Some(label) => Err(Error::NameTaken {
                name: spec.name.clone(),
                label: label.to_owned(),
            }),
            None => Ok(()),
        }
    }

    async fn kill(&self, name: &str) -> Result<(), Error> {
        let engine = self.engine().await?;
        let options = KillContainerOptionsBuilder::new().signal("KILL").build();
        match engine.client.kill_container(name, Some(options)).await {
            Ok(()) => Ok(()),
            // It does not exist, or it does not run.
            Err(e) if matches!(engine::status(&e), Some(404 | 409)) => Ok(()),
            Err(e) => Err(engine.error("kill a container", e)),
        }
    }
}

#[async_trait]
impl Backend for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn prepare(&self, progress: &mut (dyn FnMut(String) + Send)) -> Result<(), Error> {
        if self.has_image().await? {
            return Ok(());
        }
        if self.config.image.is_some() {
            return Err(image::missing(&self.config, self.image()));
        }
        self.build_image(false, progress).await
    }

    async fn start(&self, spec: &SandboxSpec) -> Result<(), Error> {
        self.create(spec).await?;
        // Starting a container that has ended would run the attempt a second time.
        if self.inspect(&spec.name).await? != Status::Created {
            return Ok(());
        }
        let engine = self.engine().await?;
        let started = engine
            .client
            .start_container(&spec.name, None::<StartContainerOptions>)
            .await;
        started.map_err(|e| engine.error("start a container", e))
    }

    async fn connect(&self, name: &str, _out: &Path) -> Result<Stream, Error> {
        let engine = self.engine().await?;
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(vec![inside::AGENT, "connect", "--out", inside::OUT]),
            ..CreateExecOptions::default()
        };
        let exec = match engine.client.create_exec(name, options).await {
            Ok(exec) => exec,
            Err(e) if matches!(engine::status(&e), Some(404 | 409)) => {
                return Err(Error::NotRunning { name: name.to_owned() });
            }
            Err(e) => return Err(engine.error("run a program in a container", e)),
        };
        match engine.client.start_exec(&exec.id, None).await {
            Ok(StartExecResults::Attached { output, input }) => Ok(stream::join(name, output, input)),
            Ok(StartExecResults::Detached) => Err(Error::NotRunning { name: name.to_owned() }),
            Err(e) if engine::status(&e) == Some(409) => Err(Error::NotRunning { name: name.to_owned() }),
            Err(e) => Err(engine.error("run a program in a container", e)),
        }
    }

    async fn find(&self, name: &str) -> Result<Option<Found>, Error> {
        let engine = self.engine().await?;
        match engine
            .client
            .inspect_container(name, None::<InspectContainerOptions>)
            .await
        {
            Ok(found) => {
                let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
                Ok(Some(Found {
                    name: name.to_owned(),
                    labels: labels.into_iter().collect(),
                    status: container::status(found.state.as_ref()),
                }))
            }
            Err(e) if engine::status(&e) == Some(404) => Ok(None),
            Err(e) => Err(engine.error("inspect a container", e)),
        }
    }

    async fn stop(&self, name: &str) -> Result<(), Error> {
        self.kill(name).await
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        let engine = self.engine().await?;
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let deadline = Instant::now() + SETTLING;
        loop {
            match engine.client.remove_container(name, Some(options.clone())).await {
                Ok(()) => return Ok(()),
                Err(e) if engine::status(&e) == Some(404) => return Ok(()),
                // Someone else is removing it, which the engine has no call to wait for.
                Err(e) if engine::status(&e) == Some(409) && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(e) => return Err(engine.error("remove a container", e)),
            }
        }
    }

    async fn made_of(&self) -> Result<Option<String>, Error> {
        let (engine, name) = (self.engine().await?, self.image());
        let found = engine.client.inspect_image(&name).await;
        let found = found.map_err(|e| engine.error("inspect the image", e))?;
        Ok(found.id.map(|id| format!("{name}@{id}")))
    }

    async fn load(&self, name: &str) -> Result<Option<Load>, Error> {
        self.stats(name).await
    }

    async fn list(&self, (key, value): (&str, &str)) -> Result<Vec<Found>, Error> {
        let engine = self.engine().await?;
        let filters = std::collections::HashMap::from([("label", vec![format!("{key}={value}")])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let containers = engine.client.list_containers(Some(options)).await;
        let containers = containers.map_err(|e| engine.error("list containers", e))?;
        let mut found = Vec::with_capacity(containers.len());
        for container in containers {
            let Some(name) = container.names.iter().flatten().find_map(|n| n.strip_prefix('/')) else {
                continue;
            };
            // The list has no exit code and calls a container that failed to start "created" or "exited" alike.
            found.extend(self.find(name).await?);
        }
        Ok(found)
    }
}
