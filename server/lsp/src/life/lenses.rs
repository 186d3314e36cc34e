//! The life of each TODO, as lenses above it. Whatever a lens does, a code action does too.

use std::sync::Arc;

use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeLens, Command, Position, Range};

use super::actions::{is_heard, recoveries, review, run_args};
use super::{describe, tasks_of};
use crate::commands::{self, TaskArgs, command};
use crate::documents::{Document, line_of};
use crate::front_end::{ClientCommand, FrontEnd, Icons};

/// Returns the lenses of each TODO. `tasks` are those of the document's file, newest first.
pub(crate) fn lenses(document: &Document, tasks: &[Arc<TaskView>], now_ms: u64, front_end: &FrontEnd) -> Vec<CodeLens> {
    let todos = document.todos();
    let play = front_end.icons().play;
    let of_todo = |(todo, task): (_, Option<&Arc<TaskView>>)| {
        let at = Position {
            line: line_of(todo),
            character: 0,
        };
        let run = |title: String| command(title, commands::RUN, &run_args(document, todo));
        let commands = match task {
            None => vec![run(format!("{play} Do this"))],
            Some(task) => of_task(task, now_ms, run, front_end),
        };
        commands.into_iter().map(move |command| CodeLens {
            range: Range { start: at, end: at },
            command: Some(command),
            data: None,
        })
    };
    todos.iter().zip(tasks_of(todos, tasks)).flat_map(of_todo).collect()
}

fn of_task(task: &TaskView, now_ms: u64, run: impl Fn(String) -> Command, front_end: &FrontEnd) -> Vec<Command> {
    let words = front_end.words(&describe(task, now_ms));
    if task.recovery.contains(&Recovery::Continue) {
        return of_interrupted(task, &words, front_end);
    }
    let Icons { play, working, .. } = front_end.icons();
    let args = TaskArgs { task: task.id.clone() };
    let of = |title: String, name| command(title, name, &args);
    let mut commands = match &task.state {
        TaskState::Queued | TaskState::Preparing { .. } => vec![of(words, commands::STOP)],
        TaskState::Running { .. } => vec![
            of(format!("{working} {words} · stop"), commands::STOP),
            of("pause".to_owned(), commands::PAUSE),
        ],
        TaskState::Paused => vec![
            of(format!("{words} · {play} resume"), commands::RESUME),
            of("stop".to_owned(), commands::STOP),
        ],
        TaskState::Verifying { .. } => vec![of(format!("{working} {words} · stop"), commands::STOP)],
        TaskState::Ready { .. } => vec![of_ready(task, &words, front_end)],
        TaskState::Stopped | TaskState::Rejected | TaskState::NothingToDo { .. } => {
            vec![run(format!("{words} · {play} do this again"))]
        }
        TaskState::Failed { .. } | TaskState::Lost { .. } => vec![run(format!("{words} · {play} try again"))],
        // A lens needs a command to be shown; one without a name does nothing.
        TaskState::Stopping | TaskState::Landed { .. } => vec![Command {
            title: words,
            command: String::new(),
            arguments: None,
        }],
    };
    if is_heard(task) {
        commands.extend(front_end.command(ClientCommand::ShowTranscript, "transcript", &args));
    }
    commands
}

fn of_ready(task: &TaskView, words: &str, front_end: &FrontEnd) -> Command {
    let title = format!("{} {words}", front_end.icons().done);
    review(task, &title, &title, front_end)
}

/// The lenses of a task whose newest attempt brought nothing; what an earlier one brought may still be there to review.
fn of_interrupted(task: &TaskView, words: &str, front_end: &FrontEnd) -> Vec<Command> {
    let mut ways = recoveries(task).map(|(title, args)| (title.to_lowercase(), args));
    let mut commands = Vec::new();
    if let TaskState::Ready { .. } = task.state {
        commands.push(of_ready(task, words, front_end));
    } else if let Some((title, args)) = ways.next() {
        let title = format!("{words} · {} {title}", front_end.icons().play);
        commands.push(command(title, commands::RECOVER, &args));
    }
    commands.extend(ways.map(|(title, args)| command(title, commands::RECOVER, &args)));
    commands
}
