//! The functional core: what a session is, and what follows from what. No IO, no clock, no randomness.
//!
//! [`State::decide`] turns a command into events, [`State::apply`] folds an event into the state, and
//! [`State::effects`] says what an applied event sets in motion. Replaying all events of a session gives its state.

mod checkpoint;
mod command;
mod effect;
mod event;
mod fold;
mod recover;
mod restore;
mod review;
mod state;
mod task;
mod view;

#[cfg(test)]
mod tests;

pub use checkpoint::Checkpoint;
pub use command::{Command, Edit};
pub use effect::Effect;
pub use event::{AttemptEnd, Content, Continues, Event, HunkRef, ModelRequest, Operation, Proposed, Span, Step};
pub use restore::Toggle;
pub use state::{Attempt, Stage, State};
pub use task::{Operating, Phase, Task};
pub use view::Live;
