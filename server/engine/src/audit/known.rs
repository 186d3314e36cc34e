//! What events refer to and other events say: the files of operations, and the files of hunks.

use std::collections::{BTreeSet, HashMap};

use aca_protocol::{HunkId, OperationId};
use aca_store::Reader;

use crate::core::{AttemptEnd, Event, Proposed, Step};

use super::words::list;

/// The files that operations and hunks are about, as far as events of a page refer to them.
#[derive(Debug, Default)]
pub(super) struct Known {
    steps: HashMap<(OperationId, usize), Step>,
    hunks: HashMap<HunkId, String>,
}

impl Known {
    /// Looks up what `events` refer to.
    pub(super) fn of<'a>(reader: &Reader, events: impl Iterator<Item = &'a Event>) -> Self {
        let (mut steps, mut hunks) = (false, false);
        for event in events {
            steps |= matches!(event, Event::StepDone { .. });
            hunks |= matches!(
                event,
                Event::Decided { .. } | Event::Reopened { .. } | Event::Amended { .. }
            );
        }
        let kinds: [(&str, bool); 4] = [
            ("operation_planned", steps),
            ("step_planned", steps),
            ("attempt_ended", hunks),
            ("regrouped", hunks),
        ];
        let mut known = Self::default();
        for (kind, _) in kinds.into_iter().filter(|(_, wanted)| *wanted) {
            // What cannot be read is only not named.
            let events = reader.of_kind(kind, 0).map_while(Result::ok);
            for event in events.filter_map(|event| serde_json::from_slice(&event.body).ok()) {
                known.take(event);
            }
        }
        known
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::OperationPlanned { operation, .. } => {
                let steps = operation.steps.into_iter().enumerate();
                self.steps
                    .extend(steps.map(|(index, step)| ((operation.id.clone(), index), step)));
            }
            Event::StepPlanned {
                operation, index, step, ..
            } => drop(self.steps.insert((operation, index), step)),
            Event::AttemptEnded { end, .. } => self.propose(&end),
            Event::Regrouped { path, hunks, .. } => {
                self.hunks.extend(hunks.into_iter().map(|hunk| (hunk, path.clone())))
            }
            _ => {}
        }
    }

    fn propose(&mut self, end: &AttemptEnd) {
        let proposed: Option<&Proposed> = match end {
            AttemptEnd::Finished { proposed, .. } => proposed.as_ref(),
            AttemptEnd::Stopped { salvaged }
            | AttemptEnd::Failed { salvaged, .. }
            | AttemptEnd::Lost { salvaged, .. } => salvaged.as_ref(),
        };
        let hunks = proposed.into_iter().flat_map(|proposed| &proposed.hunks);
        self.hunks
            .extend(hunks.map(|hunk| (hunk.id.clone(), hunk.path.clone())));
    }

    /// Returns a step of an operation.
    pub(super) fn step(&self, operation: &OperationId, index: usize) -> Option<&Step> {
        self.steps.get(&(operation.clone(), index))
    }

    /// Returns the files of hunks, as the end of "2 hunks".
    pub(super) fn files_of(&self, hunks: &[HunkId]) -> String {
        let files: BTreeSet<&str> = hunks
            .iter()
            .filter_map(|hunk| self.hunks.get(hunk))
            .map(String::as_str)
            .collect();
        if files.is_empty() {
            return String::new();
        }
        format!(" of {}", list(files))
    }
}
