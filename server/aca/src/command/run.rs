//! `aca run`: makes a task and waits until it is ready for review.

use std::path::Path;
use std::time::Duration;

use aca_engine::config::Backend;
use aca_engine::parts::docker;
use aca_protocol::methods::{Run, RunParams, Stop, TaskChanged, TaskParams, Tasks, TasksParams};
use aca_protocol::task::{Origin, TaskState, TaskView};

use crate::cli::RunArgs;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::{terminal, words};

/// How often the task is looked at even if nothing is heard: a slow listener may have missed a change.
const LOOK: Duration = Duration::from_secs(5);
/// How long a stopped task may take to end.
const STOPPING: Duration = Duration::from_secs(10);

/// Makes the task and waits. Ctrl-C stops it.
pub(crate) async fn run(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let origin = origin(args, &root)?;
    check_parts(context).await?;
    let mut link = context.link(&root).await?;
    let task = link
        .client
        .call::<Run>(RunParams {
            workspace: root,
            origin,
        })
        .await?;
    let id = task.id.clone();
    let mut progress = context.screen.progress();
    let working = until_settled(&mut link, task, |task| {
        if !task.state.is_settled() {
            progress.show(&format!("{}: {}", task.id, words::state(&task.state)));
        }
    });
    let settled = tokio::select! {
        settled = working => Some(settled?),
        () = terminal::interrupted() => None,
    };
    drop(progress);
    let (task, exit) = match settled {
        Some(task) => {
            let exit = exit_of(&task.state);
            (task, exit)
        }
        None => {
            context.screen.note("Stopping the task…");
            let stopping = link.client.call::<Stop>(TaskParams { task: id }).await?;
            let stopped = tokio::time::timeout(STOPPING, until_settled(&mut link, stopping.clone(), |_| ())).await;
            (stopped.unwrap_or(Ok(stopping))?, Exit::Interrupted)
        }
    };
    report(context, &task)?;
    link.close().await;
    Ok(exit)
}

/// Waits until a task is settled; `seen` is given each view of it on the way.
///
/// # Errors
///
/// When the connection ends before.
pub(crate) async fn until_settled(
    link: &mut Link,
    mut task: TaskView,
    mut seen: impl FnMut(&TaskView),
) -> Result<TaskView, Failure> {
    loop {
        seen(&task);
        if task.state.is_settled() {
            return Ok(task);
        }
        let newer = match tokio::time::timeout(LOOK, next_change(link, &task)).await {
            Ok(changed) => changed.ok_or_else(|| {
                Failure::new(
                    Exit::Unavailable,
                    "The process that owns the sessions ended; `aca status` finds the task.",
                )
            })?,
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

async fn next_change(link: &mut Link, task: &TaskView) -> Option<TaskView> {
    loop {
        let notice = link.client.notification().await?;
        if let Some(changed) = notice.read::<TaskChanged>().filter(|changed| changed.id == task.id) {
            return Some(changed);
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

fn origin(args: RunArgs, root: &Path) -> Result<Origin, Failure> {
    match (args.todo, args.text) {
        // The server reads the comment, from an editor's buffer if the file is open in one.
        (Some(place), _) => Ok(Origin::Todo {
            path: place.path_in(root)?,
            line: place.line,
            text: String::new(),
        }),
        (None, Some(text)) if !text.trim().is_empty() => Ok(Origin::Text { text }),
        _ => Err(Failure::new(
            Exit::Usage,
            "Say what to do: aca run \"what to do\", or aca run --todo FILE:LINE.",
        )),
    }
}

fn exit_of(state: &TaskState) -> Exit {
    match state {
        TaskState::NothingToDo { .. } => Exit::Nothing,
        TaskState::Failed { .. } | TaskState::Lost { .. } | TaskState::Stopped => Exit::Failed,
        _ => Exit::Done,
    }
}

fn report(context: &Context, task: &TaskView) -> Result<(), Failure> {
    context.screen.say(&words::task_line(task));
    let usage = words::usage(&task.usage);
    if !usage.is_empty() {
        context.screen.say(&console::style(usage).dim().to_string());
    }
    if let TaskState::NothingToDo { summary } = &task.state
        && !summary.is_empty()
    {
        context.screen.say(&terminal::harmless(summary));
    }
    if matches!(task.state, TaskState::Ready { .. }) {
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
            todo: None,
        };
        assert_eq!(origin(empty, Path::new("/")).unwrap_err().exit, Exit::Usage);
    }
}
