//! Accept and reject, as code actions on a pending hunk.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, HunkState};
use lsp_types::{CodeAction, CodeActionKind, Diagnostic, Range};

use super::diagnostics::{is_about, range};
use crate::board::Pending;
use crate::commands::{self, FileArgs, HunkArgs, command};
use crate::documents::{Document, Encoding};
use crate::life::short;

/// Returns the actions on the hunks that a range touches, and on the rest of their files.
///
/// `diagnostics` are those the client sent along; an action names those it would resolve.
pub(crate) fn actions(
    document: &Document,
    pending: &[Arc<Pending>],
    selected: Range,
    diagnostics: &[Diagnostic],
    encoding: Encoding,
) -> Vec<CodeAction> {
    let touched: Vec<_> = pending
        .iter()
        .filter(|pending| touches(range(pending, Some(document), encoding), selected))
        .collect();
    let mut several_tasks = pending.iter().map(|pending| &pending.task).collect::<Vec<_>>();
    several_tasks.dedup();
    let several_tasks = several_tasks.len() > 1;
    let title = |words: &str, of: &Pending| {
        if several_tasks {
            format!("{words} ({})", short(&of.title, 40))
        } else {
            words.to_owned()
        }
    };

    let mut actions = Vec::new();
    for hunk in &touched {
        let args = HunkArgs {
            task: hunk.task.clone(),
            hunk: hunk.hunk.id.clone(),
        };
        let about: Vec<_> = diagnostics
            .iter()
            .filter(|diagnostic| is_about(diagnostic, hunk))
            .cloned()
            .collect();
        let mut push = |words: &str, name: &str, preferred: bool| {
            let title = title(words, hunk);
            actions.push(CodeAction {
                diagnostics: (!about.is_empty()).then(|| about.clone()),
                is_preferred: preferred.then_some(true),
                ..action(command(title, name, &args))
            });
        };
        if can_land(hunk) {
            push(&format!("Accept {}", what(hunk)), commands::ACCEPT, true);
        }
        push(&format!("Reject {}", what(hunk)), commands::REJECT, false);
    }
    let mut files: Vec<_> = touched.iter().map(|pending| (&pending.task, &pending.path)).collect();
    files.dedup();
    for (task, path) in files {
        let Some(of) = touched.iter().find(|pending| &pending.task == task) else {
            continue;
        };
        let args = FileArgs {
            task: task.clone(),
            path: path.clone(),
        };
        for (words, name) in [
            ("Accept all in file", commands::ACCEPT_FILE),
            ("Reject all in file", commands::REJECT_FILE),
        ] {
            actions.push(action(command(title(words, of), name, &args)));
        }
    }
    actions
}

/// Says whether a hunk can be accepted as it is.
pub(super) fn can_land(pending: &Pending) -> bool {
    !matches!(pending.hunk.state, HunkState::Overlapping { .. })
        && !matches!(pending.change, FileChange::Unsupported { .. })
}

fn what(pending: &Pending) -> &'static str {
    match pending.change {
        FileChange::Modify => "this hunk",
        FileChange::Create => "the new file",
        FileChange::Delete => "the deletion",
        FileChange::Rename { .. } => "the new name",
        FileChange::Binary => "the new content",
        FileChange::Mode { .. } => "the new mode",
        FileChange::Unsupported { .. } => "this change",
    }
}

fn action(command: lsp_types::Command) -> CodeAction {
    CodeAction {
        title: command.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        command: Some(command),
        ..CodeAction::default()
    }
}

/// Says whether a hunk's place and a selection share a line.
fn touches(place: Range, selected: Range) -> bool {
    place.start.line <= selected.end.line && selected.start.line <= place.end.line
}
