//! What front ends ask of the audit log.

use aca_protocol::session::{AuditParams, AuditResult, SessionParams, VerifyAuditResult};

use super::Engine;
use crate::Error;

impl Engine {
    /// Returns what was recorded of a session.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn audit(&self, params: AuditParams) -> Result<AuditResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Checks that nothing recorded was changed.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn verify_audit(&self, params: SessionParams) -> Result<VerifyAuditResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }
}
