//! Settings: the workspace's `aca.toml`, then what an attached editor sends, then the user's file, then the defaults,
//! each value with its origin.
//!
//! A workspace's file is text from whoever wrote the repository. It can choose what concerns the project, lower
//! limits, and nothing else: where credentials go, which programs run on the host and how an agent is confined are for
//! the user's file only. `keys.rs` says for each key who may set it; `aca.default.toml` documents them all.

mod defaults;
mod editor;
mod error;
mod keys;
mod place;
mod read;
mod schema;
mod show;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aca_protocol::agent::Driver;

pub use editor::EditorSettings;
pub use error::ConfigError;
pub use place::{USER_FILE_VARIABLE, data_dir, user_file};
pub use schema::schema;
pub use show::render;

/// The commented file of all defaults.
pub const DEFAULT_FILE: &str = include_str!("config/aca.default.toml");

/// The name of the file in a workspace.
pub const FILE_NAME: &str = "aca.toml";

/// All settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[session]`
    pub session: Session,
    /// `[todo]`
    pub todo: Todo,
    /// `[agent]`
    pub agent: Agent,
    /// `[review]`
    pub review: Review,
    /// `[claude_code]`
    pub claude_code: ClaudeCode,
    /// `[sandbox]`
    pub sandbox: Sandbox,
    /// `[docker]`
    pub docker: Docker,
    /// `[checks]`
    pub checks: Checks,
    /// `[gateway]`
    pub gateway: Gateway,
    /// `[secrets]`
    pub secrets: Secrets,
    /// `[logging]`
    pub logging: Logging,
    /// `[daemon]`
    pub daemon: Daemon,
    /// `[cleanup]`
    pub cleanup: Cleanup,
}

/// `[session]`
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Attempts that work at the same time.
    pub max_parallel: u32,
    /// Minutes of work after which a checkpoint is made; zero for never.
    pub checkpoint_interval_minutes: u64,
}

/// `[todo]`
#[derive(Debug, Clone, PartialEq)]
pub struct Todo {
    /// Comment keywords that offer to start a task.
    pub keywords: Vec<String>,
}

/// `[agent]`
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// What drives the work inside the sandbox.
    pub driver: Driver,
    /// The model, by the name the upstream knows.
    pub model: String,
    /// Model turns after which an attempt is ended.
    pub max_turns: u32,
    /// Minutes without a sign of life after which an attempt is ended.
    pub silence_minutes: u64,
    /// Minutes after which an attempt is ended.
    pub total_minutes: u64,
    /// Whether the agent is asked at the end why it changed what it changed.
    pub reasons: bool,
}

/// `[review]`
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Whether what lands in an open document is written to its file as well, if the document was saved before.
    pub save_landed: bool,
}

/// `[claude_code]`
#[derive(Debug, Clone, PartialEq)]
pub struct ClaudeCode {
    /// The native program, if the user named one.
    pub path: Option<PathBuf>,
    /// The version to install when none is found.
    pub version: String,
}

/// `[sandbox]`
#[derive(Debug, Clone, PartialEq)]
pub struct Sandbox {
    /// What sandboxes are made of.
    pub backend: Backend,
    /// Memory, in MiB.
    pub memory_mb: u64,
    /// Processors.
    pub cpus: f64,
    /// Processes and threads.
    pub pids: u32,
    /// Size of `/tmp`, in MiB.
    pub tmp_mb: u64,
    /// Whether the process backend may start without confinement.
    pub unconfined: bool,
}

/// What sandboxes are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Containers of a Docker engine.
    Docker,
    /// Confined plain processes.
    Process,
}

/// `[docker]`
#[derive(Debug, Clone, PartialEq)]
pub struct Docker {
    /// Where the engine listens, if the user said so.
    pub host: Option<String>,
    /// An image to use as it is.
    pub image: Option<String>,
    /// The image that aca's own is built on.
    pub base: String,
}

/// `[checks]`
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {
    /// Whether the project's check is run at all.
    pub enabled: bool,
    /// The command, if a file names one; otherwise it is guessed from the project's build files.
    pub command: Option<String>,
    /// Minutes after which a check is ended.
    pub timeout_minutes: u64,
    /// How often a failing check of an agent's whole result is fed back to the agent.
    pub retries: u32,
}

/// `[gateway]`
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// Where model requests go.
    pub upstream: Upstream,
    /// The environment variable that holds the API key.
    pub api_key_env: String,
    /// A file that holds the API key.
    pub api_key_file: Option<PathBuf>,
    /// Seconds of silence of the upstream after which a request is given up.
    pub idle_timeout_secs: u64,
}

/// `[secrets]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Whether the contents of sessions are sealed.
    pub seal_sessions: bool,
}

/// Where model requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// A service that speaks the Messages API, by its base address.
    Http(String),
    /// A script that answers in its place.
    Replay(PathBuf),
}

/// `[logging]`
#[derive(Debug, Clone, PartialEq)]
pub struct Logging {
    /// The least serious level that is logged.
    pub level: LogLevel,
    /// How lines are written.
    pub format: LogFormat,
}

/// `[daemon]`
#[derive(Debug, Clone, PartialEq)]
pub struct Daemon {
    /// Minutes without work and without clients after which the daemon ends itself.
    pub idle_minutes: u64,
}

/// `[cleanup]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// Days without use after which something is proposed for removal.
    pub after_days: u64,
    /// What aca's own data may take before it warns and proposes the oldest, in GB of a thousand million bytes.
    pub max_gb: u64,
    /// Days that deleted sessions stay in the trash before their removal is proposed.
    pub trash_days: u64,
    /// Free space below which no work is started, in MiB.
    pub min_free_mb: u64,
}

/// A log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The default.
    Default,
    /// The user's file.
    User(PathBuf),
    /// An attached editor, by its name.
    Editor(String),
    /// The workspace's file.
    Workspace(PathBuf),
}

/// Settings with the origin of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The origin of every key, by its full name (`session.max_parallel`).
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Loads the settings for a workspace, or the user's alone.
///
/// # Errors
///
/// When a file cannot be read, is not TOML, or holds a key or a value that is not allowed there. The message names
/// file, line and key. A missing file is no error, except one named by [`USER_FILE_VARIABLE`].
pub fn load(workspace: Option<&Path>) -> Result<Loaded, ConfigError> {
    load_layers(place::user_file_required()?, None, workspace)
}

/// Loads the settings for a workspace in which an editor's count.
///
/// # Errors
///
/// As [`load`]. What is wrong with an editor's settings is said where they are [read](EditorSettings::read).
pub fn load_with(editor: Option<&EditorSettings>, workspace: &Path) -> Result<Loaded, ConfigError> {
    load_layers(place::user_file_required()?, editor, Some(workspace))
}

/// Loads the settings from a given user's file, or from none, and a workspace.
///
/// # Errors
///
/// As [`load`].
pub fn load_files(user: Option<PathBuf>, workspace: Option<&Path>) -> Result<Loaded, ConfigError> {
    load_layers(user, None, workspace)
}

fn load_layers(
    user: Option<PathBuf>,
    editor: Option<&EditorSettings>,
    workspace: Option<&Path>,
) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::default();
    if let Some(path) = user {
        read::file(&mut loaded, &path, keys::Source::User)?;
    }
    if let Some(editor) = editor {
        editor.put_over(&mut loaded);
    }
    if let Some(root) = workspace {
        read::file(&mut loaded, &root.join(FILE_NAME), keys::Source::Workspace)?;
    }
    Ok(loaded)
}

impl Backend {
    /// Returns the name that the settings file uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }
}

impl Default for Loaded {
    fn default() -> Self {
        Self {
            config: Config::default(),
            origins: keys::KEYS.iter().map(|key| (key.name, Origin::Default)).collect(),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User(path) => write!(f, "user: {}", path.display()),
            Self::Editor(name) => write!(f, "editor: {name}"),
            Self::Workspace(path) => write!(f, "workspace: {}", path.display()),
        }
    }
}
