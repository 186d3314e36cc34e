//! Checks of the parts a task runs on: the container engine and its image, Claude Code, the credential.

use std::env;
use std::fs;
use std::path::Path;

use aca_engine::config::{Backend, Config, Upstream};
use aca_engine::parts::docker;
use aca_gateway::STORED_KEY;
use aca_protocol::agent::Driver;
use aca_secrets::{MasterKey, MasterState, Place, Vault};

use super::Check;
use crate::context::Context;

/// Checks what the settings choose.
pub(super) async fn all(context: &Context, config: &Config, all: &mut Vec<Check>) {
    match config.sandbox.backend {
        Backend::Docker => engine(config, all).await,
        Backend::Process => all.push(Check::warning(
            "sandbox",
            "confined processes, as sandbox.backend says",
            "Set sandbox.backend to \"docker\" for stronger walls where an engine can be had.",
        )),
    }
    if config.agent.driver == Driver::ClaudeCode {
        all.push(claude_code(context, config));
    }
    all.push(credential(config, &context.data_dir));
    all.extend(sealing(config, &context.data_dir).await);
}

async fn engine(config: &Config, all: &mut Vec<Check>) {
    let found = match docker(config).diagnose().await {
        Ok(found) => found,
        Err(error) => {
            let mend = "If the engine listens elsewhere, name the place as docker.host in your settings.";
            all.push(Check::missing("engine", error.to_string(), mend));
            return;
        }
    };
    let about = format!(
        "Docker {} at {}, cgroup {}, {}",
        found.version, found.host, found.cgroup, found.storage
    );
    all.push(if !found.seccomp {
        let mend = "Use an engine with seccomp; without it a sandbox reaches more of the kernel.";
        Check::warning("engine", format!("{about}, without seccomp"), mend)
    } else if !found.live_restore {
        let mend =
            "Set \"live-restore\": true in /etc/docker/daemon.json, so that tasks outlive a restart of the engine.";
        Check::warning("engine", about, mend)
    } else {
        Check::good("engine", about)
    });
    for warning in &found.warnings {
        all.push(Check::warning(
            "engine",
            warning.trim(),
            "This is the engine's own warning; see its documentation.",
        ));
    }
    let mend = "Build it now with `aca image build`, or let the first task do it.";
    all.push(match (found.image_present, &config.docker.image) {
        (true, _) => Check::good("image", found.image),
        (false, Some(image)) => Check::missing(
            "image",
            format!("{image} is not on the engine"),
            format!("Get it: docker pull {image}"),
        ),
        (false, None) if found.image_stale => Check::warning("image", "made by an older aca", mend),
        (false, None) => Check::warning("image", "not built yet", mend),
    });
}

fn claude_code(context: &Context, config: &Config) -> Check {
    const NAME: &str = "Claude Code";
    let version = &config.claude_code.version;
    match context.provisioner().find(config) {
        Ok(Some(path)) => Check::good(NAME, path.display().to_string()),
        Ok(None) => Check::warning(
            NAME,
            format!("version {version} is not installed"),
            "`aca image build` or the first task installs it with npm; or name one with claude_code.path.",
        ),
        Err(reason) => Check::missing(
            NAME,
            reason,
            "Correct claude_code.path, or take it out of your settings.",
        ),
    }
}

/// Says where the credential comes from; never what it is.
fn credential(config: &Config, data_dir: &Path) -> Check {
    const NAME: &str = "credential";
    let gateway = &config.gateway;
    match &gateway.upstream {
        Upstream::Replay(path) if path.is_file() => {
            return Check::good(NAME, format!("none needed: answers come from {}", path.display()));
        }
        Upstream::Replay(path) => {
            let found = format!("the replay script {} is not there", path.display());
            return Check::missing(NAME, found, "Correct gateway.upstream in your settings.");
        }
        Upstream::Http(_) => {}
    }
    let variable = &gateway.api_key_env;
    if env::var_os(variable).is_some_and(|key| !key.is_empty()) {
        return Check::good(NAME, format!("in the environment, as {variable}"));
    }
    let mend = format!("Store the key with `aca login`, or set {variable} where your editor starts.");
    let Some(file) = &gateway.api_key_file else {
        return stored(&Vault::new(data_dir), variable, mend);
    };
    match fs::read_to_string(file) {
        Ok(key) if key.trim().is_empty() => Check::missing(NAME, format!("{} is empty", file.display()), mend),
        Ok(_) if is_readable_by_others(file) => Check::warning(
            NAME,
            format!("in {}, which other users can read", file.display()),
            format!("chmod 600 {}", file.display()),
        ),
        Ok(_) => Check::good(NAME, format!("in {}", file.display())),
        Err(error) => Check::missing(NAME, format!("{} cannot be read: {error}", file.display()), mend),
    }
}

/// Says where the stored key is, and that a file is not a keyring.
fn stored(vault: &Vault, variable: &str, mend: String) -> Check {
    const NAME: &str = "credential";
    match vault.place(STORED_KEY) {
        Ok(Some(Place::Keyring)) => Check::good(NAME, "in the keyring"),
        Ok(Some(place)) => Check::warning(
            NAME,
            format!("in {place}, not encrypted"),
            "Run `aca login` where a keyring answers, to keep it there.",
        ),
        Ok(None) => Check::missing(NAME, format!("{variable} is not set, and no key is stored"), mend),
        Err(error) => Check::missing(NAME, error.to_string(), mend),
    }
}

/// Says where the key of sealed sessions is; nothing where sealing was never set up or asked for.
async fn sealing(config: &Config, data_dir: &Path) -> Option<Check> {
    const NAME: &str = "sealing";
    let wanted = config.secrets.seal_sessions;
    let data_dir = data_dir.to_owned();
    let state = tokio::task::spawn_blocking(move || MasterKey::state(&data_dir))
        .await
        .ok()?;
    match state {
        Ok(MasterState::None) if !wanted => None,
        Ok(MasterState::None) => Some(Check::missing(
            NAME,
            "secrets.seal_sessions is set, and there is no key to seal with",
            "Make one: aca secrets enable",
        )),
        Ok(MasterState::There(Place::Keyring)) => Some(Check::good(NAME, "its key is in the keyring")),
        Ok(MasterState::There(place)) => Some(Check::warning(
            NAME,
            format!("its key is in {place}, beside what it seals"),
            "It protects nothing from whoever copies both. Keep that file out of backups, or use a keyring.",
        )),
        Ok(MasterState::Missing(_, reason)) => Some(Check::missing(NAME, reason, "Put it back: aca secrets recover")),
        Err(error) => Some(Check::missing(
            NAME,
            error.to_string(),
            "Put the file back from a backup.",
        )),
    }
}

fn is_readable_by_others(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::State;
    use super::*;

    #[test]
    fn credentials_are_found_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        let mut config = Config::default();
        config.gateway.api_key_env = "ACA_TEST_KEY_THAT_IS_NOT_SET".into();
        assert_eq!(credential(&config, dir.path()).state, State::Missing);
        let vault = Vault::new(dir.path());
        let stored = aca_secrets::Secret::parse("sk-made-up").unwrap();
        vault.put(STORED_KEY, &stored, true).unwrap();
        let found = credential(&config, dir.path());
        assert_eq!(found.state, State::Warning, "a file is not a keyring: {found:?}");
        assert!(!format!("{found:?}").contains("sk-made-up"));
        config.gateway.api_key_file = Some(key.clone());
        assert_eq!(
            credential(&config, dir.path()).state,
            State::Missing,
            "the file is not there"
        );
        for (content, mode, expected) in [
            ("", 0o600, State::Missing),
            ("sekret\n", 0o600, State::Good),
            ("sekret\n", 0o644, State::Warning),
        ] {
            fs::write(&key, content).unwrap();
            fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
            let check = credential(&config, dir.path());
            assert_eq!(check.state, expected, "{check:?}");
            assert!(!format!("{check:?}").contains("sekret"));
        }
        config.gateway.upstream = Upstream::Replay(key.clone());
        assert_eq!(credential(&config, dir.path()).state, State::Good);
        config.gateway.upstream = Upstream::Replay(dir.path().join("none"));
        assert_eq!(credential(&config, dir.path()).state, State::Missing);
    }
}
