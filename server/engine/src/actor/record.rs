//! Writing events: durable and with the rows they change before anything else sees them.

use std::sync::{Arc, PoisonError};

use aca_protocol::TaskId;
use aca_store::{NewEvent, Row};

use super::{Session, now_ms};
use crate::Error;
use crate::core::{Effect, Event, State};
use crate::handle::Who;

impl Session {
    /// Writes events with who asked for them and the rows they change, all or none, applies them, and returns what they
    /// set in motion.
    pub(super) async fn record(&mut self, events: &[Event], who: &Who) -> Result<Vec<Effect>, Error> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let at_ms = now_ms();
        let mut next = self.state.clone();
        let (mut records, mut changed, mut effects) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let body = serde_json::to_vec(event).map_err(|error| Error::internal("Encoding an event", error))?;
            next.apply(event, at_ms);
            effects.extend(next.effects(event));
            let task = next.task_of(event);
            changed.extend(rows(&next, task.as_ref()));
            records.push((kind(&body), task, event.attempt().cloned(), body));
        }
        let (store, who) = (Arc::clone(&self.store), who.clone());
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
            store.append(&encoded, &changed)
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
fn kind(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Tag {
        event: String,
    }
    serde_json::from_slice::<Tag>(body).map_or_else(|_| "unknown".to_owned(), |tag| tag.event)
}

fn rows(state: &State, task: Option<&TaskId>) -> Vec<Row> {
    let Some(task) = task.and_then(|task| state.task(task)) else {
        return Vec::new();
    };
    let mut rows = vec![Row::Task {
        id: task.id.clone(),
        title: task.title.clone(),
        state: format!("{:?}", task.phase)
            .split([' ', '{'])
            .next()
            .unwrap_or_default()
            .to_lowercase(),
        cost_micros: task.usage.cost_micros,
    }];
    if let Some(attempt) = task.attempt.as_ref().and_then(|attempt| state.attempt(attempt)) {
        rows.push(Row::Attempt {
            id: attempt.id.clone(),
            task: task.id.clone(),
            state: format!("{:?}", attempt.stage).to_lowercase(),
        });
    }
    rows
}

pub(super) fn store_error(error: aca_store::Error) -> Error {
    match error {
        aca_store::Error::DiskFull { .. } => Error::Unavailable(error.to_string()),
        other => Error::Internal(other.to_string()),
    }
}
