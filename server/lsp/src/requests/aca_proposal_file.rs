//! `aca/proposalFile`: a file of a proposal as a text.

use aca_protocol::methods::ProposalFileParams;
use aca_protocol::proposal::ProposalFileView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with what the file says now, and what it would say.
pub(crate) async fn aca_proposal_file(server: &Server, params: ProposalFileParams) -> Result<ProposalFileView> {
    server
        .connection
        .ask("a file of a proposal", move |engine| async move {
            engine.proposal_file(params).await
        })
        .await
}
