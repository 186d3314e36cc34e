//! The life of each TODO, as lenses above it. Whatever a lens does, a code action does too.

use std::sync::Arc;

use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeLens, Command, Position, Range};

use super::actions::{recoveries, run_args};
use super::{describe, tasks_of};
use crate::commands::{self, TaskArgs, command};
use crate::documents::{Document, line_of};

/// Returns the lenses of each TODO. `tasks` are those of the document's file, newest first.
pub(crate) fn lenses(document: &Document, tasks: &[Arc<TaskView>], now_ms: u64) -> Vec<CodeLens> {
    let todos = document.todos();
    let of_todo = |(todo, task): (_, Option<&Arc<TaskView>>)| {
        let at = Position {
            line: line_of(todo),
            character: 0,
        };
        let run = |title: String| command(title, commands::RUN, &run_args(document, todo));
        let commands = match task {
            None => vec![run("▶ Do this".to_owned())],
            Some(task) => of_task(task, now_ms, run),
        };
        commands.into_iter().map(move |command| CodeLens {
            range: Range { start: at, end: at },
            command: Some(command),
            data: None,
        })
    };
    todos.iter().zip(tasks_of(todos, tasks)).flat_map(of_todo).collect()
}

fn of_task(task: &TaskView, now_ms: u64, run: impl Fn(String) -> Command) -> Vec<Command> {
    let words = describe(task, now_ms);
    if task.recovery.contains(&Recovery::Continue) {
        return of_interrupted(task, &words);
    }
    let args = TaskArgs { task: task.id.clone() };
    let of = |title: String, name| command(title, name, &args);
    match &task.state {
        TaskState::Queued | TaskState::Preparing { .. } => vec![of(words, commands::STOP)],
        TaskState::Running { .. } => vec![
            of(format!("⟳ {words} · stop"), commands::STOP),
            of("pause".to_owned(), commands::PAUSE),
        ],
        TaskState::Paused => vec![
            of(format!("{words} · ▶ resume"), commands::RESUME),
            of("stop".to_owned(), commands::STOP),
        ],
        TaskState::Verifying { .. } => vec![of(format!("⟳ {words} · stop"), commands::STOP)],
        TaskState::Ready { .. } => vec![of(format!("✓ {words}"), commands::SHOW_PROPOSAL)],
        TaskState::Stopped | TaskState::Rejected | TaskState::NothingToDo { .. } => {
            vec![run(format!("{words} · ▶ do this again"))]
        }
        TaskState::Failed { .. } | TaskState::Lost { .. } => vec![run(format!("{words} · ▶ try again"))],
        // A lens needs a command to be shown; one without a name does nothing.
        TaskState::Stopping | TaskState::Landed { .. } => vec![Command {
            title: words,
            command: String::new(),
            arguments: None,
        }],
    }
}

/// The lenses of a task whose newest attempt brought nothing; what an earlier one brought may still be there to review.
fn of_interrupted(task: &TaskView, words: &str) -> Vec<Command> {
    let mut ways = recoveries(task).map(|(title, args)| (title.to_lowercase(), args));
    let mut commands = Vec::new();
    if let TaskState::Ready { .. } = task.state {
        let args = TaskArgs { task: task.id.clone() };
        commands.push(command(format!("✓ {words}"), commands::SHOW_PROPOSAL, &args));
    } else if let Some((title, args)) = ways.next() {
        commands.push(command(format!("{words} · ▶ {title}"), commands::RECOVER, &args));
    }
    commands.extend(ways.map(|(title, args)| command(title, commands::RECOVER, &args)));
    commands
}
