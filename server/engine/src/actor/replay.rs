//! From a session's stored events to its state: the fold that was kept of the first ones, then the others one by one.

use std::sync::{Arc, Mutex, PoisonError};

use aca_store::Store;
use tokio::task::JoinHandle;

use super::record::store_error;
use crate::Error;
use crate::core::{Event, State};

/// How many events are read together.
const PAGE: usize = 1000;
/// The number of how a fold is written; what it means is for the state to say.
const FORMAT: u32 = 1;
/// How many events may follow the fold before another is kept.
const MOST_AFTER: u64 = 2_000;
/// Of a long history a larger part may follow: writing its fold takes longer too.
const PART_AFTER: u64 = 50;
/// From how many events on a fold is kept when the engine ends.
const WORTH_IT: u64 = 200;

/// Returns the state of a session, and the place of the last event that its fold had.
///
/// # Errors
///
/// [`Error::Internal`] if its events cannot be read.
pub(super) fn state(store: &Store, max_parallel: usize) -> Result<(State, u64), Error> {
    let session = &store.meta().session;
    let kept = store.fold(FORMAT).map_err(store_error)?;
    let folded = kept.and_then(|(seq, bytes)| {
        let state = State::from_fold(&bytes, session, max_parallel);
        state.filter(|state| state.seq() == seq)
    });
    let mut state = folded.unwrap_or_else(|| State::new(session.clone(), max_parallel));
    let seq = state.seq();
    for stored in store.events(seq) {
        apply(&mut state, &stored.map_err(store_error)?)?;
    }
    Ok((state, seq))
}

/// Folds the next events into a state, up to a page of them and to the one at `until`.
///
/// # Errors
///
/// [`Error::Internal`] if they cannot be read, or there are none.
pub(crate) fn page(state: &mut State, store: &Store, until: u64) -> Result<(), Error> {
    let before = state.seq();
    for stored in store.events(before).take(PAGE) {
        let stored = stored.map_err(store_error)?;
        if stored.seq > until {
            break;
        }
        apply(state, &stored)?;
    }
    if state.seq() == before {
        return Err(Error::Internal(format!("The session has no event {until}.")));
    }
    Ok(())
}

fn apply(state: &mut State, stored: &aca_store::Event) -> Result<(), Error> {
    let event: Event = serde_json::from_slice(&stored.body).map_err(|error| {
        Error::Internal(format!(
            "Event {} of the session {} cannot be read: {error}.",
            stored.seq,
            state.session()
        ))
    })?;
    state.apply(&event, stored.ts_ms);
    Ok(())
}

/// What is kept of a session's state.
pub(super) struct Folds {
    /// The place of the last event in what was kept.
    seq: u64,
    keeping: Option<JoinHandle<()>>,
}

impl Folds {
    /// Begins with what was kept up to `seq`.
    pub(super) fn new(seq: u64) -> Self {
        Self { seq, keeping: None }
    }

    /// Keeps a state behind the caller, if enough has happened since the last time.
    pub(super) fn keep(&mut self, state: &State, store: &Arc<Mutex<Store>>) {
        let after = state.seq().saturating_sub(self.seq);
        let due = after >= MOST_AFTER.max(state.seq() / PART_AFTER);
        if due && self.keeping.as_ref().is_none_or(JoinHandle::is_finished) {
            self.begin(state, store);
        }
    }

    /// Keeps a state, if that is worth it, before the engine ends.
    pub(super) async fn finish(&mut self, state: &State, store: &Arc<Mutex<Store>>) {
        if let Some(keeping) = self.keeping.take() {
            // What was not kept is read from the events.
            let _ = keeping.await;
        }
        if state.seq().saturating_sub(self.seq) >= WORTH_IT {
            self.begin(state, store);
        }
        if let Some(keeping) = self.keeping.take() {
            let _ = keeping.await;
        }
    }

    fn begin(&mut self, state: &State, store: &Arc<Mutex<Store>>) {
        self.seq = state.seq();
        let (state, store) = (state.clone(), Arc::clone(store));
        self.keeping = Some(tokio::task::spawn_blocking(move || {
            let kept = state.to_fold().and_then(|bytes| {
                let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
                store.put_fold(FORMAT, state.seq(), &bytes).map_err(store_error)
            });
            if let Err(error) = kept {
                tracing::debug!(%error, "no fold of the session was kept; opening it reads all events");
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::task::Origin;
    use aca_protocol::{SessionId, TaskId};
    use aca_store::NewEvent;

    use super::*;

    fn store(dir: &std::path::Path, tasks: usize) -> Store {
        let session = SessionId::new("0123456789abcdef");
        let mut store = Store::create(&dir.join("s"), dir, &session, None).unwrap();
        for n in 0..tasks {
            let event = Event::TaskCreated {
                task: TaskId::new(n.to_string()),
                title: "title".to_owned(),
                origin: Origin::Text {
                    text: "text".to_owned(),
                },
            };
            let body = serde_json::to_vec(&event).unwrap();
            let new = NewEvent {
                kind: "task_created",
                ts_ms: n as u64,
                task: None,
                attempt: None,
                who: None,
                body: &body,
            };
            store.append(&[new], &[]).unwrap();
        }
        store
    }

    /// What was kept of the first three events, for a state that is told apart by its name.
    fn renamed(store: &Store) -> State {
        let mut state = State::new(store.meta().session.clone(), 0);
        page(&mut state, store, 3).unwrap();
        state.apply(
            &Event::SessionNamed {
                name: Some("folded".to_owned()),
            },
            0,
        );
        state
    }

    #[test]
    fn a_fold_and_what_follows_it_is_the_state() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path(), 6);
        let (all, from) = state(&store, 2).unwrap();
        assert_eq!((all.seq(), from), (6, 0));
        let mut early = State::new(store.meta().session.clone(), 0);
        page(&mut early, &store, 4).unwrap();
        store.put_fold(FORMAT, 4, &early.to_fold().unwrap()).unwrap();
        assert_eq!(state(&store, 2).unwrap(), (all, 4));
    }

    #[test]
    fn a_fold_that_is_not_of_this_place_session_or_version_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path(), 6);
        let all = state(&store, 2).unwrap().0;
        let folded = renamed(&store);
        let bytes = folded.to_fold().unwrap();
        store.put_fold(FORMAT, 4, &bytes).unwrap();
        assert_eq!(
            state(&store, 2).unwrap().0.name(),
            Some("folded"),
            "the one that fits is used"
        );
        let text = String::from_utf8(bytes.clone()).unwrap();
        let other_session = text.replace("0123456789abcdef", "fedcba9876543210");
        let other_version = text.replace(concat!(env!("CARGO_PKG_VERSION"), "/"), "0.0.1/");
        for (seq, wrong) in [
            (3, bytes.as_slice()),
            (4, b"{}"),
            (4, b""),
            (4, other_session.as_bytes()),
            (4, other_version.as_bytes()),
            (4, &bytes[..bytes.len() / 2]),
        ] {
            store.put_fold(FORMAT, seq, wrong).unwrap();
            assert_eq!(
                state(&store, 2).unwrap(),
                (all.clone(), 0),
                "{}",
                String::from_utf8_lossy(wrong)
            );
        }
    }
}
