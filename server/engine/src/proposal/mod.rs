//! Proposals against the live files: what each hunk would change now, landing what was accepted, and taking it back.
//!
//! One worker per session owns its proposals and does one thing at a time, so two decisions never race. It is told
//! of every change of a document or file that a proposal touches and publishes new views.

mod content;
mod decide;
mod edit;
mod file;
mod late;
mod ledger;
mod live;
mod perform;
mod place;
mod plan;
mod recover;
mod regroup;
mod shown;
mod text;
mod undo;
mod with_hunks;
mod worker;
mod write;

pub use file::hunks_between;
pub(crate) use file::{ChangedFile, Parts, files, named};
pub(crate) use live::{Live, encode_like, read_plain};
pub(crate) use undo::operations;
pub(crate) use with_hunks::{Place, places_in_result, with_hunks};
pub(crate) use worker::{Job, Wish, spawn, spread_touches};
