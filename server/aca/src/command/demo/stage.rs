//! The demo's own world: a workspace, settings and data in one temporary directory, and `aca` run inside it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ratatui::style::Stylize as _;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::process::Command;

use super::Pair;
use crate::exit::{Exit, Failure};
use crate::terminal::{Screen, paint};

/// The example.
const EXAMPLE: &str = include_str!("../../../demo/cart.py");
/// What the recorded model says.
const SCRIPT: &str = include_str!("../../../demo/replay.toml");

/// What the commands of the demo see of the person's environment.
const KEPT_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "DOCKER_HOST",
];

/// A directory with everything the demo needs; it goes away with the demo.
pub(super) struct Stage {
    dir: TempDir,
    workspace: PathBuf,
}

impl Stage {
    /// Sets everything up.
    ///
    /// # Errors
    ///
    /// When the temporary directory cannot be written.
    pub(super) fn build(pair: &Pair) -> Result<Self, Failure> {
        let unwritable = |error| Failure::while_doing("The demo's directory cannot be written", error);
        let dir = tempfile::Builder::new()
            .prefix("aca-demo-")
            .tempdir()
            .map_err(unwritable)?;
        let root = dir.path().canonicalize().map_err(unwritable)?;
        let workspace = root.join("shop");
        fs::create_dir(&workspace).map_err(unwritable)?;
        fs::write(workspace.join("cart.py"), EXAMPLE).map_err(unwritable)?;
        fs::write(root.join("replay.toml"), SCRIPT).map_err(unwritable)?;
        fs::write(root.join("aca.toml"), settings(pair)).map_err(unwritable)?;
        Ok(Self { dir, workspace })
    }

    /// Shows a command as one would type it, and runs it: what it says goes to the person.
    ///
    /// # Errors
    ///
    /// When it fails; its own message is on stderr by then.
    pub(super) async fn perform(&self, screen: Screen, args: &[&str]) -> Result<(), Failure> {
        screen.say(&format!(
            "\n{}",
            paint(format!("$ aca {}", args.join(" ")).cyan().bold())
        ));
        let stdout = if screen.is_json() {
            Stdio::null()
        } else {
            Stdio::inherit()
        };
        let status = self.aca(args)?.stdout(stdout).status().await;
        let status = status.map_err(|error| Failure::while_doing("aca cannot be run", error))?;
        if status.success() {
            Ok(())
        } else {
            Err(failed(args, status))
        }
    }

    /// Runs a command unseen and reads its answer.
    ///
    /// # Errors
    ///
    /// When it fails; its own message is on stderr by then.
    pub(super) async fn ask<T: DeserializeOwned>(&self, args: &[&str]) -> Result<T, Failure> {
        let output = self.aca(args)?.arg("--json").stdout(Stdio::piped()).output().await;
        let output = output.map_err(|error| Failure::while_doing("aca cannot be run", error))?;
        serde_json::from_slice(&output.stdout).map_err(|_| failed(args, output.status))
    }

    /// `aca` itself, in the demo's world.
    fn aca(&self, args: &[&str]) -> Result<Command, Failure> {
        let program = env::current_exe().map_err(|error| Failure::while_doing("aca cannot find itself", error))?;
        let mut command = Command::new(program);
        command
            .args(args)
            .args(["--in-process", "--workspace"])
            .arg(&self.workspace)
            .current_dir(&self.workspace)
            .env_clear()
            .envs(
                KEPT_VARIABLES
                    .iter()
                    .filter_map(|name| Some((*name, env::var_os(name)?))),
            )
            .env("ACA_DATA_DIR", self.dir.path().join("data"))
            .env("ACA_CONFIG_FILE", self.dir.path().join("aca.toml"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        Ok(command)
    }

    /// The line of the TODO, counted from one.
    pub(super) fn todo_line(&self) -> Result<usize, Failure> {
        let place = EXAMPLE.lines().position(|line| line.contains("TODO:"));
        place
            .map(|index| index + 1)
            .ok_or_else(|| Failure::new(Exit::Failed, "The bundled example has no TODO."))
    }

    /// The lines of the example around one, numbered.
    pub(super) fn excerpt(&self, line: usize, around: usize) -> Result<String, Failure> {
        let text = self.text()?;
        let numbered = text.lines().enumerate().map(|(index, text)| (index + 1, text));
        let near = numbered.filter(|(number, _)| number.abs_diff(line) <= around);
        let shown: Vec<String> = near
            .map(|(number, text)| {
                let text = if text.contains("TODO") {
                    text.yellow()
                } else {
                    text.into()
                };
                paint(vec![format!("{number:>4}  ").dim(), text])
            })
            .collect();
        Ok(shown.join("\n"))
    }

    /// The example as it is now.
    pub(super) fn text(&self) -> Result<String, Failure> {
        let path = self.workspace.join("cart.py");
        fs::read_to_string(path).map_err(|error| Failure::while_doing("The example cannot be read", error))
    }

    /// Removes the directory and whatever sandbox is left.
    pub(super) async fn clean(self, pair: &Pair) -> Result<(), Failure> {
        let attempts = attempts(&self.dir.path().join("data/sessions"));
        if let Pair::Container { config, .. } = pair {
            let docker = aca_engine::parts::docker(config);
            for attempt in attempts {
                remove(&docker, &attempt).await;
            }
        }
        self.dir
            .close()
            .map_err(|error| Failure::while_doing("The demo's directory cannot be removed", error))
    }
}

fn failed(args: &[&str], status: std::process::ExitStatus) -> Failure {
    let message = format!("The demo stops here: `aca {}` ended with {status}.", args.join(" "));
    Failure::new(Exit::Failed, message)
}

async fn remove(docker: &impl aca_sandbox::Backend, attempt: &str) {
    if let Err(error) = docker.remove(attempt).await {
        tracing::warn!(%error, attempt, "the demo's sandbox was not removed");
    }
}

/// The names of all attempts under a directory of sessions.
fn attempts(sessions: &Path) -> Vec<String> {
    let names = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    names(sessions.to_path_buf())
        .flat_map(|session| names(session.path().join("attempts")))
        .filter_map(|attempt| attempt.file_name().into_string().ok())
        .collect()
}

/// The demo's settings. The person's own count for where the engine and the image are, and for nothing else.
fn settings(pair: &Pair) -> String {
    let mut settings = toml::Table::new();
    let mut set = |section: &str, key: &str, value: String| {
        let table = settings.entry(section).or_insert_with(|| toml::Table::new().into());
        if let Some(table) = table.as_table_mut() {
            table.insert(key.into(), value.into());
        }
    };
    set("gateway", "upstream", "replay:replay.toml".into());
    set("sandbox", "backend", pair.backend_name().into());
    set("agent", "driver", pair.driver_name().into());
    if let Pair::Container { claude, config, .. } = pair {
        set("claude_code", "path", claude.display().to_string());
        set("docker", "base", config.docker.base.clone());
        for (key, value) in [("host", &config.docker.host), ("image", &config.docker.image)] {
            if let Some(value) = value {
                set("docker", key, value.clone());
            }
        }
    }
    settings.to_string()
}

#[cfg(test)]
mod tests {
    use aca_engine::config::{self, Backend, Config, Upstream};

    use super::*;

    #[test]
    fn the_demo_has_sound_settings() {
        let mut own = Config::default();
        own.docker.host = Some("unix:///x.sock".into());
        let container = Pair::Container {
            engine: "e".into(),
            claude: "/c/claude".into(),
            config: Box::new(own),
        };
        for (pair, backend) in [
            (container, Backend::Docker),
            (Pair::Embedded { why: "w".into() }, Backend::Process),
        ] {
            let stage = Stage::build(&pair).unwrap();
            let path = stage.dir.path().join("aca.toml");
            let loaded = config::load_files(Some(path), Some(&stage.workspace)).unwrap().config;
            assert_eq!(loaded.sandbox.backend, backend);
            assert_eq!(loaded.docker.host.is_some(), backend == Backend::Docker);
            let Upstream::Replay(script) = loaded.gateway.upstream else {
                panic!("not a replay")
            };
            assert!(script.is_file());
        }
    }

    #[test]
    fn the_recording_fits_the_example() {
        let script: toml::Table = SCRIPT.parse().unwrap();
        let script = script.to_string();
        let mut text = EXAMPLE.to_owned();
        let turns: toml::Table = script.parse().unwrap();
        for turn in turns["turn"].as_array().unwrap() {
            let Some(tools) = turn["reply"].get("tool") else {
                continue;
            };
            for call in tools[0]["any_of"].as_array().unwrap() {
                if call["name"].as_str() == Some("edit_file") {
                    let old = call["input"]["old_text"].as_str().unwrap();
                    assert_eq!(text.matches(old).count(), 1, "{old:?}");
                    text = text.replace(old, call["input"]["new_text"].as_str().unwrap());
                }
            }
        }
        assert!(text.contains(super::super::WANTED) && text.contains(super::super::UNWANTED));
        assert!(!text.contains("TODO"));
    }
}
