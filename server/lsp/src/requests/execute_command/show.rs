//! Showing where something is, because the user asked for it.

use std::sync::Arc;

use aca_protocol::proposal::ProposalView;
use lsp_types::{MessageType, Position, Range, ShowDocumentParams, Url};

use crate::board::live_path;
use crate::connection::Connection;

/// Shows the first undecided hunk of a proposal, because the user asked to see it.
pub(super) fn show(connection: &Arc<Connection>, proposal: &ProposalView) {
    let place = first_hunk(connection, proposal);
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        let Some((uri, line)) = place else {
            behind
                .client
                .show_message(MessageType::INFO, "Every hunk of this task is decided.")
                .await;
            return;
        };
        let at = Position { line, character: 0 };
        let place = format!("{}:{}", uri.path(), line.saturating_add(1));
        let shown = behind.flags().show_document
            && behind
                .client
                .show_document(ShowDocumentParams {
                    uri,
                    external: Some(false),
                    take_focus: Some(true),
                    selection: Some(Range { start: at, end: at }),
                })
                .await
                .unwrap_or(false);
        if !shown {
            behind
                .client
                .show_message(MessageType::INFO, format!("The first hunk is at {place}."))
                .await;
        }
    });
}

fn first_hunk(connection: &Connection, proposal: &ProposalView) -> Option<(Url, u32)> {
    let task = connection.engine.task(&proposal.task)?;
    proposal.files.iter().find_map(|file| {
        let open = file.hunks.iter().filter(|hunk| hunk.state.is_open());
        let line = open.map(|hunk| hunk.line).min()?;
        let uri = connection.workspaces.uri_of(&task.workspace.join(live_path(file)))?;
        Some((uri, line))
    })
}
