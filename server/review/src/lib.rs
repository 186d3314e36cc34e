//! Hunks, placement on live text, three-way merge: pure, text in and data out.
//!
//! Three texts of a file meet here. The *base* is what the agent started from, the *result* is what it ended with, and
//! the *live* text is what the file says now, with whatever the user typed meanwhile. A [`ledger::FileLedger`] has the
//! decisions to take about a file: it cuts the difference into hunks, says where each stands on the live text after
//! every change of it, and gives the text in which chosen ones have landed. [`merge()`] merges a whole text, and takes a
//! landing back. [`edits`] is the smallest way for an editor to get to a text.
//!
//! Positions are lines, counted from zero. A line ends at `\n` and includes it; a `\r` before it is part of the line,
//! and a last line without `\n` differs from the same line with one.

mod alignment;
mod compact;
mod compose;
mod diff;
mod document;
mod edit;
mod edited;
mod hunk;
mod landing;
pub mod ledger;
mod line_ends;
mod merge;
mod myers;
pub mod needs;
mod placement;
mod proposed;
mod second;
mod span;
pub mod text;
mod words;

pub use edit::{TextEdit, edits};
pub use edited::EditError;
pub use hunk::{Hunk, hunks, whole_file_hunk};
pub use line_ends::{with_line_ends_of, with_line_feeds};
pub use merge::{Merge, merge};
pub use proposed::{Piece, Proposed};
