//! Diagnostics of the hunks under review, where they stand now: one for each that waits for a decision, and one for
//! each thing that a check complains about in it.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, Finding, HunkState};
use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, Range};
use serde_json::json;

use super::message::message;
use crate::board::Hunk;
use crate::capabilities::ClientFlags;
use crate::documents::{Document, Encoding};

/// The name under which clients show the diagnostics of hunks.
const SOURCE: &str = "aca";
/// The name under which clients show what a check complains about.
const CHECK_SOURCE: &str = "aca check";

/// Returns the diagnostics of a file. Without an open document they cover whole lines. A front end that draws hunks itself
/// gets none.
pub(crate) fn diagnostics(pending: &[Arc<Hunk>], document: Option<&Document>, flags: &ClientFlags) -> Vec<Diagnostic> {
    if flags.front_end.inline_review {
        return Vec::new();
    }
    let mut diagnostics = Vec::with_capacity(pending.len());
    for hunk in pending {
        let (severity, code) = severity_and_code(hunk);
        let of_hunk = Diagnostic {
            range: range(hunk, document, flags.encoding),
            severity: Some(severity),
            code: Some(NumberOrString::String(code.to_owned())),
            source: Some(SOURCE.to_owned()),
            message: message(hunk),
            data: flags
                .diagnostic_data
                .then(|| json!({ "task": hunk.review.task, "hunk": hunk.view.id })),
            ..Diagnostic::default()
        };
        diagnostics.extend(findings(hunk).map(|finding| of_finding(&of_hunk, finding)));
        diagnostics.push(of_hunk);
    }
    diagnostics
}

/// Says whether a diagnostic that a client sends back is about a hunk.
pub(super) fn is_about(diagnostic: &Diagnostic, hunk: &Hunk) -> bool {
    match &diagnostic.data {
        Some(data) => {
            data.get("task").and_then(|task| task.as_str()) == Some(hunk.review.task.as_str())
                && data.get("hunk").and_then(|id| id.as_str()) == Some(hunk.view.id.as_str())
        }
        // A client that does not keep data is recognised by the words it was sent.
        None => diagnostic.source.as_deref() == Some(SOURCE) && diagnostic.message == message(hunk),
    }
}

/// Returns where a hunk is in the live text.
pub(super) fn range(hunk: &Hunk, document: Option<&Document>, encoding: Encoding) -> Range {
    let (line, lines) = match hunk.change {
        FileChange::Modify => (hunk.view.line, hunk.view.lines),
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

fn severity_and_code(hunk: &Hunk) -> (DiagnosticSeverity, &'static str) {
    match (&hunk.view.state, &hunk.change) {
        (HunkState::Overlapping { .. }, _) => (DiagnosticSeverity::WARNING, "conflict"),
        (HunkState::Gone { .. }, _) => (DiagnosticSeverity::WARNING, "gone"),
        (_, FileChange::Unsupported { .. }) => (DiagnosticSeverity::WARNING, "unsupported"),
        (HunkState::Touched { .. }, _) => (DiagnosticSeverity::INFORMATION, "touched"),
        (HunkState::AlreadyThere, _) => (DiagnosticSeverity::HINT, "already-there"),
        _ => (DiagnosticSeverity::INFORMATION, "pending"),
    }
}

fn findings(hunk: &Hunk) -> impl Iterator<Item = &Finding> {
    let findings = hunk.review.check.iter().flat_map(|check| &check.findings);
    findings.filter(|finding| finding.hunk.as_ref() == Some(&hunk.view.id))
}

/// The line that a check names is one of the checked text, where the hunk has landed; the hunk's own lines are those
/// of the live text.
fn of_finding(of_hunk: &Diagnostic, finding: &Finding) -> Diagnostic {
    Diagnostic {
        severity: Some(if finding.error {
            DiagnosticSeverity::ERROR
        } else {
            DiagnosticSeverity::WARNING
        }),
        code: None,
        source: Some(CHECK_SOURCE.to_owned()),
        message: finding.message.clone(),
        ..of_hunk.clone()
    }
}
