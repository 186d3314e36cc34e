//! `aca/transcript`: what the agent said and did.

use aca_protocol::methods::{TranscriptParams, TranscriptResult};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;
use crate::transcripts;

/// Returns the records from where the client says, and tells it of news from now on.
pub(crate) async fn aca_transcript(server: &Server, params: TranscriptParams) -> Result<TranscriptResult> {
    // Before it is read, so that nothing comes in between.
    transcripts::follow(&server.connection, &params.task);
    server
        .connection
        .ask(
            "a transcript",
            move |engine| async move { engine.transcript(params).await },
        )
        .await
}
