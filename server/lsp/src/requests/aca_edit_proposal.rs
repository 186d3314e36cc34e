//! `aca/editProposal`: takes over what a person made of a file's proposed text.

use aca_protocol::methods::EditProposalParams;
use aca_protocol::proposal::ProposalFileView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Answers with the file as it is then.
pub(crate) async fn aca_edit_proposal(server: &Server, params: EditProposalParams) -> Result<ProposalFileView> {
    server
        .connection
        .ask("an edit of a proposal", move |engine| async move {
            engine.edit_proposal(params).await
        })
        .await
}
