//! `textDocument/codeLens`: the life of each TODO, and the pending hunks.

use std::sync::Arc;

use lsp_types::{CodeLens, Url};

use crate::connection::Connection;
use crate::progress::now_ms;
use crate::{life, review};

/// Returns the lenses of a document.
pub(crate) fn code_lens(connection: &Arc<Connection>, uri: &Url) -> Vec<CodeLens> {
    let Some(document) = connection.documents.get(uri) else {
        return Vec::new();
    };
    let Some(file) = &document.file else { return Vec::new() };
    let board = connection.board.file(&file.path);
    let flags = connection.flags();
    let mut lenses = life::lenses(&document, &board.tasks, now_ms(), &flags.front_end);
    lenses.extend(review::lenses(&document, &board.pending, flags));
    lenses
}
