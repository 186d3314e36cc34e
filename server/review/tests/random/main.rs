//! Random texts and histories: what must hold whatever people and agents write.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

mod edited;
mod git;
mod histories;
mod triples;
