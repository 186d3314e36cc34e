//! `aca/atWork`: the tasks at work on a file.

use aca_protocol::methods::{AtWorkParams, TasksResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Opens the workspace's session if need be and lists them, oldest first.
pub(crate) async fn aca_at_work(server: &Server, params: AtWorkParams) -> Result<TasksResult> {
    let ask = move |engine: aca_engine::Engine| async move {
        engine.open(&params.workspace).await?;
        engine.at_work(&params)
    };
    server.connection.ask("a list of tasks", ask).await
}
