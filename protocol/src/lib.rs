//! The wire types of aca: serde only, no IO.
//!
//! Two conversations are typed here. [`methods`] is what a front end says to the engine: the `aca/*` requests and
//! notifications, carried by the language server protocol's framing. [`agent`] is what the engine and the program
//! inside a sandbox say to each other: the specification of an attempt, its journal, and the streams between them.
//!
//! `README.md` beside this crate documents every method; a test fails when it and [`methods`] disagree.

pub mod agent;
pub mod ids;
pub mod methods;
pub mod proposal;
pub mod session;
pub mod settings;
pub mod task;

pub use ids::{AttemptId, CheckpointId, HunkId, OperationId, SessionId, TaskId};
