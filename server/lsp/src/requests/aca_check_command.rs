//! `aca/checkCommand`: what the project's check is.

use aca_protocol::methods::{CheckCommandResult, TasksParams};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Opens the workspace's session if need be.
pub(crate) async fn aca_check_command(server: &Server, params: TasksParams) -> Result<CheckCommandResult> {
    let ask = move |engine: aca_engine::Engine| async move {
        engine.open(&params.workspace).await?;
        engine.check_command(params).await
    };
    server.connection.ask("a question for the check", ask).await
}
