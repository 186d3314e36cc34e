//! `aca/tell`: tells a running agent something.

use aca_protocol::methods::TellParams;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the agent has heard it, or will once it can be reached.
pub(crate) async fn aca_tell(server: &Server, params: TellParams) -> Result<TaskView> {
    server
        .connection
        .ask("a message to an agent", move |engine| async move {
            engine.tell(params).await
        })
        .await
}
