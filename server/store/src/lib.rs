//! Durable session state: one append-only log of events per session, with rows that summarise it.
//!
//! A session is a directory with one SQLite database, `state.db`. An event is on disk when [`Store::append`] returns;
//! it is never changed afterwards, and each one carries a hash over its predecessor, so that damage is found. SQL and
//! its types stay in this crate. All calls block.

mod append;
mod ballast;
mod chain;
mod create;
mod database;
mod error;
mod event;
mod file_system;
mod fold;
mod lease;
mod lock;
mod log;
mod mark;
mod meta;
mod migrate;
mod reader;
mod schema;
mod seal;
mod sessions;
mod store;

pub use ballast::Ballast;
pub use error::Error;
pub use event::{Event, MAX_BODY_BYTES, NewEvent, Row};
pub use file_system::free_bytes;
pub use lease::Lease;
pub use lock::OwnerLock;
pub use meta::Meta;
pub use reader::{Head, Reader, StoredEvent};
pub use seal::{Seal, SealError};
pub use sessions::sessions;
pub use store::Store;
