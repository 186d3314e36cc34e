//! The life of each TODO, as a lens above it. Whatever a lens does, a code action does too.

use std::sync::Arc;

use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeLens, Command, Position, Range};

use super::actions::run_args;
use super::{describe, tasks_of};
use crate::commands::{self, TaskArgs, command};
use crate::documents::{Document, line_of};

/// Returns a lens for each TODO. `tasks` are those of the document's file, newest first.
pub(crate) fn lenses(document: &Document, tasks: &[Arc<TaskView>], now_ms: u64) -> Vec<CodeLens> {
    let todos = document.todos();
    let lens = |(todo, task): (_, Option<&Arc<TaskView>>)| {
        let at = Position {
            line: line_of(todo),
            character: 0,
        };
        let run = |title: String| command(title, commands::RUN, &run_args(document, todo));
        let command = match task {
            None => run("▶ Do this".to_owned()),
            Some(task) => of_task(task, now_ms, run),
        };
        CodeLens {
            range: Range { start: at, end: at },
            command: Some(command),
            data: None,
        }
    };
    todos.iter().zip(tasks_of(todos, tasks)).map(lens).collect()
}

fn of_task(task: &TaskView, now_ms: u64, run: impl Fn(String) -> Command) -> Command {
    let words = describe(task, now_ms);
    let args = TaskArgs { task: task.id.clone() };
    match &task.state {
        TaskState::Queued | TaskState::Preparing { .. } => command(words, commands::STOP, &args),
        TaskState::Running { .. } | TaskState::Paused | TaskState::Verifying { .. } => {
            command(format!("⟳ {words} · stop"), commands::STOP, &args)
        }
        TaskState::Ready { .. } => command(format!("✓ {words}"), commands::SHOW_PROPOSAL, &args),
        TaskState::Stopped | TaskState::Rejected | TaskState::NothingToDo { .. } => {
            run(format!("{words} · ▶ do this again"))
        }
        TaskState::Failed { .. } | TaskState::Lost { .. } => run(format!("{words} · ▶ try again")),
        // A lens needs a command to be shown; one without a name does nothing.
        TaskState::Stopping | TaskState::Landed { .. } => Command {
            title: words,
            command: String::new(),
            arguments: None,
        },
    }
}
