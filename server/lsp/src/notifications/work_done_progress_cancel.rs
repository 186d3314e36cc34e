//! `window/workDoneProgress/cancel`: the cancel button of a task's progress.

use lsp_types::{MessageType, WorkDoneProgressCancelParams};

use crate::language_server::Server;
use crate::progress::task_of;

/// Stops the task whose progress is cancelled.
pub(crate) async fn work_done_progress_cancel(server: &Server, params: WorkDoneProgressCancelParams) {
    let Some(task) = task_of(&params.token) else { return };
    let connection = std::sync::Arc::clone(&server.connection);
    server.connection.background.spawn(async move {
        if let Err(error) = connection.asker().stop(&task).await {
            connection.client.show_message(MessageType::WARNING, error).await;
        }
    });
}
