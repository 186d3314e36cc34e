//! A test's own world: home, data directory, settings, environment, model, and the clean-up of all of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::model::{Model, Script};
use crate::{Daemon, Workspace, daemon, engine, parts, wait};

/// Where programs are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// What a test may want otherwise.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What stands for the user's API key. It is made up.
    pub api_key: String,
    /// The upstream; the test's scripted model when it is `None`.
    pub upstream: Option<String>,
    /// `DOCKER_HOST`; the machine's engine when it is `None`.
    pub docker_host: Option<String>,
    /// What stands in for Claude Code; the real one when it is `None`.
    pub claude: Option<PathBuf>,
    /// More lines for the user's `aca.toml`, each under a section of its own.
    pub more: String,
    /// The data directory; in the test's folder when it is `None`.
    pub data_dir: Option<PathBuf>,
    /// Seconds without a byte from the upstream.
    pub idle_timeout_secs: u64,
    /// How much aca logs.
    pub level: String,
    /// Minutes without work and clients after which the daemon ends. Short, for what a killed test leaves.
    pub daemon_idle_minutes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: "sk-ant-made-up-0000".to_owned(),
            upstream: None,
            docker_host: None,
            claude: None,
            more: String::new(),
            data_dir: None,
            idle_timeout_secs: 60,
            level: "debug".to_owned(),
            daemon_idle_minutes: 1,
        }
    }
}

/// A test's own world. Dropping it removes everything the test made, also when the test fails.
#[derive(Debug)]
pub struct TestEnv {
    folder: TempDir,
    settings: Settings,
    model: Model,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl TestEnv {
    /// Makes a world whose sandboxes are containers.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Makes a world with settings of its own.
    pub fn with(settings: Settings) -> Self {
        if settings.docker_host.is_none() {
            parts::engine();
        }
        let folder = tempfile::Builder::new().prefix("aca-").tempdir().unwrap();
        let model = Model::start();
        let env = Self {
            folder,
            settings,
            model,
        };
        for name in ["home", "config/aca", "cache", "state", "tmp"] {
            std::fs::create_dir_all(env.folder.path().join(name)).unwrap();
        }
        env.write_settings();
        env
    }

    /// Returns the scripted model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Lets the model answer from this script from now on.
    pub fn script(&self, script: &Script) {
        self.model.play(script);
    }

    /// Returns the test's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns aca's data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.settings
            .data_dir
            .clone()
            .unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// Returns what stands for the user's API key.
    pub fn api_key(&self) -> &str {
        &self.settings.api_key
    }

    /// Changes settings; programs that start afterwards see them.
    pub fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.write_settings();
    }

    /// Makes a workspace with the files of a [fixture](crate::fixture), committed to git.
    pub fn workspace(&self, files: &str) -> Workspace {
        self.workspace_at("shop", files)
    }

    /// Makes a workspace in a folder of that name.
    pub fn workspace_at(&self, name: &str, files: &str) -> Workspace {
        Workspace::create(self.folder.path().join(name), files, || self.command("git"))
    }

    /// Returns a command that sees this world and nothing of the person's.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", at("home"))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("XDG_STATE_HOME", at("state"))
            .env("XDG_DATA_HOME", at("share"))
            .env("TMPDIR", at("tmp"))
            .env("ACA_DATA_DIR", self.data_dir())
            .env("ANTHROPIC_API_KEY", &self.settings.api_key)
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com");
        if let Some(host) = &self.settings.docker_host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// Puts a program on the search path of [`TestEnv::command_with_aca`].
    pub fn link_program(&self, name: &str, program: &Path) {
        let folder = self.folder.path().join("bin");
        std::fs::create_dir_all(&folder).unwrap();
        if !folder.join(name).exists() {
            std::os::unix::fs::symlink(program, folder.join(name)).unwrap();
        }
    }

    /// Returns a command like [`TestEnv::command`] that finds `aca` by its name, as a person's programs do.
    pub fn command_with_aca(&self, program: impl AsRef<OsStr>) -> Command {
        self.link_program("aca", &parts::aca());
        let folder = self.folder.path().join("bin");
        let mut command = self.command(program);
        command.env("PATH", format!("{}:{PATH}", folder.display()));
        command
    }

    /// Returns a command that runs `aca` in a workspace, with nothing on its standard input.
    pub fn aca(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = self.command(parts::aca());
        command
            .current_dir(workspace.root())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs `aca` in a workspace to its end.
    pub fn run(&self, workspace: &Workspace, arguments: &[&str]) -> Finished {
        let output = self.aca(workspace, arguments).output().expect("aca can be started");
        Finished::from(output)
    }

    /// Returns the daemon of this world, which an editor or a command has started.
    ///
    /// # Panics
    ///
    /// When none runs, or more than one.
    pub fn daemon(&self) -> Daemon {
        let mut all = self.daemons();
        let daemon = all.pop().expect("a daemon runs");
        assert!(all.is_empty(), "more than one daemon runs: {daemon:?} {all:?}");
        daemon
    }

    /// Returns all daemons of this world.
    pub fn daemons(&self) -> Vec<Daemon> {
        Daemon::all(&self.data_dir())
    }

    /// Waits for a daemon of another process than `old`, and returns it.
    pub fn next_daemon(&self, old: u32) -> Daemon {
        wait::until("the next daemon", wait::SHORT, || {
            self.daemons().into_iter().find(|daemon| daemon.pid() != old)
        })
    }

    /// Returns the identifiers of the sessions in the data directory.
    pub fn sessions(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.data_dir().join("sessions"));
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Returns the containers of this world's sessions, stopped ones included.
    pub fn containers(&self) -> Vec<String> {
        let labels = self
            .sessions()
            .into_iter()
            .map(|session| format!("aca.session={session}"));
        labels.flat_map(|label| engine::containers(&label)).collect()
    }

    /// Returns the running containers of this world's sessions.
    pub fn running_containers(&self) -> Vec<String> {
        let labels = self
            .sessions()
            .into_iter()
            .map(|session| format!("aca.session={session}"));
        labels.flat_map(|label| engine::running_containers(&label)).collect()
    }

    fn write_settings(&self) {
        let settings = &self.settings;
        let upstream = settings.upstream.clone().unwrap_or_else(|| self.model.address());
        let docker = settings
            .docker_host
            .as_ref()
            .map_or(String::new(), |host| format!("host = {host:?}\n"));
        let claude = match (&settings.claude, &settings.docker_host) {
            (Some(program), _) => format!("[claude_code]\npath = {program:?}\n"),
            (None, None) => format!("[claude_code]\npath = {:?}\n", parts::claude()),
            (None, Some(_)) => String::new(),
        };
        let text = format!(
            "[docker]\nbase = {:?}\n{docker}\n{claude}\n[gateway]\nupstream = {upstream:?}\n\
             idle_timeout_secs = {}\n\n[logging]\nlevel = {:?}\n\n[daemon]\nidle_minutes = {}\n\n{}",
            parts::BASE_IMAGE,
            settings.idle_timeout_secs,
            settings.level,
            settings.daemon_idle_minutes,
            settings.more
        );
        std::fs::write(self.folder.path().join("config/aca/aca.toml"), text).unwrap();
    }

    /// Prints aca's own logs: what a failed test needs most.
    fn print_logs(&self) {
        let entries = std::fs::read_dir(self.data_dir().join("logs"));
        for entry in entries.into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines.len().saturating_sub(120);
            println!(
                "---- {} (last lines)\n{}",
                entry.path().display(),
                lines[last..].join("\n")
            );
        }
    }
}

impl Default for TestEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print_logs();
            self.model.print();
        }
        daemon::end_all(&self.data_dir());
        if self.settings.docker_host.is_none() {
            engine::remove(&self.containers());
        }
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
