//! `textDocument/didChange`: the hottest path. It edits the text and its index and tells the engine, no more.

use std::sync::Arc;

use lsp_types::DidChangeTextDocumentParams;

use crate::connection::Connection;

/// Applies the changes in wire order.
pub(crate) fn did_change(connection: &Arc<Connection>, params: &DidChangeTextDocumentParams) {
    let identifier = &params.text_document;
    let changed = connection.documents.change(
        &identifier.uri,
        identifier.version,
        &params.content_changes,
        connection.encoding(),
    );
    match changed {
        Some(document) => connection.report(&document),
        None => tracing::warn!(uri = %identifier.uri, "a change of a document that is not open is ignored"),
    }
}
