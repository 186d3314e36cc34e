//! Counts what costs: starts of containers, as the container engine has seen them, and conversations that were begun with
//! the model.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::engine;
use crate::model::Model;

/// Counts from when it was made.
#[derive(Debug)]
pub struct Counter {
    host: Option<String>,
    since: u64,
    /// The starts that an engine had seen before it was ended.
    before: BTreeMap<String, usize>,
}

impl Counter {
    /// Begins to count at the engine at `host`, or at the machine's own.
    pub fn begin(host: Option<&str>) -> Self {
        Self {
            host: host.map(str::to_owned),
            since: now_secs(),
            before: BTreeMap::new(),
        }
    }

    /// Remembers what the engine has seen, because it is about to be ended and forgets it.
    pub fn engine_ends(&mut self) {
        self.before = self.starts();
    }

    /// Returns how often each container was started, by its name, which is the attempt's.
    pub fn starts(&self) -> BTreeMap<String, usize> {
        let since = self.since.to_string();
        let mut arguments: Vec<&str> = self.host.iter().flat_map(|host| ["-H", host]).collect();
        // The engine counts in whole seconds here: this one is not over.
        let until = now_secs() + 1;
        let until = until.to_string();
        arguments.extend(["events", "--since", &since, "--until", &until]);
        arguments.extend(["--filter", "type=container", "--filter", "event=start"]);
        arguments.extend(["--format", "{{.Actor.Attributes.name}}"]);
        let seen = engine::docker(&arguments).expect("the container engine answers");
        let mut starts = self.before.clone();
        for name in seen.lines() {
            *starts.entry(name.to_owned()).or_default() += 1;
        }
        starts
    }

    /// Asserts that each of these attempts was started at most once and the model was given at most as many conversations as
    /// there were attempts. A first message that is repeated in its own conversation, because its answer was lost on the
    /// way, is no second conversation.
    ///
    /// # Panics
    ///
    /// When something was paid for twice.
    pub fn check(&self, attempts: &[&str], model: &Model) {
        let starts = self.starts();
        for attempt in attempts {
            let count = starts.get(*attempt).copied().unwrap_or_default();
            assert!(count <= 1, "the container of {attempt} was started {count} times");
        }
        let begun = conversations(model);
        assert!(
            begun.len() <= attempts.len(),
            "{} conversations were begun by {} attempts: {begun:?}",
            begun.len(),
            attempts.len()
        );
    }
}

fn now_secs() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs()
}

/// Returns the conversations with the model, by the name that Claude Code gives each.
pub fn conversations(model: &Model) -> BTreeSet<String> {
    let requests = model.requests();
    requests
        .iter()
        .filter_map(|request| conversation(&request.body))
        .collect()
}

fn conversation(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let who: Value = serde_json::from_str(body["metadata"]["user_id"].as_str()?).ok()?;
    Some(who["session_id"].as_str()?.to_owned())
}
