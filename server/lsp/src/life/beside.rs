//! What can be done about the tasks that are at work on a file while a person edits it.

use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeAction, CodeActionKind};
use serde::Serialize;

use super::short;
use crate::commands::{self, TaskArgs, TellArgs, command};
use crate::documents::WorkspaceFile;

/// These are no answers to what is under the cursor: editors list them apart.
const BESIDE: CodeActionKind = CodeActionKind::new("source.aca.beside");

/// Returns the actions on the tasks that are at work on a file.
pub(crate) fn beside(file: &WorkspaceFile, at_work: &[TaskView]) -> Vec<CodeAction> {
    at_work.iter().flat_map(|task| of_task(file, task)).collect()
}

/// Returns what a task is told when a person edits a file that it has read or changed.
pub(crate) fn words_about(path: &str) -> String {
    format!(
        "The user is changing {path} at the same time, outside of this sandbox. Keep your own changes to that file small, \
         and do not reformat or move its lines, so that both fit together."
    )
}

fn of_task(file: &WorkspaceFile, task: &TaskView) -> Vec<CodeAction> {
    let about = TaskArgs { task: task.id.clone() };
    let tell = TellArgs {
        task: task.id.clone(),
        text: words_about(&file.relative),
    };
    let name = short(&task.title, 40);
    let mut actions = Vec::new();
    let is_heard = matches!(task.state, TaskState::Running { .. } | TaskState::Paused);
    if is_heard {
        let title = format!("Tell “{name}” that you are editing this file");
        actions.push(action(title, commands::TELL, &tell));
    }
    match task.state {
        TaskState::Running { .. } => actions.push(action(format!("Pause “{name}”"), commands::PAUSE, &about)),
        TaskState::Paused => actions.push(action(format!("Resume “{name}”"), commands::RESUME, &about)),
        _ => {}
    }
    if task.state != TaskState::Stopping {
        actions.push(action(format!("Stop “{name}”"), commands::STOP, &about));
    }
    actions
}

fn action(title: String, name: &str, args: &impl Serialize) -> CodeAction {
    CodeAction {
        title: title.clone(),
        kind: Some(BESIDE),
        command: Some(command(title, name, args)),
        ..CodeAction::default()
    }
}
