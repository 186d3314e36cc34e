//! Keeping house: what aca takes of the machine, what of it could go, and whether there is room to work.
//!
//! Nothing is removed without being asked for. What is unreviewed, in conflict, lost or at work is not removed at all.

mod engine_side;
mod files;
mod item;
mod keep;
mod plan;
mod remove;
mod sandboxes;
mod sessions;
mod space;
mod usage;

pub(crate) use keep::{House, keep};
pub(crate) use plan::plan;
pub(crate) use remove::remove;
pub(crate) use sandboxes::at_work;
pub(crate) use space::preflight;
pub(crate) use usage::all as usage;
