//! Signs of life, the wish to stop, and the time in which a run is held: what watchdogs and drivers watch.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::RecordBody;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;

/// Whether the run is held where it is, and a clock that stands still meanwhile.
pub(crate) struct Hold {
    state: watch::Sender<Held>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// Since when it is held, if it is.
    since: Option<Instant>,
    /// How long it was held before.
    before: Duration,
}

impl Hold {
    /// Nothing is held yet.
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(Held::default()),
        }
    }

    /// Begins to hold the run. Returns whether that is new.
    pub(crate) fn begin(&self) -> bool {
        self.state.send_if_modified(|held| {
            let new = held.since.is_none();
            held.since = held.since.or_else(|| Some(Instant::now()));
            new
        })
    }

    /// Lets the run go on. Returns whether it was held.
    pub(crate) fn end(&self) -> bool {
        self.state.send_if_modified(|held| match held.since.take() {
            Some(since) => {
                held.before += since.elapsed();
                true
            }
            None => false,
        })
    }

    /// Returns the time on the clock that stands still while the run is held.
    pub(crate) fn now(&self) -> Instant {
        let held = *self.state.borrow();
        held.since.unwrap_or_else(Instant::now) - held.before
    }

    /// Returns once that clock shows `deadline`.
    pub(crate) async fn until(&self, deadline: Instant) {
        let mut changes = self.state.subscribe();
        loop {
            let held = changes.borrow_and_update().since.is_some();
            let rest = deadline.saturating_duration_since(self.now());
            if rest.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(rest), if !held => {}
                // The sender lives as long as this.
                _ = changes.changed() => {}
            }
        }
    }

    /// Returns after so much time on that clock.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.until(self.now() + time).await;
    }

    /// Waits for `future`, for so much time on that clock at most.
    pub(crate) async fn limit<T>(&self, time: Duration, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = self.sleep(time) => None,
        }
    }

    /// Waits for `future`, which gets nothing done while the run is held.
    pub(crate) async fn gate<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::pin!(future);
        let mut changes = self.state.subscribe();
        loop {
            let _ = changes.wait_for(|held| held.since.is_none()).await;
            tokio::select! {
                biased;
                _ = changes.wait_for(|held| held.since.is_some()) => {}
                done = &mut future => return done,
            }
        }
    }
}

/// When the driven program last showed that it lives.
pub(crate) struct Life {
    hold: Arc<Hold>,
    last: watch::Sender<Instant>,
}

impl Life {
    /// Begins with a sign. Time in which the run is held does not count as silence.
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self {
            last: watch::Sender::new(hold.now()),
            hold,
        }
    }

    /// Notes a sign of life.
    pub(crate) fn sign(&self) {
        self.last.send_replace(self.hold.now());
    }

    /// Returns after `limit` has passed without a sign.
    pub(crate) async fn silent_for(&self, limit: Duration) {
        loop {
            let last = *self.last.borrow();
            if self.hold.now().saturating_duration_since(last) >= limit {
                return;
            }
            self.hold.until(last + limit).await;
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
        let life = Arc::new(Life::new(Arc::new(Hold::new())));
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

    #[tokio::test(start_paused = true)]
    async fn held_time_does_not_pass() {
        let hold = Arc::new(Hold::new());
        let life = Life::new(Arc::clone(&hold));
        let (began, ten) = (Instant::now(), Duration::from_secs(10));
        let holder = Arc::clone(&hold);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(4)).await;
            assert!(holder.begin() && !holder.begin());
            tokio::time::sleep(Duration::from_secs(1000)).await;
            assert!(holder.end() && !holder.end());
        });
        let work = hold.gate(async {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let worked = async {
            work.await;
            began.elapsed().as_secs()
        };
        let (worked, (), limited) = tokio::join!(
            worked,
            life.silent_for(ten),
            hold.limit(ten, std::future::pending::<()>())
        );
        // The fifth second of the work was over when it was let go on.
        assert_eq!((worked, limited, began.elapsed().as_secs()), (1007, None, 1010));
    }
}
