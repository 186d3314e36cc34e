//! `aca/pause`: holds a running agent where it is.

use aca_protocol::methods::TaskParams;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the wish is recorded; the task's state follows.
pub(crate) async fn aca_pause(server: &Server, params: TaskParams) -> Result<TaskView> {
    server
        .connection
        .ask("a pause", move |engine| async move { engine.pause(params).await })
        .await
}
