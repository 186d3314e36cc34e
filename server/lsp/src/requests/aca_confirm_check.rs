//! `aca/confirmCheck`: confirms the project's check command, or withdraws that.

use aca_protocol::methods::{CheckCommandResult, ConfirmCheckParams};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when it is recorded.
pub(crate) async fn aca_confirm_check(server: &Server, params: ConfirmCheckParams) -> Result<CheckCommandResult> {
    server
        .connection
        .ask("a confirmation", move |engine| async move {
            engine.confirm_check(params).await
        })
        .await
}
