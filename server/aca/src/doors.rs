//! Who is let in, and who is inside: the clients of an owner.
//!
//! Entering and closing are one step each under the same lock, so a client that was let in is never met by closed doors,
//! and doors close only when nobody is inside.

use std::sync::Arc;

use tokio::sync::watch;

/// The doors of an owner. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Doors(Arc<watch::Sender<State>>);

/// One client inside. Dropping it leaves.
#[derive(Debug)]
pub(crate) struct Guest(Arc<watch::Sender<State>>);

/// Who is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// How many clients are inside.
    pub(crate) inside: usize,
    /// Whether there ever was one.
    pub(crate) visited: bool,
    /// Whether nobody is let in any more.
    pub(crate) closed: bool,
}

impl Doors {
    /// Makes open doors with nobody inside.
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State {
            inside: 0,
            visited: false,
            closed: false,
        })))
    }

    /// Lets a client in; `None` if the doors are closed.
    pub(crate) fn enter(&self) -> Option<Guest> {
        let is_let_in = self.0.send_if_modified(|state| {
            if !state.closed {
                state.inside += 1;
                state.visited = true;
            }
            !state.closed
        });
        is_let_in.then(|| Guest(Arc::clone(&self.0)))
    }

    /// Closes them, whoever is inside.
    pub(crate) fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    /// Closes them unless somebody is inside; says whether they are closed.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut closed = false;
        self.0.send_if_modified(|state| {
            state.closed |= state.inside == 0;
            closed = state.closed;
            closed
        });
        closed
    }

    /// Returns who is inside.
    pub(crate) fn state(&self) -> State {
        *self.0.borrow()
    }

    /// Returns what tells when somebody enters or leaves.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0
            .send_modify(|state| state.inside = state.inside.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_enters_closed_doors_and_they_do_not_close_on_anybody() {
        let doors = Doors::new();
        assert!(!doors.state().visited);
        let guest = doors.enter().unwrap();
        assert!(!doors.close_if_empty());
        assert_eq!(doors.state().inside, 1);
        drop(guest);
        assert!(doors.close_if_empty());
        assert!(doors.enter().is_none());
        assert_eq!((doors.state().inside, doors.state().visited), (0, true));
    }

    #[test]
    fn those_inside_stay_when_the_doors_are_closed() {
        let doors = Doors::new();
        let _guest = doors.enter().unwrap();
        doors.close();
        assert!(doors.enter().is_none());
        assert_eq!(doors.state().inside, 1);
    }
}
