//! From a session's stored events to its state: all of them, or those after a fold.

use aca_store::Store;

use super::record::store_error;
use crate::Error;
use crate::core::{Event, State};

/// How many events are read together.
const PAGE: usize = 1000;

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

/// Folds one stored event into a state.
///
/// # Errors
///
/// [`Error::Internal`] if it cannot be read.
pub(super) fn apply(state: &mut State, stored: &aca_store::Event) -> Result<(), Error> {
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
