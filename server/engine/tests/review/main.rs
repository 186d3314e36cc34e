//! Proposals against live files, through the engine's handle: no sandbox, but real files, a real object store and a
//! real session database. An editor is a channel that answers as editors do.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audit;
mod cases;
mod checkpoints;
mod decisions;
mod files;
mod fixture;
mod house;
mod large;
mod recovery;
mod undo;
