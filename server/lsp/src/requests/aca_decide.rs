//! `aca/decide`: accepts or rejects hunks.

use aca_protocol::methods::{DecideParams, DecideResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the accepted hunks have landed and were seen to be there.
///
/// Landing in an open document needs the client, but not from here: the engine's wish is served by
/// [`landing`](crate::landing) in the background, and reading goes on while this waits. Cancelling the request gives up
/// the wait, never the decision.
pub(crate) async fn aca_decide(server: &Server, params: DecideParams) -> Result<DecideResult> {
    server.connection.attend();
    server
        .connection
        .ask("a decision", move |engine| async move { engine.decide(params).await })
        .await
}
