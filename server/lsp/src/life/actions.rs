//! *Do this* and what follows it, as code actions on a TODO.

use std::sync::Arc;

use aca_protocol::task::{TaskState, TaskView};
use aca_workspace::todo::Todo;
use lsp_types::{CodeAction, CodeActionKind, Command, Range};

use super::{short, tasks_of};
use crate::commands::{self, RunArgs, TaskArgs, command};
use crate::documents::{Document, last_line_of, line_of};

/// Returns the actions on the TODOs that a range touches. `tasks` are those of the document's file, newest first.
pub(crate) fn actions(document: &Document, tasks: &[Arc<TaskView>], selected: Range) -> Vec<CodeAction> {
    let lines = selected.start.line..=selected.end.line;
    let touched = |todo: &Todo| line_of(todo) <= *lines.end() && *lines.start() <= last_line_of(todo);
    let todos = document.todos();
    let count = todos.iter().filter(|todo| touched(todo)).count();
    if count == 0 {
        return Vec::new();
    }
    let mut actions = Vec::new();
    for (todo, task) in todos
        .iter()
        .zip(tasks_of(todos, tasks))
        .filter(|(todo, _)| touched(todo))
    {
        let title = |words: &str| {
            if count > 1 {
                format!("{words}: {}", short(&todo.text, 40))
            } else {
                words.to_owned()
            }
        };
        let mut push = |words: &str, kind, name, args: &dyn Args| {
            actions.push(action(args.command(title(words), name), kind));
        };
        match task.map(|task| (task, &task.state)) {
            Some((task, TaskState::Ready { .. })) => {
                let args = TaskArgs { task: task.id.clone() };
                push(
                    "Show the first hunk",
                    CodeActionKind::QUICKFIX,
                    commands::SHOW_PROPOSAL,
                    &args,
                );
                push(
                    "Accept all hunks of this task",
                    CodeActionKind::QUICKFIX,
                    commands::ACCEPT_ALL,
                    &args,
                );
                push(
                    "Reject all hunks of this task",
                    CodeActionKind::QUICKFIX,
                    commands::REJECT_ALL,
                    &args,
                );
            }
            Some((task, state)) if !state.is_settled() => {
                let args = TaskArgs { task: task.id.clone() };
                push("Stop", CodeActionKind::QUICKFIX, commands::STOP, &args);
            }
            _ => push(
                "Do this",
                CodeActionKind::REFACTOR_REWRITE,
                commands::RUN,
                &run_args(document, todo),
            ),
        }
    }
    actions
}

/// Returns the argument that starts a task from a TODO.
pub(super) fn run_args(document: &Document, todo: &Todo) -> RunArgs {
    RunArgs {
        uri: document.uri.clone(),
        version: Some(document.version),
        line: Some(line_of(todo)),
        text: Some(todo.text.clone()),
        range: None,
        instruction: None,
    }
}

/// An argument of one of our commands.
trait Args {
    fn command(&self, title: String, name: &str) -> Command;
}

impl<T: serde::Serialize> Args for T {
    fn command(&self, title: String, name: &str) -> Command {
        command(title, name, self)
    }
}

fn action(command: Command, kind: CodeActionKind) -> CodeAction {
    CodeAction {
        title: command.title.clone(),
        kind: Some(kind),
        command: Some(command),
        ..CodeAction::default()
    }
}
