//! The state as bytes, so that opening a session need not read its whole history.

use aca_protocol::SessionId;
use serde::{Deserialize, Serialize};

use super::State;
use crate::Error;

/// Which version of the program folds the same events into the same state. A fold of another one is not used.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

#[derive(Serialize)]
struct Fold<'s> {
    version: &'s str,
    state: &'s State,
}

#[derive(Deserialize)]
struct Folded {
    version: String,
    state: State,
}

impl State {
    /// Returns the state as bytes, for [`State::from_fold`].
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if it cannot be written.
    pub fn to_fold(&self) -> Result<Vec<u8>, Error> {
        let fold = Fold {
            version: VERSION,
            state: self,
        };
        serde_json::to_vec(&fold).map_err(|error| Error::internal("Folding the session", error))
    }

    /// Returns the state that [`State::to_fold`] wrote of the same session; nothing if these bytes are something else.
    /// At most `max_parallel` attempts run at once.
    pub fn from_fold(bytes: &[u8], session: &SessionId, max_parallel: usize) -> Option<Self> {
        let folded: Folded = serde_json::from_slice(bytes).ok()?;
        let mut state = folded.state;
        state.set_max_parallel(max_parallel);
        (folded.version == VERSION && state.session() == session).then_some(state)
    }
}
