//! What happens next: the only owner of session state.
//!
//! [`core`] decides, purely; the actor behind [`Engine`] writes each event durably, applies it, and performs its
//! effects in tasks of their own, whose outcomes come back to it as commands. Front ends hold an [`Engine`] handle:
//! they read immutable views, send wishes, and subscribe to changes.

mod actor;
mod attempt;
mod audit;
mod buffers;
mod check;
mod checkpoint;
pub mod config;
pub mod core;
mod error;
mod handle;
mod house;
mod layout;
pub mod parts;
mod prompt;
mod proposal;
mod rows;
mod sealing;
mod session;
mod settings;
#[cfg(test)]
mod simulate;
mod staging;
mod watch;

pub use buffers::{Buffers, EditorId, EditorReply, EditorRequest, LiveBuffer};
pub use error::Error;
pub use handle::{Change, ClaudeSource, Engine, EngineConfig, Newest};
pub use proposal::hunks_between;
pub use session::size::on_disk as bytes_on_disk;
