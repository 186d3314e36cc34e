//! Writing events: durable and with the rows they change before anything else sees them.

use std::sync::{Arc, PoisonError};

use aca_protocol::{AttemptId, TaskId};
use aca_redact::Known;
use aca_store::{NewEvent, Row};

use super::encode::encode;
use super::{Session, now_ms};
use crate::Error;
use crate::core::{Effect, Event, State};
use crate::handle::{Shared, Who};
use crate::rows::{attempt_row, task_row};

impl Session {
    /// Writes events with who asked for them and the rows they change, all or none, applies them, and returns what they
    /// set in motion. On a full disk the ballast is given up for it.
    pub(super) async fn record(
        &mut self,
        shared: &Arc<Shared>,
        events: &[Event],
        who: &Who,
    ) -> Result<Vec<Effect>, Error> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let at_ms = now_ms();
        let mut next = self.state.clone();
        let (mut records, mut changed, mut effects) = (Vec::new(), Vec::new(), Vec::new());
        let redactor = Known::of_process().redactor();
        for event in events {
            let (event, body) = encode(event, &redactor)?;
            next.apply(&event, at_ms);
            effects.extend(next.effects(&event));
            let task = next.task_of(&event);
            changed.extend(rows(&next, task.as_ref(), event.attempt()));
            records.push((kind(&body), task, event.attempt().cloned(), body));
        }
        let (store, who, shared) = (Arc::clone(&self.store), who.clone(), Arc::clone(shared));
        let writing = tokio::task::spawn_blocking(move || {
            let mut encoded = Vec::with_capacity(records.len());
            for (kind, task, attempt, body) in &records {
                encoded.push(NewEvent {
                    kind,
                    ts_ms: at_ms,
                    task: task.as_ref(),
                    attempt: attempt.as_ref(),
                    who: who.as_deref(),
                    body,
                });
            }
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            let appended = store.append(&encoded, &changed);
            match appended {
                Err(aca_store::Error::DiskFull { .. }) if shared.house.give_way(&shared.config.data_dir) => {
                    store.append(&encoded, &changed)
                }
                appended => appended,
            }
        });
        match writing.await {
            Ok(Ok(_)) => {
                self.state = next;
                Ok(effects)
            }
            Ok(Err(error)) => Err(store_error(error)),
            Err(error) => Err(Error::internal("Writing to the session", error)),
        }
    }
}

/// The event's name, as its JSON says it.
pub(crate) fn kind(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Tag {
        event: String,
    }
    serde_json::from_slice::<Tag>(body).map_or_else(|_| "unknown".to_owned(), |tag| tag.event)
}

/// Returns the rows that an event about `task` and `attempt` changes.
fn rows(state: &State, task: Option<&TaskId>, attempt: Option<&AttemptId>) -> Vec<Row> {
    let Some(task) = task.and_then(|task| state.task(task)) else {
        return Vec::new();
    };
    let newest = task.attempt.as_ref().filter(|newest| Some(*newest) != attempt);
    let attempts = newest.into_iter().chain(attempt).filter_map(|id| state.attempt(id));
    std::iter::once(task_row(task))
        .chain(attempts.map(attempt_row))
        .collect()
}

/// Returns what an error of the store means for whoever asked.
pub(crate) fn store_error(error: aca_store::Error) -> Error {
    match error {
        aca_store::Error::DiskFull { .. } => Error::Unavailable(error.to_string()),
        other => Error::Internal(other.to_string()),
    }
}
