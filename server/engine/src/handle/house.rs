//! What front ends ask about use and space.

use aca_protocol::session::{
    CleanupParams, CleanupPlanResult, CleanupResult, NoParams, SandboxesResult, UseParams, UseResult,
};

use super::Engine;
use crate::{Error, house};

impl Engine {
    /// Says what was used of the models, over all sessions of the data directory.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if it could not be summed up. A session that cannot be read is left out.
    pub async fn usage(&self, params: UseParams) -> Result<UseResult, Error> {
        let config = self.shared.config.clone();
        let summing = tokio::task::spawn_blocking(move || house::usage(&config, &params));
        summing
            .await
            .map_err(|error| Error::internal("Summing up the use", error))
    }

    /// Says what takes space, and what of it could go.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the settings cannot be read, [`Error::Internal`] if the disk cannot be examined.
    pub async fn cleanup_plan(&self, params: NoParams) -> Result<CleanupPlanResult, Error> {
        let NoParams {} = params;
        house::plan(&self.shared).await
    }

    /// Removes what a person chose. What is unreviewed, in conflict, lost or at work is refused.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::cleanup_plan`]. What cannot be removed is no error: it is among the failed ones of the result.
    pub async fn cleanup(&self, params: CleanupParams) -> Result<CleanupResult, Error> {
        house::remove(self, params).await
    }

    /// Lists the sandboxes at work with what they take.
    ///
    /// # Errors
    ///
    /// None at the moment; a sandbox that cannot be looked at is left out.
    pub async fn sandboxes(&self, params: NoParams) -> Result<SandboxesResult, Error> {
        let NoParams {} = params;
        Ok(house::at_work(&self.shared).await)
    }
}
