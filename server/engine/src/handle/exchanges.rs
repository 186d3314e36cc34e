//! What front ends ask of model exchanges.

use aca_protocol::methods::TaskParams;
use aca_protocol::session::{ExchangeParams, ExchangeRecord, ExchangesResult};

use super::Engine;
use crate::Error;

impl Engine {
    /// Lists the model requests of a task.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn exchanges(&self, params: TaskParams) -> Result<ExchangesResult, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }

    /// Returns one model request with its answer.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: it is not built yet.
    pub async fn exchange(&self, params: ExchangeParams) -> Result<ExchangeRecord, Error> {
        Err(Error::Unavailable(format!("This is not built yet: {params:?}.")))
    }
}
