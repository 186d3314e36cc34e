//! `aca/split`: cuts lines out of a hunk.

use aca_protocol::methods::SplitParams;
use aca_protocol::proposal::ProposalView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with the proposal as it is then.
pub(crate) async fn aca_split(server: &Server, params: SplitParams) -> Result<ProposalView> {
    server
        .connection
        .ask("a cut", move |engine| async move { engine.split(params).await })
        .await
}
