//! `aca/join`: makes one hunk of neighbours.

use aca_protocol::methods::JoinParams;
use aca_protocol::proposal::ProposalView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with the proposal as it is then.
pub(crate) async fn aca_join(server: &Server, params: JoinParams) -> Result<ProposalView> {
    server
        .connection
        .ask("a joining", move |engine| async move { engine.join(params).await })
        .await
}
