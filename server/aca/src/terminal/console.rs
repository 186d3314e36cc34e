//! The terminal, taken for pictures and keys.

use std::io;

use rustix::process::{Signal, getpid, kill_process};

use super::{FullScreen, Input};

/// The whole terminal. One is passed from picture to picture, so that no key between them is lost.
pub(crate) struct Console {
    /// Where keys come from. It is dropped first: what is typed from then on is for whoever has the terminal next.
    pub(crate) keys: Input,
    /// Where pictures go.
    pub(crate) screen: FullScreen,
}

impl Console {
    /// Takes the terminal. Dropping it gives it back.
    ///
    /// # Errors
    ///
    /// When stdout is none, or cannot be written.
    pub(crate) fn enter() -> io::Result<Self> {
        Ok(Self {
            screen: FullScreen::enter()?,
            keys: Input::start(),
        })
    }

    /// Gives the terminal, and the keys, to someone else while `other` runs.
    ///
    /// # Errors
    ///
    /// When it cannot be taken again.
    pub(crate) fn lend<T>(&mut self, other: impl FnOnce() -> T) -> io::Result<T> {
        let (screen, keys) = (&mut self.screen, &self.keys);
        tokio::task::block_in_place(|| keys.lend(|| screen.lend(other)))
    }

    /// Stops the process, as a shell's job; returns when it goes on.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be taken again.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        self.lend(|| {
            let _ = kill_process(getpid(), Signal::TSTP);
        })
    }
}
