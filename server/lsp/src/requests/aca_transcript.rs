//! `aca/transcript`: what the agent said and did.

use aca_protocol::methods::{TranscriptParams, TranscriptResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Returns the records after the one the client names.
pub(crate) async fn aca_transcript(server: &Server, params: TranscriptParams) -> Result<TranscriptResult> {
    server
        .connection
        .ask(
            "a transcript",
            move |engine| async move { engine.transcript(params).await },
        )
        .await
}
