//! What can be decided about the hunks under the cursor, as code actions.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, HunkState, Resolution};
use lsp_types::{CodeAction, CodeActionKind, Command, Diagnostic, Range};

use super::diagnostics::{is_about, range};
use super::{selected, wider};
use crate::board::{FileBoard, Hunk, WorkspaceBoard};
use crate::commands::{self, HunkArgs, HunksArgs, ResolveArgs, ReviewArgs, TaskArgs, command};
use crate::documents::{Document, Encoding};
use crate::front_end::{ClientCommand, FrontEnd};
use crate::life::short;

/// What a client asked for actions on.
pub(crate) struct Context<'a> {
    /// The document.
    pub(crate) document: &'a Document,
    /// What is known of its file.
    pub(crate) file: &'a FileBoard,
    /// What is known of its workspace.
    pub(crate) workspace: &'a WorkspaceBoard,
    /// The cursor or the selection.
    pub(crate) selected: Range,
    /// The diagnostics there, as the client sent them along.
    pub(crate) diagnostics: &'a [Diagnostic],
    /// What positions count in.
    pub(crate) encoding: Encoding,
    /// What the client has declared.
    pub(crate) front_end: &'a FrontEnd,
}

/// Returns the actions on the hunks that the selection touches, on the rest of their files and tasks, and on what has
/// landed in the file.
pub(crate) fn actions(context: &Context<'_>) -> Vec<CodeAction> {
    let pending = context.touched(&context.file.pending);
    let rejected = context.touched(&context.file.rejected);
    let mut actions: Vec<_> = pending.iter().flat_map(|hunk| context.decisions(hunk)).collect();
    actions.extend(wider::actions(context, &pending));
    for hunk in rejected {
        let args = HunksArgs {
            task: hunk.review.task.clone(),
            hunks: Some(vec![hunk.view.id.clone()]),
        };
        let title = context.title("Bring the rejected hunk back", hunk);
        actions.push(action(
            CodeActionKind::REFACTOR,
            command(title, commands::REOPEN, &args),
        ));
    }
    actions.extend(wider::undo(context));
    actions
}

impl Context<'_> {
    /// Returns those of `hunks` that share a line with the selection.
    fn touched<'h>(&self, hunks: &'h [Arc<Hunk>]) -> Vec<&'h Arc<Hunk>> {
        let touched = |hunk: &&Arc<Hunk>| {
            let place = range(hunk, Some(self.document), self.encoding);
            place.start.line <= self.selected.end.line && self.selected.start.line <= place.end.line
        };
        hunks.iter().filter(touched).collect()
    }

    /// Returns an action's title, with the task if the file has hunks of several.
    pub(super) fn title(&self, words: &str, of: &Hunk) -> String {
        let mut hunks = self.file.pending.iter().chain(&self.file.rejected);
        if hunks.any(|hunk| hunk.review.task != of.review.task) {
            format!("{words} ({})", short(&of.review.title, 40))
        } else {
            words.to_owned()
        }
    }

    /// Returns what the front end does about a hunk itself.
    fn of_front_end(&self, hunk: &Hunk) -> impl Iterator<Item = Command> {
        let (task, id) = (&hunk.review.task, &hunk.view.id);
        let back = HunksArgs {
            task: task.clone(),
            hunks: Some(vec![id.clone()]),
        };
        let review = ReviewArgs {
            task: task.clone(),
            hunk: Some(id.clone()),
        };
        let about = TaskArgs { task: task.clone() };
        let (own, title) = (self.front_end, |words| self.title(words, hunk));
        let back = own.command(ClientCommand::SendBack, title("Send back with a remark…"), &back);
        let review = own.command(ClientCommand::Review, title("Review this hunk"), &review);
        let transcript = own.command(ClientCommand::ShowTranscript, title("Show transcript"), &about);
        [back, review, transcript].into_iter().flatten()
    }

    fn decisions(&self, hunk: &Hunk) -> Vec<CodeAction> {
        let what = what(hunk);
        let one = hunk_args(hunk);
        let resolve = |words: &str, resolution| {
            let title = self.title(words, hunk);
            command(title, commands::RESOLVE, &resolve_args(hunk, resolution))
        };
        let decide = |words: String, name: &str| command(self.title(&words, hunk), name, &one);
        let mut decisions = Vec::new();
        if hunk.view.state.is_conflict() {
            decisions.push(decide("Keep mine".to_owned(), commands::REJECT));
            decisions.push(resolve("Take the agent's", Resolution::Agent));
            if hunk.change == FileChange::Modify {
                decisions.push(resolve("Keep both to edit", Resolution::Both));
            }
            let redo = HunksArgs {
                task: one.task.clone(),
                hunks: Some(vec![one.hunk.clone()]),
            };
            let title = self.title("Ask the agent to redo it on my version", hunk);
            decisions.push(command(title, commands::REDO, &redo));
        } else {
            if can_land(hunk) {
                let beside = match hunk.view.state {
                    HunkState::Touched { .. } => " (lines beside it were changed since)",
                    _ => "",
                };
                decisions.push(decide(format!("Accept {what}{beside}"), commands::ACCEPT));
                if let Some(args) = selected::lines(hunk, self.selected) {
                    let title = self.title("Accept only the selected lines", hunk);
                    decisions.push(command(title, commands::SPLIT, &args));
                }
            }
            decisions.push(decide(format!("Reject {what}"), commands::REJECT));
        }
        decisions.extend(self.of_front_end(hunk));
        let about = self.diagnostics.iter().filter(|diagnostic| is_about(diagnostic, hunk));
        let about: Vec<_> = about.cloned().collect();
        let decision = |command: Command| CodeAction {
            is_preferred: (command.command == commands::ACCEPT).then_some(true),
            diagnostics: (!about.is_empty()).then(|| about.clone()),
            ..action(CodeActionKind::QUICKFIX, command)
        };
        decisions.into_iter().map(decision).collect()
    }
}

/// Returns the argument of a decision about one hunk as it was shown.
pub(super) fn hunk_args(hunk: &Hunk) -> HunkArgs {
    HunkArgs {
        task: hunk.review.task.clone(),
        hunk: hunk.view.id.clone(),
        seen: Some(hunk.review.revision),
    }
}

/// Returns the argument that ends a conflict as it was shown.
pub(super) fn resolve_args(hunk: &Hunk, resolution: Resolution) -> ResolveArgs {
    ResolveArgs {
        task: hunk.review.task.clone(),
        hunk: hunk.view.id.clone(),
        resolution,
        seen: Some(hunk.review.revision),
    }
}

/// Says whether a hunk can be accepted as it is.
pub(super) fn can_land(hunk: &Hunk) -> bool {
    !hunk.view.state.is_conflict() && !matches!(hunk.change, FileChange::Unsupported { .. })
}

pub(super) fn action(kind: CodeActionKind, command: Command) -> CodeAction {
    CodeAction {
        title: command.title.clone(),
        kind: Some(kind),
        command: Some(command),
        ..CodeAction::default()
    }
}

fn what(hunk: &Hunk) -> &'static str {
    match hunk.change {
        FileChange::Modify => "this hunk",
        FileChange::Create => "the new file",
        FileChange::Delete => "the deletion",
        FileChange::Rename { .. } => "the new name",
        FileChange::Binary => "the new content",
        FileChange::Mode { .. } => "the new mode",
        FileChange::Unsupported { .. } => "this change",
    }
}
