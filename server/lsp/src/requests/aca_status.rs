//! `aca/status`: who serves, and whether anything is wrong.

use aca_protocol::methods::{StatusParams, StatusResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers from memory.
pub(crate) async fn aca_status(server: &Server, _: StatusParams) -> Result<StatusResult> {
    Ok(server.connection.engine.status())
}
