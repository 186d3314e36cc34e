//! What a server shows in the editor by itself, and what has to go when that server is gone.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::bytes::Bytes;

use super::message::{Message, notification};

const DIAGNOSTICS: &str = "textDocument/publishDiagnostics";
const PROGRESS: &str = "$/progress";

/// What the editor shows.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Tokens of progress that has begun and not ended, by their text.
    progress: HashMap<String, Value>,
    /// Documents with diagnostics.
    diagnosed: HashSet<String>,
    /// Those whose diagnostics come from a server that is gone.
    stale: HashSet<String>,
}

#[derive(Deserialize)]
struct Published {
    uri: String,
    diagnostics: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Progress {
    token: Value,
    value: Step,
}

#[derive(Deserialize)]
struct Step {
    kind: String,
}

impl Shown {
    /// Takes in what a server says.
    pub(super) fn heard(&mut self, method: &str, message: &Message<'_>) {
        match method {
            DIAGNOSTICS => {
                let Some(Published { uri, diagnostics }) = message.params() else {
                    return;
                };
                self.stale.remove(&uri);
                if diagnostics.is_empty() {
                    self.diagnosed.remove(&uri);
                } else {
                    self.diagnosed.insert(uri);
                }
            }
            PROGRESS => {
                let Some(Progress { token, value }) = message.params() else {
                    return;
                };
                if value.kind == "end" {
                    self.progress.remove(&token.to_string());
                } else {
                    self.progress.insert(token.to_string(), token);
                }
            }
            _ => {}
        }
    }

    /// The server is gone: returns what ends the progress it showed. Its diagnostics stay for the next one to renew.
    pub(super) fn lost(&mut self) -> Vec<Bytes> {
        self.stale.extend(self.diagnosed.iter().cloned());
        let tokens = self.progress.drain().map(|(_, token)| token);
        tokens
            .map(|token| notification(PROGRESS, &json!({ "token": token, "value": { "kind": "end" } })))
            .collect()
    }

    /// Returns what clears the diagnostics that no server has renewed.
    pub(super) fn clear_stale(&mut self) -> Vec<Bytes> {
        let stale: Vec<String> = self.stale.drain().collect();
        for uri in &stale {
            self.diagnosed.remove(uri);
        }
        let clear = |uri: String| notification(DIAGNOSTICS, &json!({ "uri": uri, "diagnostics": [] }));
        stale.into_iter().map(clear).collect()
    }

    /// Whether there are diagnostics of a server that is gone.
    pub(super) fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }
}
