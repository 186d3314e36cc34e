//! Durable session state: one append-only log of events per session, with rows that summarise it.
//!
//! A session is a directory with one SQLite database, `state.db`. An event is on disk when [`Store::append`] returns;
//! it is never changed afterwards, and each one carries a hash over its predecessor, so that damage is found. SQL and
//! its types stay in this crate. All calls block.

mod chain;
mod database;
mod error;
mod event;
mod file_system;
mod lock;
mod schema;
mod sessions;
mod store;

pub use error::Error;
pub use event::{Event, MAX_BODY_BYTES, NewEvent, Row};
pub use lock::OwnerLock;
pub use sessions::sessions;
pub use store::{Meta, Store};
