//! Proposals against the live files: what each hunk would change now, and landing what was accepted.
//!
//! One worker per session owns its proposals and does one thing at a time, so two decisions never race. It is told
//! of every change of a document or file that a proposal touches and publishes new views.

mod file;
mod land;
mod ledger;
mod live;
mod place;
mod worker;

pub use file::hunks_between;
pub(crate) use live::{encode_like, read_plain};
pub(crate) use worker::{Job, spawn, spread_touches};
