//! What front ends ask of the audit log.

use aca_protocol::session::{AuditParams, AuditResult, SessionParams, VerifyAuditResult};

use super::Engine;
use crate::Error;
use crate::audit::Log;

impl Engine {
    /// Returns what was recorded of a session, open or not, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown session, [`Error::Internal`] if it cannot be read.
    pub async fn audit(&self, params: AuditParams) -> Result<AuditResult, Error> {
        let config = self.shared.config.clone();
        blocking(move || Log::open(&config, &params.session)?.page(&params)).await
    }

    /// Checks that nothing recorded of a session was changed, and that its rows say what its events come to.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::audit`]. Damage is no error: it is the result's `problem`.
    pub async fn verify_audit(&self, params: SessionParams) -> Result<VerifyAuditResult, Error> {
        let config = self.shared.config.clone();
        blocking(move || Log::open(&config, &params.session)?.verify()).await
    }
}

/// Reads a session, which blocks.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let reading = tokio::task::spawn_blocking(read);
    reading
        .await
        .map_err(|error| Error::internal("Reading the audit log", error))?
}
