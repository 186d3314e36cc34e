//! `aca/undo`: takes back a landing, or an earlier taking back.

use aca_protocol::methods::{UndoParams, UndoResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the files were seen to say so. As with a decision, an open document needs the client, but not from here.
pub(crate) async fn aca_undo(server: &Server, params: UndoParams) -> Result<UndoResult> {
    server.connection.attend();
    server
        .connection
        .ask("an undo", move |engine| async move { engine.undo(params).await })
        .await
}
