//! Accept and reject, as lenses above a pending hunk.

use std::sync::Arc;

use aca_protocol::proposal::HunkState;
use lsp_types::{CodeLens, Position, Range};

use super::actions::can_land;
use super::diagnostics::range;
use crate::board::Pending;
use crate::commands::{self, HunkArgs, command};
use crate::documents::{Document, Encoding};

/// Returns the lenses of a document's pending hunks.
pub(crate) fn lenses(document: &Document, pending: &[Arc<Pending>], encoding: Encoding) -> Vec<CodeLens> {
    let mut lenses = Vec::new();
    for hunk in pending {
        let line = range(hunk, Some(document), encoding).start.line;
        let at = Position { line, character: 0 };
        let args = HunkArgs {
            task: hunk.task.clone(),
            hunk: hunk.hunk.id.clone(),
        };
        let mut push = |title: &str, name: &str| {
            let command = Some(command(title, name, &args));
            lenses.push(CodeLens {
                range: Range { start: at, end: at },
                command,
                data: None,
            });
        };
        if can_land(hunk) {
            push("✓ accept", commands::ACCEPT);
            push("✗ reject", commands::REJECT);
        } else {
            let why = match hunk.hunk.state {
                HunkState::Overlapping { .. } => "conflict",
                _ => "cannot be landed",
            };
            push(&format!("{why}: ✗ reject"), commands::REJECT);
        }
    }
    lenses
}
