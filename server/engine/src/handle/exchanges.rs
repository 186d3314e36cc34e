//! What front ends ask of model exchanges.

use std::path::PathBuf;

use aca_gateway::exchange;
use aca_protocol::methods::TaskParams;
use aca_protocol::session::{ExchangeParams, ExchangeRecord, ExchangesResult};
use aca_protocol::{AttemptId, TaskId};

use super::Engine;
use crate::layout::AttemptDir;
use crate::{Error, sealing};

impl Engine {
    /// Lists the model requests of a task, by attempt, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Unavailable`] if they are sealed and the key cannot be had,
    /// [`Error::Internal`] if they cannot be read.
    pub async fn exchanges(&self, params: TaskParams) -> Result<ExchangesResult, Error> {
        let (dir, attempts) = self.attempts_of(&params.task).await?;
        let listing = tokio::task::spawn_blocking(move || {
            let key = sealing::key_of_session(&dir)?;
            let mut exchanges = Vec::new();
            for attempt in &attempts {
                let folder = AttemptDir::new(&dir, attempt).exchanges();
                let listed = exchange::list(&folder, attempt, key.clone());
                exchanges.extend(listed.map_err(|error| Error::internal("Reading model exchanges", error))?);
            }
            Ok(ExchangesResult { exchanges })
        });
        listing
            .await
            .map_err(|error| Error::internal("Reading model exchanges", error))?
    }

    /// Returns one model request with its answer.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or exchange; others as for [`Engine::exchanges`].
    pub async fn exchange(&self, params: ExchangeParams) -> Result<ExchangeRecord, Error> {
        let ExchangeParams { task, attempt, number } = params;
        let (dir, attempts) = self.attempts_of(&task).await?;
        if !attempts.contains(&attempt) {
            return Err(Error::NotFound(format!("The task {task} has no attempt {attempt}.")));
        }
        let missing =
            format!("The attempt {attempt} has no model exchange {number}; `aca exchanges {task}` lists them.");
        let reading = tokio::task::spawn_blocking(move || {
            let key = sealing::key_of_session(&dir)?;
            let folder = AttemptDir::new(&dir, &attempt).exchanges();
            exchange::read(&folder, &attempt, number, key)
                .map_err(|error| Error::internal("Reading a model exchange", error))
        });
        let read = reading
            .await
            .map_err(|error| Error::internal("Reading a model exchange", error))??;
        read.ok_or(Error::NotFound(missing))
    }

    /// Returns the directory of a task's session, and the task's attempts, oldest first.
    async fn attempts_of(&self, task: &TaskId) -> Result<(PathBuf, Vec<AttemptId>), Error> {
        let task = self.known(task)?;
        let id = task.id.clone();
        let attempts = self.shared.read(&task.session, move |state| {
            let own = state.attempts().filter(|attempt| attempt.task == id);
            own.map(|attempt| attempt.id.clone()).collect::<Vec<_>>()
        });
        let mut attempts = attempts.await?;
        // Their names end in their numbers.
        attempts.sort_by(|one, other| (one.as_str().len(), one).cmp(&(other.as_str().len(), other)));
        let dir = self.shared.session_at(&task.workspace)?.dir.clone();
        Ok((dir, attempts))
    }
}
