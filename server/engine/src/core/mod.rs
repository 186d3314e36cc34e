//! The functional core: what a session is, and what follows from what. No IO, no clock, no randomness.
//!
//! [`State::decide`] turns a command into events, [`State::apply`] folds an event into the state, and
//! [`State::effects`] says what an applied event sets in motion. Replaying all events of a session gives its state.

mod command;
mod effect;
mod event;
mod recover;
mod review;
mod state;
mod task;
mod view;

#[cfg(test)]
mod tests;

pub use command::Command;
pub use effect::Effect;
pub use event::{AttemptEnd, Content, Continues, Event, HunkRef, Operation, Proposed, Span, Step};
pub use state::{Attempt, Stage, State};
pub use task::{Operating, Phase, Task};
pub use view::Live;
