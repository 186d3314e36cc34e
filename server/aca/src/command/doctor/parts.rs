//! Checks of the parts a task runs on: the container engine and its image, Claude Code, the credential.

use std::env;
use std::fs;

use aca_engine::config::{Backend, Config, Upstream};
use aca_engine::parts::docker;
use aca_protocol::agent::Driver;

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
    all.push(credential(config));
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
fn credential(config: &Config) -> Check {
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
    let mend = format!(
        "Set {variable} where your editor starts, or write the key to a file and name it as gateway.api_key_file."
    );
    let Some(file) = &gateway.api_key_file else {
        return Check::missing(
            NAME,
            format!("{variable} is not set, and no gateway.api_key_file is named"),
            mend,
        );
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

fn is_readable_by_others(file: &std::path::Path) -> bool {
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
        assert_eq!(credential(&config).state, State::Missing);
        config.gateway.api_key_file = Some(key.clone());
        assert_eq!(credential(&config).state, State::Missing, "the file is not there");
        for (content, mode, expected) in [
            ("", 0o600, State::Missing),
            ("sekret\n", 0o600, State::Good),
            ("sekret\n", 0o644, State::Warning),
        ] {
            fs::write(&key, content).unwrap();
            fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
            let check = credential(&config);
            assert_eq!(check.state, expected, "{check:?}");
            assert!(!format!("{check:?}").contains("sekret"));
        }
        config.gateway.upstream = Upstream::Replay(key.clone());
        assert_eq!(credential(&config).state, State::Good);
        config.gateway.upstream = Upstream::Replay(dir.path().join("none"));
        assert_eq!(credential(&config).state, State::Missing);
    }
}
