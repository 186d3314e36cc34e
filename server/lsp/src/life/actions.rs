//! *Do this* and what follows it, as code actions on a TODO.

use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use aca_workspace::todo::Todo;
use lsp_types::{CodeAction, CodeActionKind, Command, Range};

use super::{short, tasks_of};
use crate::board::FileBoard;
use crate::commands::{self, AllArgs, HunksArgs, RecoverArgs, ReviewArgs, RunArgs, TaskArgs, command};
use crate::documents::{Document, last_line_of, line_of};
use crate::front_end::{ClientCommand, FrontEnd};

/// How many of the tasks that are at work on a file are named.
const MAX_NAMED: usize = 2;

/// What is known where actions on TODOs are asked for.
pub(crate) struct Context<'a> {
    /// The document.
    pub(crate) document: &'a Document,
    /// What is known of its file.
    pub(crate) file: &'a FileBoard,
    /// The tasks at work on the file.
    pub(crate) at_work: &'a [TaskView],
    /// The cursor or the selection.
    pub(crate) selected: Range,
    /// What the client has declared.
    pub(crate) front_end: &'a FrontEnd,
}

/// Returns the actions on the TODOs that the selection touches.
pub(crate) fn actions(context: &Context<'_>) -> Vec<CodeAction> {
    let Range { start, end } = context.selected;
    let todos = context.document.todos();
    let all = todos.iter().zip(tasks_of(todos, &context.file.tasks));
    let touched: Vec<_> = all
        .filter(|(todo, _)| line_of(todo) <= end.line && start.line <= last_line_of(todo))
        .collect();
    let are_several = touched.len() > 1;
    let of_todo = |(todo, task): (&Todo, Option<_>)| {
        let told_apart = if are_several {
            format!(": {}", short(&todo.text, 40))
        } else {
            String::new()
        };
        let commands = context.of_todo(todo, task.map(AsRef::as_ref)).into_iter();
        commands.map(move |(kind, mut command)| {
            command.title.push_str(&told_apart);
            CodeAction {
                title: command.title.clone(),
                kind: Some(kind),
                command: Some(command),
                ..CodeAction::default()
            }
        })
    };
    touched.into_iter().flat_map(of_todo).collect()
}

impl Context<'_> {
    /// Returns what can be done with a TODO and the newest task that was made from it.
    fn of_todo(&self, todo: &Todo, task: Option<&TaskView>) -> Vec<(CodeActionKind, Command)> {
        let quick = |command| (CodeActionKind::QUICKFIX, command);
        let recover = |(words, args)| quick(command(words, commands::RECOVER, &args));
        let mut found: Vec<_> = task.into_iter().flat_map(recoveries).map(recover).collect();
        match task {
            Some(task) if matches!(task.state, TaskState::Ready { .. }) => {
                found.extend(self.of_ready(task).into_iter().map(quick));
            }
            Some(task) if !task.state.is_settled() => {
                found.extend(of_unsettled(task, self.front_end).into_iter().map(quick));
            }
            _ => {
                let title = format!("Do this{}", also(self.at_work));
                let run = command(title, commands::RUN, &run_args(self.document, todo));
                found.push((CodeActionKind::REFACTOR_REWRITE, run));
                let reopen = task.and_then(reopen);
                found.extend(reopen.map(|command| (CodeActionKind::REFACTOR, command)));
            }
        }
        let transcript = task.and_then(|task| {
            let about = TaskArgs { task: task.id.clone() };
            let show = ClientCommand::ShowTranscript;
            self.front_end.command(show, "Show transcript", &about)
        });
        found.extend(transcript.map(quick));
        found
    }

    fn of_ready(&self, task: &TaskView) -> Vec<Command> {
        let all = AllArgs {
            task: task.id.clone(),
            seen: self.file.revisions.get(&task.id).copied(),
        };
        let hunks = HunksArgs {
            task: task.id.clone(),
            hunks: None,
        };
        let back = ClientCommand::SendBack;
        let mut found = vec![
            review(task, "Review the changes", "Show the first hunk", self.front_end),
            command("Accept all hunks of this task", commands::ACCEPT_ALL, &all),
            command("Reject all hunks of this task", commands::REJECT_ALL, &all),
        ];
        found.extend(self.front_end.command(back, "Send back with a remark…", &hunks));
        found
    }
}

fn of_unsettled(task: &TaskView, front_end: &FrontEnd) -> Vec<Command> {
    let about = TaskArgs { task: task.id.clone() };
    let mut found = Vec::new();
    match task.state {
        TaskState::Running { .. } => found.push(command("Pause", commands::PAUSE, &about)),
        TaskState::Paused => found.push(command("Resume", commands::RESUME, &about)),
        _ => {}
    }
    found.push(command("Stop", commands::STOP, &about));
    if is_heard(task) {
        found.extend(front_end.command(ClientCommand::Tell, "Tell it something…", &about));
    }
    found
}

/// Says whether the agent of a task can be told something.
pub(super) fn is_heard(task: &TaskView) -> bool {
    matches!(task.state, TaskState::Running { .. } | TaskState::Paused)
}

/// Returns the front end's own way to a proposal, or ours: each has a title.
pub(super) fn review(task: &TaskView, theirs: &str, ours: &str, front_end: &FrontEnd) -> Command {
    let about = TaskArgs { task: task.id.clone() };
    let args = ReviewArgs {
        task: task.id.clone(),
        hunk: None,
    };
    let review = front_end.command(ClientCommand::Review, theirs, &args);
    review.unwrap_or_else(|| command(ours, commands::SHOW_PROPOSAL, &about))
}

fn reopen(task: &TaskView) -> Option<Command> {
    let args = HunksArgs {
        task: task.id.clone(),
        hunks: None,
    };
    let has_rejected = matches!(
        task.state,
        TaskState::Rejected | TaskState::Landed { rejected: 1.., .. }
    );
    has_rejected.then(|| command("Bring the rejected hunks back", commands::REOPEN, &args))
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
