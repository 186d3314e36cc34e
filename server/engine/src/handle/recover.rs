//! What front ends decide about tasks that ended without a result.

use aca_protocol::session::RecoverParams;
use aca_protocol::task::TaskView;

use super::Engine;
use crate::Error;
use crate::core::Command;

impl Engine {
    /// Has a task go on that ended without a result.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for a way that is not among its `recovery`.
    pub async fn recover(&self, params: RecoverParams) -> Result<TaskView, Error> {
        let known = self.known(&params.task)?;
        let command = Command::Recover {
            task: params.task.clone(),
            how: params.how,
        };
        self.command(&known.session, command).await?;
        self.known(&params.task)
    }
}
