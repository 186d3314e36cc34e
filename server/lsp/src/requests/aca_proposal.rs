//! `aca/proposal`: a task's proposal against what its files say now.

use aca_protocol::methods::TaskParams;
use aca_protocol::proposal::ProposalView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Places the proposal anew, closed files included, and returns it.
pub(crate) async fn aca_proposal(server: &Server, params: TaskParams) -> Result<ProposalView> {
    let proposal = server.connection.ask(
        "a proposal",
        move |engine| async move { engine.refresh(&params.task).await },
    );
    Ok((*proposal.await?).clone())
}
