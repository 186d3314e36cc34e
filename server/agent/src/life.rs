//! Signs of life and the wish to stop: what watchdogs and drivers watch.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::RecordBody;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;

/// When the driven program last showed that it lives.
pub(crate) struct Life {
    last: watch::Sender<Instant>,
}

impl Life {
    /// Begins with a sign.
    pub(crate) fn new() -> Self {
        Self {
            last: watch::Sender::new(Instant::now()),
        }
    }

    /// Notes a sign of life.
    pub(crate) fn sign(&self) {
        self.last.send_replace(Instant::now());
    }

    /// Returns after `limit` has passed without a sign.
    pub(crate) async fn silent_for(&self, limit: Duration) {
        loop {
            let last = *self.last.borrow();
            if last.elapsed() >= limit {
                return;
            }
            tokio::time::sleep_until(last + limit).await;
        }
    }
}

/// The wish to stop, and who may utter it.
#[derive(Clone)]
pub(crate) struct Stop {
    journal: Arc<Journal>,
    token: CancellationToken,
}

impl Stop {
    /// Nobody wishes to stop yet.
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            token: CancellationToken::new(),
        }
    }

    /// Asks the run to stop. Asking again changes nothing.
    pub(crate) fn ask(&self) {
        if !self.token.is_cancelled() {
            // Stopping matters more than its record: a full disk must not keep a run alive.
            let _ = self.journal.event(RecordBody::StopAsked);
            self.token.cancel();
        }
    }

    /// Returns once someone has asked.
    pub(crate) async fn asked(&self) {
        self.token.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_last_sign() {
        let life = Arc::new(Life::new());
        let began = Instant::now();
        let signer = Arc::clone(&life);
        tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(7)).await;
                signer.sign();
            }
        });
        life.silent_for(Duration::from_secs(10)).await;
        assert_eq!(began.elapsed().as_secs(), 31);
    }
}
