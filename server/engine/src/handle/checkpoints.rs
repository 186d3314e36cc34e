//! What front ends ask of checkpoints.

use aca_protocol::methods::TasksParams;
use aca_protocol::session::{
    CheckpointParams, CheckpointView, CheckpointsResult, CreateCheckpointParams, DiffCheckpointResult,
    RestoreCheckpointResult,
};

use super::Engine;
use crate::Error;

impl Engine {
    /// Lists the checkpoints of an open workspace, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn checkpoints(&self, params: TasksParams) -> Result<CheckpointsResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Makes a checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn create_checkpoint(&self, params: CreateCheckpointParams) -> Result<CheckpointView, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Says what differs between a checkpoint and now.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn diff_checkpoint(&self, params: CheckpointParams) -> Result<DiffCheckpointResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Goes back to a checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn restore_checkpoint(&self, params: CheckpointParams) -> Result<RestoreCheckpointResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }
}
