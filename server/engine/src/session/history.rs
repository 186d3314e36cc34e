//! What the events of a session say of its attempts and of what they used, whatever became of the tasks later.

use std::collections::BTreeMap;

use aca_protocol::AttemptId;
use aca_protocol::session::AttemptInfo;
use aca_protocol::task::Usage;

use crate::core::{AttemptEnd, Event};

/// The fold of the events that are about attempts.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    attempts: BTreeMap<AttemptId, AttemptInfo>,
    /// What was used, by model; without a name where the upstream gave none.
    pub(crate) models: BTreeMap<String, Usage>,
    /// What was used in all.
    pub(crate) usage: Usage,
}

impl History {
    /// Takes in one event, recorded at `at_ms`.
    pub(crate) fn see(&mut self, event: &Event, at_ms: u64) {
        if let Event::AttemptPlanned { task, attempt, .. } = event {
            let planned = AttemptInfo {
                id: attempt.clone(),
                task: task.clone(),
                stage: String::new(),
                end: None,
                planned_ms: at_ms,
                ended_ms: None,
                usage: Usage::default(),
            };
            self.attempts.insert(attempt.clone(), planned);
        }
        if let Event::ModelUsed { usage, model, .. } = event {
            self.usage += *usage;
            *self.models.entry(model.clone().unwrap_or_default()).or_default() += *usage;
        }
        let Some(known) = event.attempt().and_then(|attempt| self.attempts.get_mut(attempt)) else {
            return;
        };
        if let Some(stage) = stage(event) {
            stage.clone_into(&mut known.stage);
        }
        match event {
            Event::ModelUsed { usage, .. } => known.usage += *usage,
            Event::AttemptEnded { end, .. } => {
                known.end = Some(word(end).to_owned());
                known.ended_ms = Some(at_ms);
            }
            _ => {}
        }
    }

    /// Returns the attempts, oldest first.
    pub(crate) fn attempts(&self) -> Vec<AttemptInfo> {
        let mut attempts: Vec<AttemptInfo> = self.attempts.values().cloned().collect();
        attempts.sort_by(|a, b| (a.planned_ms, &a.id).cmp(&(b.planned_ms, &b.id)));
        attempts
    }
}

/// How far an attempt has come with an event.
fn stage(event: &Event) -> Option<&'static str> {
    match event {
        Event::AttemptPlanned { .. } => Some("planned"),
        Event::SnapshotTaken { .. } => Some("snapshotted"),
        Event::SandboxStarting { .. } => Some("starting"),
        Event::SandboxStarted { .. } => Some("started"),
        Event::AttemptEnded { .. } => Some("ended"),
        _ => None,
    }
}

fn word(end: &AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Finished { .. } => "finished",
        AttemptEnd::Stopped { .. } => "stopped",
        AttemptEnd::Failed { .. } => "failed",
        AttemptEnd::Lost { .. } => "lost",
    }
}
