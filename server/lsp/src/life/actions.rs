//! *Do this* and what follows it, as code actions on a TODO.

use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use aca_workspace::todo::Todo;
use lsp_types::{CodeAction, CodeActionKind, Command, Range};

use super::{short, tasks_of};
use crate::board::FileBoard;
use crate::commands::{self, AllArgs, HunksArgs, RecoverArgs, RunArgs, TaskArgs, command};
use crate::documents::{Document, last_line_of, line_of};

/// How many of the tasks that are at work on a file are named.
const MAX_NAMED: usize = 2;

/// Returns the actions on the TODOs that a range touches. `at_work` are the tasks at work on the document's file.
pub(crate) fn actions(document: &Document, file: &FileBoard, at_work: &[TaskView], selected: Range) -> Vec<CodeAction> {
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
        .zip(tasks_of(todos, &file.tasks))
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
        for (words, args) in task.into_iter().flat_map(|task| recoveries(task)) {
            push(words, CodeActionKind::QUICKFIX, commands::RECOVER, &args);
        }
        match task.map(|task| (task, &task.state)) {
            Some((task, TaskState::Ready { .. })) => {
                let about = TaskArgs { task: task.id.clone() };
                let all = AllArgs {
                    task: task.id.clone(),
                    seen: file.revisions.get(&task.id).copied(),
                };
                push(
                    "Show the first hunk",
                    CodeActionKind::QUICKFIX,
                    commands::SHOW_PROPOSAL,
                    &about,
                );
                push(
                    "Accept all hunks of this task",
                    CodeActionKind::QUICKFIX,
                    commands::ACCEPT_ALL,
                    &all,
                );
                push(
                    "Reject all hunks of this task",
                    CodeActionKind::QUICKFIX,
                    commands::REJECT_ALL,
                    &all,
                );
            }
            Some((task, state)) if !state.is_settled() => {
                let args = TaskArgs { task: task.id.clone() };
                match state {
                    TaskState::Running { .. } => push("Pause", CodeActionKind::QUICKFIX, commands::PAUSE, &args),
                    TaskState::Paused => push("Resume", CodeActionKind::QUICKFIX, commands::RESUME, &args),
                    _ => {}
                }
                push("Stop", CodeActionKind::QUICKFIX, commands::STOP, &args);
            }
            task => {
                push(
                    &format!("Do this{}", also(at_work)),
                    CodeActionKind::REFACTOR_REWRITE,
                    commands::RUN,
                    &run_args(document, todo),
                );
                if let Some((task, TaskState::Rejected | TaskState::Landed { rejected: 1.., .. })) = task {
                    let args = HunksArgs {
                        task: task.id.clone(),
                        hunks: None,
                    };
                    push(
                        "Bring the rejected hunks back",
                        CodeActionKind::REFACTOR,
                        commands::REOPEN,
                        &args,
                    );
                }
            }
        }
    }
    actions
}

/// Returns the ways in which a task can go on that ended without a result, the likeliest first, with their titles.
pub(super) fn recoveries(task: &TaskView) -> impl Iterator<Item = (&'static str, RecoverArgs)> {
    let ways = [
        ("Continue", Recovery::Continue),
        ("Start again", Recovery::Again),
        ("Take what was found", Recovery::Take),
    ];
    let can = ways.into_iter().filter(|(_, how)| task.recovery.contains(how));
    can.map(|(title, how)| {
        let task = task.id.clone();
        (title, RecoverArgs { task, how })
    })
}

/// Returns what to add to the title of what starts a task on a file that others are at work on.
fn also(at_work: &[TaskView]) -> String {
    if at_work.is_empty() {
        return String::new();
    }
    let named = at_work.iter().take(MAX_NAMED).map(|task| short(&task.title, 40));
    let mut names: Vec<_> = named.collect();
    let more = at_work.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    format!(" (also at work here: {})", names.join(", "))
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
