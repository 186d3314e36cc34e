//! Tasks that outlive the handler that started them.
//!
//! tower-lsp 0.20 panics when the reply to a client request arrives after the future that waits for it was dropped.
//! So whatever asks the client runs here, is never wrapped in a timeout, and is dropped only once nothing can arrive.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Starts tasks that end with the connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Background {
    closed: CancellationToken,
}

impl Background {
    /// Runs `work` until it is done or the connection has ended.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let closed = self.closed.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = closed.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Runs `work` to its end, whatever becomes of the connection or of the handler that waits for it.
    pub(crate) fn detach<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::spawn(work)
    }

    /// Ends all tasks. Called when the connection can receive nothing any more.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }
}
