//! `aca pause` and `aca resume`: hold a running agent where it is, and let it go on.

use aca_protocol::methods::{Pause, Resume, TaskParams, Tasks, TasksParams};
use aca_protocol::task::TaskState;

use crate::cli::TaskArgs;
use crate::command::run;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{names, terminal, words};

/// Holds a running agent.
pub(crate) async fn pause(context: &Context, args: TaskArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.brief_link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let is_running = |state: &TaskState| matches!(state, TaskState::Running { .. });
    let none = "No agent is running in this workspace; `aca status` lists all tasks.";
    let task = names::task(&tasks, args.task.as_deref(), is_running, none)?;
    names::must_be_at_work(task)?;
    let paused = link.client.call::<Pause>(TaskParams { task: task.id.clone() }).await?;
    context.screen.say(&words::task_line(&paused));
    context.screen.result(&paused)?;
    link.close().await;
    Ok(Exit::Done)
}

/// Lets a held agent go on. If nobody else serves it, this process does until the task is settled.
pub(crate) async fn resume(context: &Context, args: TaskArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let none = "No task is paused in this workspace; `aca status` lists all.";
    let task = names::task(&tasks, args.task.as_deref(), |state| *state == TaskState::Paused, none)?;
    names::must_be_at_work(task)?;
    let mut resumed = link.client.call::<Resume>(TaskParams { task: task.id.clone() }).await?;
    let mut exit = Exit::Done;
    if link.is_owner() {
        let mut progress = context.screen.progress();
        let working = run::until_settled(&mut link, resumed.clone(), |seen| run::show(&mut progress, seen));
        tokio::select! {
            settled = working => resumed = settled?,
            () = terminal::interrupted() => exit = Exit::Interrupted,
        }
        drop(progress);
    }
    context.screen.say(&words::task_line(&resumed));
    context.screen.result(&resumed)?;
    link.close().await;
    Ok(exit)
}
