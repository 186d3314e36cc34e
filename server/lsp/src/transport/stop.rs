//! Why and when a connection ends. The first reason counts.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::ServeEnd;

/// A wish to end the connection. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    reason: Arc<OnceLock<ServeEnd>>,
    token: CancellationToken,
}

impl Stop {
    /// Asks the connection to end.
    pub(crate) fn ask(&self, reason: ServeEnd) {
        // A second reason is dropped: the first one is what happened.
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    /// Says whether the connection is to end.
    pub(crate) fn is_asked(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns why the connection is to end, if it is.
    pub(crate) fn reason(&self) -> Option<ServeEnd> {
        self.reason.get().copied()
    }

    /// Waits until the connection is to end, and says why.
    pub(crate) async fn asked(&self) -> ServeEnd {
        self.token.cancelled().await;
        // The reason is set before the token is cancelled.
        self.reason().unwrap_or(ServeEnd::Stopped)
    }
}
