//! What a person may ask of a run while it works: to stop, to hear something, to hold still and to go on.

use std::sync::Arc;

use aca_protocol::agent::RecordBody;
use tokio::sync::Mutex;

use crate::journal::Journal;
use crate::life::{Hold, Stop};
use crate::mailbox::Mailbox;
use crate::processes::Processes;

/// The ways to steer a run.
pub(crate) struct Steering {
    /// The wish to stop.
    pub(crate) stop: Stop,
    /// Whether it is held.
    pub(crate) hold: Arc<Hold>,
    /// What it is told.
    pub(crate) mailbox: Mailbox,
    journal: Arc<Journal>,
    processes: Arc<Processes>,
    /// Held while processes are stopped or continued.
    turn: Mutex<()>,
}

impl Steering {
    /// Nobody has asked for anything yet.
    pub(crate) fn new(journal: &Arc<Journal>, processes: Arc<Processes>) -> Self {
        Self {
            stop: Stop::new(Arc::clone(journal)),
            hold: Arc::new(Hold::new()),
            mailbox: Mailbox::new(Arc::clone(journal)),
            journal: Arc::clone(journal),
            processes,
            turn: Mutex::default(),
        }
    }

    /// Holds the run where it is: no process below this one does anything, and no time passes for it. Asking again
    /// changes nothing, except that whatever has slipped through is held too.
    pub(crate) async fn pause(&self) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        // From here on the driver starts nothing, so there is an end to what must be stopped.
        let new = self.hold.begin();
        let left = self.processes.hold().await;
        if left > 0 {
            self.processes.release();
            self.hold.end();
            return Err(format!("{left} processes of the run could not be held, so it goes on"));
        }
        if new {
            self.note(RecordBody::Paused);
        }
        Ok(())
    }

    /// Lets the run go on. Asking again changes nothing.
    pub(crate) async fn resume(&self) {
        let _turn = self.turn.lock().await;
        if self.hold.end() {
            self.note(RecordBody::Resumed);
            self.processes.release();
        }
    }

    /// Steering matters more than its record: a full disk must not keep it from happening.
    fn note(&self, event: RecordBody) {
        let _ = self.journal.event(event);
    }
}
