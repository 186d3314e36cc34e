//! `aca/resume`: lets a held agent go on.

use aca_protocol::methods::TaskParams;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the wish is recorded; the task's state follows.
pub(crate) async fn aca_resume(server: &Server, params: TaskParams) -> Result<TaskView> {
    server
        .connection
        .ask("a resumption", move |engine| async move { engine.resume(params).await })
        .await
}
