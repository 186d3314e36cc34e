//! Sessions as a whole: listed, chosen, named, deleted, and carried to another data directory.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod carried;
mod chosen;
mod closing;
mod fixture;
mod listed;
mod refused;
