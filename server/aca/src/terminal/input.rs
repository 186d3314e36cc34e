//! What is typed, read by a thread of its own.
//!
//! The terminal library's own stream loses keys when one is dropped and another made while an editor borrows the
//! terminal. This thread keeps its hands off the terminal for as long as it is lent.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// How long the thread looks at the terminal before it looks whether the terminal is lent.
const LOOK: Duration = Duration::from_millis(50);

/// How long it rests while the terminal is lent.
const REST: Duration = Duration::from_millis(5);

/// The keys of the terminal. Once this is dropped, what is typed is somebody else's.
pub(crate) struct Input {
    events: mpsc::UnboundedReceiver<io::Result<Event>>,
    terminal: Arc<Terminal>,
}

#[derive(Default)]
struct Terminal {
    /// Held by whoever reads from it.
    reading: Mutex<()>,
    lent: AtomicBool,
}

impl Input {
    /// Begins to read.
    pub(crate) fn start() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let terminal = Arc::<Terminal>::default();
        let shared = Arc::clone(&terminal);
        thread::spawn(move || {
            while !sender.is_closed() {
                if shared.lent.load(Ordering::SeqCst) {
                    thread::sleep(REST);
                    continue;
                }
                let event = shared.next();
                let has_failed = matches!(event, Some(Err(_)));
                if event.is_some_and(|event| sender.send(event).is_err()) || has_failed {
                    return;
                }
            }
        });
        Self { events, terminal }
    }

    /// Returns the next event; nothing if the terminal has ended. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Event>> {
        self.events.recv().await
    }

    /// Runs `other` while nothing is read here.
    pub(crate) fn lend<T>(&self, other: impl FnOnce() -> T) -> T {
        self.terminal.lent.store(true, Ordering::SeqCst);
        let reading = self.terminal.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let result = other();
        drop(reading);
        self.terminal.lent.store(false, Ordering::SeqCst);
        result
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.terminal.lent.store(true, Ordering::SeqCst);
        // The thread, which ends soon, reads no more as soon as it lets go of this.
        drop(self.terminal.reading.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Terminal {
    fn next(&self) -> Option<io::Result<Event>> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have been lent between the look and the lock.
        if self.lent.load(Ordering::SeqCst) {
            return None;
        }
        match event::poll(LOOK) {
            Ok(true) => Some(event::read()),
            Ok(false) => None,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            Err(error) => Some(Err(error)),
        }
    }
}
