//! `aca/run`: makes a task and starts it.

use aca_protocol::methods::RunParams;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with the task as soon as it is recorded.
pub(crate) async fn aca_run(server: &Server, params: RunParams) -> Result<TaskView> {
    server
        .connection
        .ask("a task's start", move |engine| async move { engine.run(params).await })
        .await
}
