//! From settings to the parts they describe: the sandbox backend and the gateway.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use aca_gateway::{CredentialSource, Gateway, GatewayConfig, ReplayOptions, UpstreamConfig};
use aca_sandbox::{Docker, DockerConfig, Process, ProcessConfig};
use aca_secrets::Vault;
use aca_workspace::todo::Keywords;

use crate::config::{self, Backend, Config, Upstream};
use crate::core::Attempt;
use crate::handle::{EngineConfig, Shared};
use crate::layout;

impl Config {
    /// Returns what counts as a TODO.
    pub fn keywords(&self) -> Keywords {
        Keywords::new(self.todo.keywords.clone())
    }
}

/// Returns the backend that the settings name.
pub(crate) fn backend(host: &EngineConfig, config: &Config, backend: Backend) -> Box<dyn aca_sandbox::Backend> {
    match backend {
        Backend::Docker => Box::new(docker(config)),
        Backend::Process => {
            let process = ProcessConfig {
                state_dir: layout::sandboxes(&host.data_dir),
                agent: host.agent.clone(),
                unconfined_ok: config.sandbox.unconfined,
            };
            Box::new(Process::new(process))
        }
    }
}

/// Returns the Docker backend that the settings describe.
pub fn docker(config: &Config) -> Docker {
    Docker::new(DockerConfig {
        host: config.docker.host.clone(),
        image: config.docker.image.clone(),
        base: Some(config.docker.base.clone()),
        ..DockerConfig::default()
    })
}

/// Returns the backend that an attempt was started with.
///
/// # Errors
///
/// A sentence, if the settings cannot be read or no such backend exists.
pub(crate) fn backend_of(
    shared: &Shared,
    root: &Path,
    attempt: &Attempt,
) -> Result<Box<dyn aca_sandbox::Backend>, String> {
    backend_called(shared, root, attempt.id.as_str(), attempt.backend.as_deref())
}

/// Returns the backend called `name`, which the sandbox `of` was started with; without a name that of the settings.
///
/// # Errors
///
/// Those of [`backend_of`].
pub(crate) fn backend_called(
    shared: &Shared,
    root: &Path,
    of: &str,
    name: Option<&str>,
) -> Result<Box<dyn aca_sandbox::Backend>, String> {
    let loaded = shared.settings.load(root).map_err(|error| error.to_string())?;
    let config = loaded.config;
    let name = name.unwrap_or(config.sandbox.backend.name());
    let known = [Backend::Docker, Backend::Process]
        .into_iter()
        .find(|backend| backend.name() == name);
    let known = known
        .ok_or_else(|| format!("{of} was started with the backend {name:?}, which this version does not have."))?;
    Ok(backend(&shared.config, &config, known))
}

/// Returns the gateway that the settings describe; the same one for as long as they stay.
///
/// # Errors
///
/// A sentence, if the settings cannot be read or the upstream cannot be used.
pub(crate) fn shared_gateway(shared: &Shared, root: &Path) -> Result<Gateway, String> {
    let loaded = shared.settings.load(root).map_err(|error| error.to_string())?;
    let settings = loaded.config.gateway;
    let mut cached = shared.gateway.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, gateway)) = &*cached
        && *known == settings
    {
        return Ok(gateway.clone());
    }
    let made = gateway(&settings, &shared.config.data_dir)?;
    *cached = Some((settings, made.clone()));
    Ok(made)
}

/// Makes a gateway from settings; a stored credential is in the vault of `data_dir`.
///
/// # Errors
///
/// A sentence, if the upstream cannot be used.
pub fn gateway(settings: &config::Gateway, data_dir: &Path) -> Result<Gateway, String> {
    let upstream = match &settings.upstream {
        Upstream::Replay(script) => UpstreamConfig::Replay {
            script: script.clone(),
            options: ReplayOptions::default(),
        },
        Upstream::Http(base_url) => UpstreamConfig::Http {
            base_url: base_url.clone(),
            credential: credential(settings, data_dir),
        },
    };
    let mut config = GatewayConfig::new(upstream);
    config.idle_timeout = Duration::from_secs(settings.idle_timeout_secs);
    config.unstreamed_timeout = config.unstreamed_timeout.max(config.idle_timeout);
    Gateway::new(config).map_err(|error| error.to_string())
}

/// The first that is there of: the environment variable, the file that the settings name, what `aca login` has stored.
fn credential(settings: &config::Gateway, data_dir: &Path) -> CredentialSource {
    let in_environment = std::env::var_os(&settings.api_key_env).is_some_and(|value| !value.is_empty());
    match &settings.api_key_file {
        _ if in_environment => CredentialSource::ApiKeyEnv(settings.api_key_env.clone()),
        Some(file) => CredentialSource::ApiKeyFile(file.clone()),
        None => CredentialSource::Stored {
            vault: Vault::new(data_dir),
            env: settings.api_key_env.clone(),
        },
    }
}
