//! End-to-end tests on real parts: the harness.
//!
//! A test makes a [`TestEnv`]: a home, a data directory, settings and a scripted model of its own. In it, it makes a
//! [`Workspace`] and drives the real `aca` there: by its commands, by [`lsp::Client`] over `aca lsp`'s stdio, or through
//! a real [`nvim::Nvim`] or [`vscode::VsCode`]. Containers are real, and so is Claude Code; the only double is the model
//! behind the API.
//!
//! A part that is missing fails the test with a message that names it. Nothing is skipped.

pub mod counter;
mod daemon;
pub mod emacs;
pub mod engine;
mod env;
pub mod fixture;
pub mod guide;
pub mod helix;
pub mod kakoune;
pub mod lsp;
pub mod model;
pub mod nvim;
pub mod parts;
mod process;
pub mod scenario;
pub mod terminal;
pub mod vim;
pub mod vscode;
pub mod wait;
pub mod walk;
mod workspace;

pub use daemon::Daemon;
pub use env::{Finished, Settings, TestEnv};
pub use process::{Running, process_alive};
pub use workspace::Workspace;
