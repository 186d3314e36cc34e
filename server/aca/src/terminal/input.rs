//! What is typed, read by a thread of its own.
//!
//! The terminal library's own stream loses keys when one is dropped and another made while an editor borrows the
//! terminal. This thread keeps its hands off the terminal for as long as it is lent. It looks first whether the
//! terminal is still there: the library reads the end of one that is gone again and again.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc;

/// How long the thread looks at the terminal before it looks whether the terminal is lent.
const LOOK: Duration = Duration::from_millis(50);

/// How long the end of a look is waited for. One that does not end is at a terminal that is gone.
const LETTING_GO: Duration = Duration::from_secs(1);

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
        let until = Instant::now() + LETTING_GO;
        while matches!(self.terminal.reading.try_lock(), Err(TryLockError::WouldBlock)) && Instant::now() < until {
            thread::sleep(REST);
        }
    }
}

impl Terminal {
    fn next(&self) -> Option<io::Result<Event>> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have been lent between the look and the lock.
        if self.lent.load(Ordering::SeqCst) {
            return None;
        }
        match has_event() {
            Ok(true) => Some(event::read()),
            Ok(false) => None,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Looks for an event for a while.
///
/// # Errors
///
/// When the terminal is gone.
fn has_event() -> io::Result<bool> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
        rustix::event::poll(&mut terminal, Some(&Timespec::default()))?;
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if terminal.iter().any(|terminal| terminal.revents().intersects(gone)) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal is gone"));
        }
    }
    event::poll(LOOK)
}
