//! Every key: its name, who may set it, how it is read and written.

use std::marker::PhantomData;
use std::path::Path;

use aca_protocol::agent::Driver;
use toml::Value;

use super::values::{
    Absolute, Keywords, Kind as _, Name, Named, Number, Problem, Schema, Service, Truth, Variable, Version, Whole,
    Word, name_of,
};
use super::{Backend, Config, LogFormat, LogLevel, Upstream};

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The user's file.
    User,
    /// The settings that the user has made in an editor.
    Editor,
    /// The workspace's file, whoever wrote that; or an editor that may have read its settings there.
    Workspace,
}

/// Who may set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The user and the workspace.
    Any,
    /// The user; the workspace may only lower it.
    Lower,
    /// The user, in their file or in an editor of theirs.
    Personal,
    /// The user's file alone.
    User,
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// Section and name.
    pub(super) name: &'static str,
    /// Who may set it.
    pub(super) scope: Scope,
    /// Takes a value over, given the folder of the file it stands in.
    pub(super) set: fn(&mut Config, &Value, &Path) -> Result<(), Problem>,
    /// Returns the value, if it has one.
    pub(super) get: fn(&Config) -> Option<Value>,
    /// Returns the JSON schema of its values.
    pub(super) schema: fn() -> Schema,
}

impl Key {
    /// Says whether a value of this source may be taken.
    pub(super) fn may_come_from(&self, source: Source) -> bool {
        match self.scope {
            Scope::Any | Scope::Lower => true,
            Scope::Personal => source != Source::Workspace,
            Scope::User => source == Source::User,
        }
    }

    /// Says whether a value in `config` is above the one in `floor`, for a key whose values are numbers.
    pub(super) fn is_raised(&self, floor: &Config, config: &Config) -> bool {
        let as_number = |config: &Config| {
            let value = (self.get)(config)?;
            let whole = || Some(f64::from(u32::try_from(value.as_integer()?).ok()?));
            value.as_float().or_else(whole)
        };
        // What cannot be compared counts as raised.
        !matches!((as_number(config), as_number(floor)), (Some(now), Some(floor)) if now <= floor)
    }

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
    ($($scope:ident $section:ident . $leaf:ident: $kind:expr, |$get:ident| $shown:expr;)*) => {
        /// All keys, in the order of the default file.
        pub(super) const KEYS: &[Key] = &[$(Key {
            name: concat!(stringify!($section), ".", stringify!($leaf)),
            scope: Scope::$scope,
            set: |config, value, folder| {
                config.$section.$leaf = $kind.read(value, folder)?.into();
                Ok(())
            },
            get: |config| {
                let $get = &config.$section.$leaf;
                $shown
            },
            schema: || $kind.schema(),
        }),*];
    };
}

keys! {
    Lower session.max_parallel: Whole(1..=64), |it| number(*it);
    Any session.checkpoint_interval_minutes: Whole(0..=1440), |it| number(*it);
    Any todo.keywords: Keywords, |it| Some(Value::from(it.clone()));
    Any agent.driver: Name::<Driver>(PhantomData), |it| name_of(*it);
    Personal agent.model: Word, |it| text(it);
    Lower agent.max_turns: Whole(1..=10_000), |it| number(*it);
    Lower agent.silence_minutes: Whole(1..=1440), |it| number(*it);
    Lower agent.total_minutes: Whole(1..=1440), |it| number(*it);
    Any agent.reasons: Truth, |it| Some(Value::Boolean(*it));
    Any review.save_landed: Truth, |it| Some(Value::Boolean(*it));
    User claude_code.path: Absolute, |it| path(it.as_deref());
    User claude_code.version: Version, |it| text(it);
    User sandbox.backend: Name::<Backend>(PhantomData), |it| name_of(*it);
    Lower sandbox.memory_mb: Whole(256..=1_048_576), |it| number(*it);
    Lower sandbox.cpus: Number(0.1..=1024.0), |it| Some(Value::Float(*it));
    Lower sandbox.pids: Whole(32..=32_768), |it| number(*it);
    Lower sandbox.tmp_mb: Whole(16..=65_536), |it| number(*it);
    User sandbox.unconfined: Truth, |it| Some(Value::Boolean(*it));
    User docker.host: Word, |it| it.as_ref().and_then(|host| text(host));
    Any docker.image: Word, |it| it.as_ref().and_then(|image| text(image));
    User docker.base: Word, |it| text(it);
    Any checks.enabled: Truth, |it| Some(Value::Boolean(*it));
    Any checks.command: Word, |it| it.as_ref().and_then(|command| text(command));
    Lower checks.timeout_minutes: Whole(1..=1440), |it| number(*it);
    Lower checks.retries: Whole(0..=10), |it| number(*it);
    User gateway.upstream: Service, |it| upstream(it);
    User gateway.api_key_env: Variable, |it| text(it);
    User gateway.api_key_file: Absolute, |it| path(it.as_deref());
    User gateway.idle_timeout_secs: Whole(5..=3600), |it| number(*it);
    User secrets.seal_sessions: Truth, |it| Some(Value::Boolean(*it));
    User logging.level: Name::<LogLevel>(PhantomData), |it| name_of(*it);
    User logging.format: Name::<LogFormat>(PhantomData), |it| name_of(*it);
    User daemon.idle_minutes: Whole(0..=10_080), |it| number(*it);
    User cleanup.after_days: Whole(1..=36_500), |it| number(*it);
    User cleanup.max_gb: Whole(1..=1_000_000), |it| number(*it);
    User cleanup.trash_days: Whole(0..=36_500), |it| number(*it);
    User cleanup.min_free_mb: Whole(16..=1_048_576), |it| number(*it);
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
