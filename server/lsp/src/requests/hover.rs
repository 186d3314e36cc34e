//! `textDocument/hover`: what is known of the hunks on a line, from memory.

use std::sync::Arc;

use lsp_types::{Hover, TextDocumentPositionParams};

use crate::connection::Connection;
use crate::review;

/// Returns what is to be shown at a position.
pub(crate) fn hover(connection: &Arc<Connection>, at: &TextDocumentPositionParams) -> Option<Hover> {
    let document = connection.documents.get(&at.text_document.uri)?;
    let file = document.file.as_ref()?;
    let pending = connection.board.file(&file.path).pending;
    review::hover(&document, &pending, at.position, connection.flags())
}
