//! A diagnostic for each pending hunk, where it stands now.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, HunkState};
use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, Range};
use serde_json::json;

use super::message::message;
use crate::board::Pending;
use crate::documents::{Document, Encoding};

/// The name under which clients show the diagnostics.
const SOURCE: &str = "aca";

/// Returns the diagnostics of a file. Without an open document they cover whole lines.
pub(crate) fn diagnostics(
    pending: &[Arc<Pending>],
    document: Option<&Document>,
    encoding: Encoding,
) -> Vec<Diagnostic> {
    let diagnostic = |pending: &Arc<Pending>| {
        let (severity, code) = match (&pending.hunk.state, &pending.change) {
            (HunkState::Overlapping { .. }, _) => (DiagnosticSeverity::WARNING, "conflict"),
            (_, FileChange::Unsupported { .. }) => (DiagnosticSeverity::WARNING, "unsupported"),
            (HunkState::AlreadyThere, _) => (DiagnosticSeverity::HINT, "already-there"),
            _ => (DiagnosticSeverity::INFORMATION, "hunk"),
        };
        Diagnostic {
            range: range(pending, document, encoding),
            severity: Some(severity),
            code: Some(NumberOrString::String(code.to_owned())),
            source: Some(SOURCE.to_owned()),
            message: message(pending),
            data: Some(json!({ "task": pending.task, "hunk": pending.hunk.id })),
            ..Diagnostic::default()
        }
    };
    pending.iter().map(diagnostic).collect()
}

/// Says whether a diagnostic that a client sends back is about a hunk.
pub(crate) fn is_about(diagnostic: &Diagnostic, pending: &Pending) -> bool {
    diagnostic.data.as_ref().is_some_and(|data| {
        data.get("task").and_then(|task| task.as_str()) == Some(pending.task.as_str())
            && data.get("hunk").and_then(|hunk| hunk.as_str()) == Some(pending.hunk.id.as_str())
    })
}

/// Returns where a hunk is in the live text.
pub(crate) fn range(pending: &Pending, document: Option<&Document>, encoding: Encoding) -> Range {
    let (line, lines) = match pending.change {
        FileChange::Modify => (pending.hunk.line, pending.hunk.lines),
        // What is decided as a whole is shown at the file's beginning.
        _ => (0, 0),
    };
    match document {
        Some(document) => document.lines(line, lines, encoding),
        None => Range {
            start: Position { line, character: 0 },
            end: Position {
                line: line.saturating_add(lines),
                character: 0,
            },
        },
    }
}
