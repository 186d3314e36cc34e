//! The documents the client has open: text, version, TODOs, and where each lies in its workspace.

mod change;
mod document;
mod position;
mod store;

pub(crate) use document::{Document, WorkspaceFile, last_line_of, line_of};
pub(crate) use position::Encoding;
pub(crate) use store::Documents;
