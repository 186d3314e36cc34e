//! Actions that are about more than one hunk: a file's, a task's, and what has landed.

use std::sync::Arc;

use aca_protocol::HunkId;
use lsp_types::{CodeAction, CodeActionKind};

use super::actions::{Context, action};
use crate::board::{Hunk, Review};
use crate::commands::{self, ConfirmArgs, FileArgs, HunksArgs, SendBackArgs, UndoArgs, command};
use crate::life::{short, tasks_of};

/// Undoing is no answer to what is under the cursor: editors list it apart, and not on every line.
const UNDO: CodeActionKind = CodeActionKind::new("source.aca.undo");

/// Returns the actions on the files and tasks of the hunks that the selection touches.
pub(super) fn actions(context: &Context<'_>, touched: &[&Arc<Hunk>]) -> Vec<CodeAction> {
    let mut actions = Vec::new();
    let mut files: Vec<_> = touched.iter().map(|hunk| (&hunk.review.task, &hunk.path)).collect();
    files.dedup();
    for (task, path) in files {
        let Some(of) = touched.iter().find(|hunk| &hunk.review.task == task) else {
            continue;
        };
        let args = FileArgs {
            task: task.clone(),
            path: path.clone(),
            seen: Some(of.review.revision),
        };
        for (words, name) in [
            ("Accept all in file", commands::ACCEPT_FILE),
            ("Reject all in file", commands::REJECT_FILE),
        ] {
            let command = command(context.title(words, of), name, &args);
            actions.push(action(CodeActionKind::QUICKFIX, command));
        }
    }
    let mut reviews: Vec<_> = touched.iter().map(|hunk| &hunk.review.task).collect();
    reviews.dedup();
    for task in reviews {
        let here: Vec<_> = touched.iter().filter(|hunk| &hunk.review.task == task).collect();
        let Some(of) = here.first() else { continue };
        let ids = here.iter().map(|hunk| hunk.view.id.clone()).collect();
        actions.extend(checks(context, of, ids));
        actions.extend(redo(context, of));
    }
    actions.extend(confirm(context, touched));
    actions.extend(remarks(context));
    actions
}

/// Returns the actions that take back what landed last in the workspace, if this file was part of it.
pub(super) fn undo(context: &Context<'_>) -> Vec<CodeAction> {
    let Some(file) = &context.document.file else {
        return Vec::new();
    };
    let standing = || {
        let operations = context.workspace.operations.iter().rev();
        operations.filter(|operation| !operation.hunks.is_empty())
    };
    let undone = standing().next().filter(|newest| newest.undoes.is_some());
    let landed = standing().find(|operation| operation.undoes.is_none());
    let undone = undone.map(|operation| ("Take back the last undo", operation));
    let landed = landed.map(|operation| ("Undo the last landing", operation));
    let both = undone.into_iter().chain(landed);
    let of_file = both.filter(|(_, operation)| operation.paths.contains(&file.relative));
    of_file
        .map(|(words, operation)| {
            let args = UndoArgs {
                workspace: file.root.canonical.clone(),
                operation: Some(operation.id.clone()),
                hunks: None,
            };
            action(UNDO, command(words, commands::UNDO, &args))
        })
        .collect()
}

/// Returns the checks of the touched hunks of a task and of all of them, once the check command is confirmed.
fn checks(context: &Context<'_>, of: &Hunk, ids: Vec<HunkId>) -> Vec<CodeAction> {
    let is_confirmed = |check: &&_| -> bool {
        let check: &aca_protocol::methods::CheckCommandResult = check;
        check.confirmed && check.command.is_some()
    };
    if context.workspace.check.as_ref().filter(is_confirmed).is_none() {
        return Vec::new();
    }
    let here = if ids.len() == 1 {
        "Check this hunk"
    } else {
        "Check these hunks"
    };
    [(here, Some(ids)), ("Check all hunks of this task", None)]
        .into_iter()
        .map(|(words, hunks)| {
            let args = HunksArgs {
                task: of.review.task.clone(),
                hunks,
            };
            let command = command(context.title(words, of), commands::CHECK, &args);
            action(CodeActionKind::REFACTOR, command)
        })
        .collect()
}

/// Returns the confirmation of the check command, if there is one that nobody has confirmed.
fn confirm(context: &Context<'_>, touched: &[&Arc<Hunk>]) -> Option<CodeAction> {
    let check = context.workspace.check.as_ref().filter(|check| !check.confirmed)?;
    let shown = check.command.clone().filter(|_| !touched.is_empty())?;
    let file = context.document.file.as_ref()?;
    let args = ConfirmArgs {
        workspace: file.root.canonical.clone(),
        command: Some(shown.clone()),
    };
    let title = format!("Confirm the check command `{shown}`");
    Some(action(
        CodeActionKind::REFACTOR,
        command(title, commands::CONFIRM_CHECK, &args),
    ))
}

/// Returns the sending back of what was rejected or conflicts, without a remark: a plain client cannot be asked for one.
fn redo(context: &Context<'_>, of: &Hunk) -> Option<CodeAction> {
    let redo = of.review.redo.clone();
    let words = match redo.len() {
        0 => return None,
        1 => "Send back: redo the rejected or conflicting hunk".to_owned(),
        count => format!("Send back: redo the {count} rejected and conflicting hunks"),
    };
    let args = SendBackArgs {
        task: of.review.task.clone(),
        remark: String::new(),
        redo,
    };
    let command = command(context.title(&words, of), commands::SEND_BACK, &args);
    Some(action(CodeActionKind::REFACTOR, command))
}

/// Returns the sending back with a TODO under the cursor as the remark: a comment that a person wrote into a file
/// under review, and from which no task was made.
fn remarks(context: &Context<'_>) -> Vec<CodeAction> {
    let Some(todo) = context.document.todo_at(context.selected.start.line) else {
        return Vec::new();
    };
    let todos = context.document.todos();
    let mut owners = todos.iter().zip(tasks_of(todos, &context.file.tasks));
    if owners.any(|(other, task)| std::ptr::eq(other, todo) && task.is_some()) {
        return Vec::new();
    }
    let hunks = context.file.pending.iter().chain(&context.file.rejected);
    let mut reviews: Vec<&Arc<Review>> = hunks.map(|hunk| &hunk.review).collect();
    reviews.dedup_by_key(|review| &review.task);
    let send_back = |review: &Arc<Review>| {
        let args = SendBackArgs {
            task: review.task.clone(),
            remark: todo.text.clone(),
            redo: Vec::new(),
        };
        let title = format!(
            "Send “{}” back with this comment as the remark",
            short(&review.title, 40)
        );
        action(CodeActionKind::REFACTOR, command(title, commands::SEND_BACK, &args))
    };
    reviews.into_iter().map(send_back).collect()
}
