//! `aca/amend`: changes what a hunk puts into the file.

use aca_protocol::methods::AmendParams;
use aca_protocol::proposal::ProposalView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with the proposal as it is then.
pub(crate) async fn aca_amend(server: &Server, params: AmendParams) -> Result<ProposalView> {
    server
        .connection
        .ask("an amendment", move |engine| async move { engine.amend(params).await })
        .await
}
