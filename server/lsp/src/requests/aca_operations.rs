//! `aca/operations`: the landings and takings back of a workspace.

use aca_protocol::methods::{OperationsResult, TasksParams};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Opens the workspace's session if need be and lists them, oldest first.
pub(crate) async fn aca_operations(server: &Server, params: TasksParams) -> Result<OperationsResult> {
    let ask = move |engine: aca_engine::Engine| async move {
        engine.open(&params.workspace).await?;
        engine.operations(params).await
    };
    server.connection.ask("a list of landings", ask).await
}
