//! Every key: its name, who may set it, how it is read and written.

use std::path::Path;

use aca_protocol::agent::Driver;
use toml::Value;

use super::values::{self, Named, Problem};
use super::{Backend, Config, LogFormat, LogLevel, Upstream};

/// Whose file a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The user's.
    User,
    /// The workspace's, whoever wrote that.
    Workspace,
}

/// Who may set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The user and the workspace.
    Any,
    /// The user; the workspace may only lower it.
    Lower,
    /// The user alone.
    User,
}

/// One key.
pub(super) struct Key {
    /// Section and name.
    pub(super) name: &'static str,
    /// Who may set it.
    pub(super) scope: Scope,
    /// Takes a value over, given the folder of the file it stands in.
    pub(super) set: fn(&mut Config, &Value, &Path) -> Result<(), Problem>,
    /// Returns the value, if it has one.
    pub(super) get: fn(&Config) -> Option<Value>,
}

impl Key {
    /// The section's name.
    pub(super) fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// The name within the section.
    pub(super) fn leaf(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, leaf)| leaf)
    }
}

/// Sections that are known, those without a key included.
pub(super) const SECTIONS: &[&str] = &[
    "session",
    "todo",
    "agent",
    "review",
    "claude_code",
    "sandbox",
    "docker",
    "checks",
    "gateway",
    "secrets",
    "logging",
    "daemon",
    "cleanup",
    "rate_limiting",
];

macro_rules! keys {
    ($($scope:ident $section:ident . $leaf:ident: |$value:ident, $folder:pat_param| $set:expr, |$get:ident| $shown:expr;)*) => {
        /// All keys, in the order of the default file.
        pub(super) const KEYS: &[Key] = &[$(Key {
            name: concat!(stringify!($section), ".", stringify!($leaf)),
            scope: Scope::$scope,
            set: |config, $value, $folder| {
                config.$section.$leaf = $set;
                Ok(())
            },
            get: |config| {
                let $get = &config.$section.$leaf;
                $shown
            },
        }),*];
    };
}

keys! {
    Lower session.max_parallel: |v, _| values::whole(v, 1..=64)?, |it| number(*it);
    Any session.checkpoint_interval_minutes: |v, _| values::whole(v, 0..=1440)?.into(), |it| number(*it);
    Any todo.keywords: |v, _| values::keywords(v)?, |it| Some(Value::from(it.clone()));
    Any agent.driver: |v, _| values::named(v)?, |it| values::name_of(*it);
    User agent.model: |v, _| values::word(v)?, |it| text(it);
    Lower agent.max_turns: |v, _| values::whole(v, 1..=10_000)?, |it| number(*it);
    Lower agent.silence_minutes: |v, _| values::whole(v, 1..=1440)?.into(), |it| number(*it);
    Lower agent.total_minutes: |v, _| values::whole(v, 1..=1440)?.into(), |it| number(*it);
    Any agent.reasons: |v, _| values::truth(v)?, |it| Some(Value::Boolean(*it));
    Any review.save_landed: |v, _| values::truth(v)?, |it| Some(Value::Boolean(*it));
    User claude_code.path: |v, _| Some(values::absolute(v)?), |it| path(it.as_deref());
    User claude_code.version: |v, _| values::version(v)?, |it| text(it);
    User sandbox.backend: |v, _| values::named(v)?, |it| values::name_of(*it);
    Lower sandbox.memory_mb: |v, _| values::whole(v, 256..=1_048_576)?.into(), |it| number(*it);
    Lower sandbox.cpus: |v, _| values::number(v, 0.1..=1024.0)?, |it| Some(Value::Float(*it));
    Lower sandbox.pids: |v, _| values::whole(v, 32..=32_768)?, |it| number(*it);
    Lower sandbox.tmp_mb: |v, _| values::whole(v, 16..=65_536)?.into(), |it| number(*it);
    User sandbox.unconfined: |v, _| values::truth(v)?, |it| Some(Value::Boolean(*it));
    User docker.host: |v, _| Some(values::word(v)?), |it| it.as_ref().and_then(|host| text(host));
    Any docker.image: |v, _| Some(values::word(v)?), |it| it.as_ref().and_then(|image| text(image));
    User docker.base: |v, _| values::word(v)?, |it| text(it);
    Any checks.enabled: |v, _| values::truth(v)?, |it| Some(Value::Boolean(*it));
    Any checks.command: |v, _| Some(values::word(v)?), |it| it.as_ref().and_then(|command| text(command));
    Lower checks.timeout_minutes: |v, _| values::whole(v, 1..=1440)?.into(), |it| number(*it);
    Lower checks.retries: |v, _| values::whole(v, 0..=10)?, |it| number(*it);
    User gateway.upstream: |v, folder| values::upstream(v, folder)?, |it| upstream(it);
    User gateway.api_key_env: |v, _| values::variable(v)?, |it| text(it);
    User gateway.api_key_file: |v, _| Some(values::absolute(v)?), |it| path(it.as_deref());
    User gateway.idle_timeout_secs: |v, _| values::whole(v, 5..=3600)?.into(), |it| number(*it);
    User secrets.seal_sessions: |v, _| values::truth(v)?, |it| Some(Value::Boolean(*it));
    User logging.level: |v, _| values::named(v)?, |it| values::name_of(*it);
    User logging.format: |v, _| values::named(v)?, |it| values::name_of(*it);
    User daemon.idle_minutes: |v, _| values::whole(v, 0..=10_080)?.into(), |it| number(*it);
    User cleanup.after_days: |v, _| values::whole(v, 1..=36_500)?.into(), |it| number(*it);
    User cleanup.max_gb: |v, _| values::whole(v, 1..=1_000_000)?.into(), |it| number(*it);
    User cleanup.trash_days: |v, _| values::whole(v, 0..=36_500)?.into(), |it| number(*it);
    User cleanup.min_free_mb: |v, _| values::whole(v, 16..=1_048_576)?.into(), |it| number(*it);
}

#[expect(clippy::unnecessary_wraps, reason = "a key's getter returns an option")]
fn number(value: impl TryInto<i64>) -> Option<Value> {
    Some(Value::Integer(value.try_into().unwrap_or(i64::MAX)))
}

#[expect(clippy::unnecessary_wraps, reason = "a key's getter returns an option")]
fn text(value: &str) -> Option<Value> {
    Some(Value::String(value.into()))
}

fn path(value: Option<&Path>) -> Option<Value> {
    value.map(|path| Value::String(path.display().to_string()))
}

fn upstream(value: &Upstream) -> Option<Value> {
    match value {
        Upstream::Http(address) => text(address),
        Upstream::Replay(path) => text(&format!("replay:{}", path.display())),
    }
}

impl Named for Driver {
    const NAMES: &'static [(&'static str, Self)] = &[("claude-code", Self::ClaudeCode), ("direct", Self::Direct)];
}

impl Named for Backend {
    const NAMES: &'static [(&'static str, Self)] = &[
        (Self::Docker.name(), Self::Docker),
        (Self::Process.name(), Self::Process),
    ];
}

impl Named for LogLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Named for LogFormat {
    const NAMES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}
