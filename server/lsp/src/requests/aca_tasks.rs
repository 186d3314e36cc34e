//! `aca/tasks`: the tasks of a workspace.

use aca_protocol::methods::{TasksParams, TasksResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Opens the workspace's session if need be and lists its tasks, oldest first.
pub(crate) async fn aca_tasks(server: &Server, params: TasksParams) -> Result<TasksResult> {
    let list = move |engine: aca_engine::Engine| async move {
        engine.open(&params.workspace).await?;
        engine.tasks(&params.workspace)
    };
    server.connection.ask("a list of tasks", list).await
}
