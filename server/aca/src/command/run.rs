//! `aca run`: makes a task and waits until it is ready for review.

mod instruction;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aca_engine::config::Backend;
use aca_engine::parts::docker;
use aca_protocol::methods::{
    AtWork, AtWorkParams, Conflict, ConflictParams, Proposal, Run, RunParams, TaskChanged, TaskParams, Tasks,
    TasksParams,
};
use aca_protocol::task::{Origin, TaskState, TaskView};

use ratatui::style::Stylize as _;

use crate::cli::RunArgs;
use crate::command::review;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::Progress;
use crate::{terminal, words};

/// How often the task is looked at even if nothing is heard: a slow listener may have missed a change.
const LOOK: Duration = Duration::from_secs(5);

/// Makes the task and waits. Ctrl-C leaves it at work.
pub(crate) async fn run(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let origin = origin(&args, &root)?;
    check_parts(context).await?;
    let mut link = context.link(&root).await?;
    name_others(context, &link, &root, &origin).await;
    let params = RunParams {
        workspace: root,
        origin,
    };
    let task = link.client.call::<Run>(params).await?;
    let exit = if args.detach {
        context.screen.say(task.id.as_str());
        context.screen.result(&task)?;
        Exit::Done
    } else {
        finish(context, &mut link, task).await?
    };
    link.close().await;
    Ok(exit)
}

/// Says which tasks at work have to do with the file that a new one is made for.
async fn name_others(context: &Context, link: &Link, root: &Path, origin: &Origin) {
    let Origin::Todo { path, .. } = origin else { return };
    let params = AtWorkParams {
        workspace: root.to_path_buf(),
        path: path.clone(),
    };
    // It is a hint: without it the task is made all the same.
    let Ok(others) = link.client.call::<AtWork>(params).await else {
        return;
    };
    for other in &others.tasks {
        context.screen.note(&format!(
            "The task {} is at work on {path} too: {} ({}).",
            other.id,
            terminal::harmless_line(&other.title),
            words::state(&other.state)
        ));
    }
}

/// Waits until a task at work is settled, showing progress, and says how it ended. Ctrl-C leaves it at work.
///
/// # Errors
///
/// When the connection ends before.
pub(crate) async fn finish(context: &Context, link: &mut Link, task: TaskView) -> Result<Exit, Failure> {
    let id = task.id.clone();
    let mut progress = context.screen.progress();
    let working = until_settled(link, task, |seen| show(&mut progress, seen));
    let settled = tokio::select! {
        settled = working => Some(settled?),
        () = terminal::interrupted() => None,
    };
    drop(progress);
    let Some(task) = settled else {
        context.screen.note(&format!(
            "The task {id} goes on. Come back with: aca attach {id}. Stop it with: aca stop {id}"
        ));
        return Ok(Exit::Interrupted);
    };
    report(context, link, &task).await?;
    Ok(exit_of(&task.state))
}

/// What is met while a task is waited for.
#[derive(Debug)]
pub(crate) enum Seen<'a> {
    /// The task, as it is by now.
    Task(&'a TaskView),
    /// The person changed a file that its agent has read or changed; once for each file.
    Conflict(&'a ConflictParams),
}

/// Shows what is met while a task is waited for.
pub(crate) fn show(progress: &mut Progress, seen: Seen<'_>) {
    match seen {
        Seen::Task(task) if task.state.is_settled() => {}
        Seen::Task(task) => progress.show(&format!("{}: {}", task.id, words::state(&task.state))),
        Seen::Conflict(conflict) => progress.note(&format!(
            "You changed {}, which the agent has {}. Tell it: aca tell {} TEXT",
            conflict.path,
            if conflict.changed { "changed too" } else { "read" },
            conflict.task
        )),
    }
}

/// Waits until a task is settled; `seen` is given each view of it on the way.
///
/// # Errors
///
/// When the connection ends before.
pub(crate) async fn until_settled(
    link: &mut Link,
    mut task: TaskView,
    mut seen: impl FnMut(Seen<'_>),
) -> Result<TaskView, Failure> {
    let mut conflicts = BTreeSet::new();
    loop {
        seen(Seen::Task(&task));
        if task.state.is_settled() {
            return Ok(task);
        }
        let newer = match tokio::time::timeout(LOOK, next_news(link, &task)).await {
            Ok(None) => {
                return Err(Failure::new(
                    Exit::Unavailable,
                    "The daemon ended; `aca status` finds the task.",
                ));
            }
            Ok(Some(News::Task(changed))) => *changed,
            Ok(Some(News::Conflict(conflict))) => {
                if conflicts.insert(conflict.path.clone()) {
                    seen(Seen::Conflict(&conflict));
                }
                continue;
            }
            Err(_) => {
                let tasks = link
                    .client
                    .call::<Tasks>(TasksParams {
                        workspace: task.workspace.clone(),
                    })
                    .await?;
                match tasks.tasks.into_iter().find(|other| other.id == task.id) {
                    Some(newer) => newer,
                    None => continue,
                }
            }
        };
        if newer.revision >= task.revision {
            task = newer;
        }
    }
}

enum News {
    Task(Box<TaskView>),
    Conflict(ConflictParams),
}

/// Waits for news of a task; `None` once the connection has ended.
async fn next_news(link: &mut Link, task: &TaskView) -> Option<News> {
    loop {
        let notice = link.client.notification().await?;
        if let Some(changed) = notice.read::<TaskChanged>().filter(|changed| changed.id == task.id) {
            return Some(News::Task(Box::new(changed)));
        }
        if let Some(conflict) = notice.read::<Conflict>().filter(|conflict| conflict.task == task.id) {
            return Some(News::Conflict(conflict));
        }
    }
}

/// Wrong settings and an engine that is not there are said now, before a task exists.
async fn check_parts(context: &Context) -> Result<(), Failure> {
    let config = context.config()?;
    if config.sandbox.backend == Backend::Docker {
        let engine = docker(&config).diagnose().await;
        engine.map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))?;
    }
    Ok(())
}

fn origin(args: &RunArgs, root: &Path) -> Result<Origin, Failure> {
    let text = match (&args.todo, &args.file, &args.text) {
        // The server reads the comment, from an editor's buffer if the file is open in one.
        (Some(place), _, _) => {
            return Ok(Origin::Todo {
                path: place.path_in(root)?,
                line: place.line,
                text: String::new(),
            });
        }
        (None, Some(file), _) => instruction::read(file)?,
        (None, None, Some(text)) => {
            instruction::must_be_plain(text)?;
            text.clone()
        }
        (None, None, None) => String::new(),
    };
    if text.trim().is_empty() {
        let message = "Say what to do: aca run \"what to do\", aca run --file FILE, or aca run --todo FILE:LINE.";
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(Origin::Text { text })
}

/// Returns the exit code for how a task ended.
pub(crate) fn exit_of(state: &TaskState) -> Exit {
    match state {
        TaskState::NothingToDo { .. } => Exit::Nothing,
        TaskState::Failed { .. } | TaskState::Lost { .. } | TaskState::Stopped => Exit::Failed,
        _ => Exit::Done,
    }
}

async fn report(context: &Context, link: &Link, task: &TaskView) -> Result<(), Failure> {
    context.screen.say(&words::task_line(task));
    let usage = words::usage(&task.usage);
    if !usage.is_empty() {
        context.screen.say(&terminal::paint(usage.dim()));
    }
    if let TaskState::NothingToDo { summary } = &task.state
        && !summary.is_empty()
    {
        context.screen.say(&terminal::harmless(summary));
    }
    if matches!(task.state, TaskState::Ready { .. }) {
        let proposal = link
            .client
            .call::<Proposal>(TaskParams { task: task.id.clone() })
            .await?;
        if let Some(check) = &proposal.check {
            let words = review::in_colour(check, words::check(check));
            context.screen.say(&terminal::paint(words));
        }
        if !proposal.note.is_empty() {
            context.screen.note(&proposal.note);
        }
        context
            .screen
            .say(&format!("Review it in your editor or with: aca review {}", task.id));
    }
    context.screen.result(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_is_the_exit_code() {
        for (state, expected) in [
            (
                TaskState::Ready {
                    pending: 1,
                    conflicts: 1,
                },
                Exit::Done,
            ),
            (
                TaskState::Landed {
                    accepted: 1,
                    rejected: 0,
                },
                Exit::Done,
            ),
            (TaskState::NothingToDo { summary: String::new() }, Exit::Nothing),
            (TaskState::Stopped, Exit::Failed),
            (TaskState::Failed { reason: String::new() }, Exit::Failed),
        ] {
            assert_eq!(exit_of(&state), expected, "{state:?}");
        }
    }

    #[test]
    fn nothing_to_do_is_said() {
        let empty = RunArgs {
            text: Some("  ".into()),
            file: None,
            todo: None,
            detach: false,
        };
        assert_eq!(origin(&empty, Path::new("/")).unwrap_err().exit, Exit::Usage);
    }
}
