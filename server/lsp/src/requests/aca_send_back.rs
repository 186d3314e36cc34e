//! `aca/sendBack`: sends a proposal back to its agent.

use aca_protocol::methods::SendBackParams;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the next round is recorded; the work goes on behind it.
pub(crate) async fn aca_send_back(server: &Server, params: SendBackParams) -> Result<TaskView> {
    server
        .connection
        .ask("a remark", move |engine| async move { engine.send_back(params).await })
        .await
}
