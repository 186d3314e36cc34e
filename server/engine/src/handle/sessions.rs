//! What front ends ask of sessions as a whole.

use aca_protocol::session::{
    DeleteSessionParams, DeleteSessionResult, ExportSessionParams, ExportSessionResult, ImportSessionParams, NoParams,
    RenameSessionParams, SessionDetail, SessionInfo, SessionParams, SessionsResult,
};

use super::Engine;
use crate::Error;

impl Engine {
    /// Lists all sessions of the data directory, the one that changed last first.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn sessions(&self, params: NoParams) -> Result<SessionsResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Returns everything about a session.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn session(&self, params: SessionParams) -> Result<SessionDetail, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Makes a session the one that its workspace opens.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn use_session(&self, params: SessionParams) -> Result<SessionInfo, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Gives a session a name.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn rename_session(&self, params: RenameSessionParams) -> Result<SessionInfo, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Moves a session to the trash.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn delete_session(&self, params: DeleteSessionParams) -> Result<DeleteSessionResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Writes a session to a directory.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn export_session(&self, params: ExportSessionParams) -> Result<ExportSessionResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Takes an exported session in.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn import_session(&self, params: ImportSessionParams) -> Result<SessionInfo, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }
}
