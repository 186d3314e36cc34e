//! `textDocument/didClose`: from now on the file counts. Closing decides nothing.

use std::sync::Arc;

use lsp_types::Url;

use crate::connection::Connection;

/// Forgets the document; what waits for a decision stays.
pub(crate) fn did_close(connection: &Arc<Connection>, uri: &Url) {
    let Some(document) = connection.documents.close(uri) else {
        return;
    };
    if let Some(file) = &document.file {
        connection.engine.buffers().close(connection.editor, &file.path);
        connection.publisher.files([file.path.clone()]);
    }
}
