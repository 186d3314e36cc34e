//! What can be done about the tasks that are at work on a file while a person edits it.

use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeAction, CodeActionKind, Command};

use super::actions::is_heard;
use super::short;
use crate::commands::{self, TaskArgs, TellArgs, command};
use crate::documents::WorkspaceFile;
use crate::front_end::{ClientCommand, FrontEnd};

/// These are no answers to what is under the cursor: editors list them apart.
const BESIDE: CodeActionKind = CodeActionKind::new("source.aca.beside");

/// Returns the actions on the tasks that are at work on a file.
pub(crate) fn beside(file: &WorkspaceFile, at_work: &[TaskView], front_end: &FrontEnd) -> Vec<CodeAction> {
    let of_task = |task| of_task(file, task, front_end);
    at_work.iter().flat_map(of_task).map(action).collect()
}

/// Returns what a task is told when a person edits a file that it has read or changed.
pub(crate) fn words_about(path: &str) -> String {
    format!(
        "The user is changing {path} at the same time, outside of this sandbox. Keep your own changes to that file small, \
         and do not reformat or move its lines, so that both fit together."
    )
}

fn of_task(file: &WorkspaceFile, task: &TaskView, front_end: &FrontEnd) -> Vec<Command> {
    let about = TaskArgs { task: task.id.clone() };
    let tell = TellArgs {
        task: task.id.clone(),
        text: words_about(&file.relative),
    };
    let name = short(&task.title, 40);
    let mut found = Vec::new();
    if is_heard(task) {
        let title = format!("Tell “{name}” that you are editing this file");
        found.push(command(title, commands::TELL, &tell));
        let title = format!("Tell “{name}” something…");
        found.extend(front_end.command(ClientCommand::Tell, title, &about));
    }
    match task.state {
        TaskState::Running { .. } => found.push(command(format!("Pause “{name}”"), commands::PAUSE, &about)),
        TaskState::Paused => found.push(command(format!("Resume “{name}”"), commands::RESUME, &about)),
        _ => {}
    }
    if task.state != TaskState::Stopping {
        found.push(command(format!("Stop “{name}”"), commands::STOP, &about));
    }
    let title = format!("Show the transcript of “{name}”");
    found.extend(front_end.command(ClientCommand::ShowTranscript, title, &about));
    found
}

fn action(command: Command) -> CodeAction {
    CodeAction {
        title: command.title.clone(),
        kind: Some(BESIDE),
        command: Some(command),
        ..CodeAction::default()
    }
}
