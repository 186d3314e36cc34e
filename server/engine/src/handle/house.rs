//! What front ends ask about use and space.

use aca_protocol::session::{
    CleanupParams, CleanupPlanResult, CleanupResult, NoParams, SandboxesResult, UseParams, UseResult,
};

use super::Engine;
use crate::Error;

impl Engine {
    /// Says what was used of the models.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn usage(&self, params: UseParams) -> Result<UseResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Says what takes space.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn cleanup_plan(&self, params: NoParams) -> Result<CleanupPlanResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Removes what a person chose.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn cleanup(&self, params: CleanupParams) -> Result<CleanupResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Lists the sandboxes at work.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn sandboxes(&self, params: NoParams) -> Result<SandboxesResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }
}
