//! `aca attach`: watches a task, from what its agent said and did so far to whatever comes, and steers it.

mod board;
mod entry;
mod keys;
mod live;
pub(crate) mod markdown;
mod pane;
mod plain;
mod requests;
mod round;
mod transcript;
mod view;
#[cfg(test)]
mod view_tests;

use aca_protocol::methods::{Tasks, TasksParams, TasksResult};
use aca_protocol::task::{TaskState, TaskView};

use crate::cli::AttachArgs;
use crate::command::{review, run};
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::{self, Console, Said};
use crate::{names, words};

use live::Leave;
use plain::Which;
use view::View;

pub(crate) use requests::{Answer, Request, ask};
pub(crate) use view::recovery_key;

/// How often the daemon is looked for again after it ended.
const CONNECT_AGAIN: usize = 3;

/// How one stopped watching.
pub(crate) enum End {
    /// The person left, or a signal made them.
    Left { task: Box<TaskView>, interrupted: bool },
    /// The proposal was reviewed.
    Reviewed(review::End),
}

/// Watches a task. Without a terminal its transcript is printed.
pub(crate) async fn run(context: &Context, args: AttachArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let task = find(&tasks, args.task.as_deref())?.clone();
    let pictures = context.screen.is_interactive() && !args.no_follow && args.round.is_none();
    if !pictures {
        let which = Which {
            round: args.round,
            follow: !args.no_follow,
        };
        let (task, ended) = plain::print(context, &mut link.client, task, which).await?;
        let exit = ended.unwrap_or_else(|| end_of(&task));
        if ended.is_none() {
            context.screen.say(&plain::last_line(&task));
        }
        link.close().await;
        return Ok(exit);
    }
    let mut console = Console::enter().map_err(terminal::unusable)?;
    let end = on(context, &mut console, &mut link, task).await;
    drop(console);
    let exit = match end? {
        End::Left { task, interrupted } => {
            context.screen.say(&farewell(&task));
            if interrupted { Exit::Interrupted } else { Exit::Done }
        }
        End::Reviewed(end) => review::farewell(context, &end)?,
    };
    link.close().await;
    Ok(exit)
}

/// Watches a task on a terminal that is taken already. After a review that sent the proposal back, one watches on.
///
/// # Errors
///
/// When the terminal fails, or the daemon cannot be reached any more.
pub(crate) async fn on(
    context: &Context,
    console: &mut Console,
    link: &mut Link,
    task: TaskView,
) -> Result<End, Failure> {
    let mut view = View::new(task);
    loop {
        match live::watch(console, &mut link.client, &mut view).await? {
            leave @ (Leave::Detached | Leave::Interrupted) => {
                return Ok(End::Left {
                    task: Box::new(view.task),
                    interrupted: leave == Leave::Interrupted,
                });
            }
            Leave::Review => {
                let end = review::walk(console, &mut link.client, view.task.clone()).await?;
                look(link, &mut view).await?;
                if end.interrupted || view.task.state.is_settled() {
                    return Ok(End::Reviewed(end));
                }
            }
            Leave::Disconnected => {
                *link = connect_again(context, &view.task).await?;
                look(link, &mut view).await?;
                view.said = Some(Said::Warning("The daemon was replaced; this is the new one.".into()));
            }
        }
    }
}

/// Connects to the daemon again: another one may have taken over.
async fn connect_again(context: &Context, task: &TaskView) -> Result<Link, Failure> {
    let mut last = None;
    for _ in 0..CONNECT_AGAIN {
        match context.link(&task.workspace).await {
            Ok(link) => return Ok(link),
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.unwrap_or_else(|| Failure::new(Exit::Unavailable, "The daemon has ended.")))
}

/// Takes the task as it is by now.
async fn look(link: &Link, view: &mut View) -> Result<(), Failure> {
    let workspace = view.task.workspace.clone();
    let tasks = link.client.call::<Tasks>(TasksParams { workspace }).await?.tasks;
    if let Some(task) = tasks.into_iter().find(|task| task.id == view.task.id) {
        view.task = task;
    }
    Ok(())
}

/// Finds the task that is meant: without a name the newest at work, else the newest.
fn find<'t>(tasks: &'t TasksResult, wanted: Option<&str>) -> Result<&'t TaskView, Failure> {
    let is_at_work = tasks.tasks.iter().any(|task| !task.state.is_settled());
    names::task(
        tasks,
        wanted,
        |state| !is_at_work || !state.is_settled(),
        names::NO_TASK,
    )
}

/// How a transcript that was followed to the end ends: as the work did.
fn end_of(task: &TaskView) -> Exit {
    if task.state.is_settled() {
        run::exit_of(&task.state)
    } else {
        Exit::Done
    }
}

/// What is said when the terminal is the shell's again.
fn farewell(task: &TaskView) -> String {
    let id = &task.id;
    let words = words::state(&task.state);
    match &task.state {
        state if !state.is_settled() => {
            format!("Detached. The task {id} goes on; come back with: aca attach {id}")
        }
        TaskState::Ready { .. } => format!("The task {id} is {words}. Review it with: aca review {id}"),
        _ => format!("The task {id}: {words}."),
    }
}
