//! `aca/check`: checks hunks before they land.

use aca_protocol::methods::CheckParams;
use aca_protocol::proposal::ProposalView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers when the check is recorded; the proposal's `check` follows.
pub(crate) async fn aca_check(server: &Server, params: CheckParams) -> Result<ProposalView> {
    server
        .connection
        .ask("a check", move |engine| async move { engine.check(params).await })
        .await
}
