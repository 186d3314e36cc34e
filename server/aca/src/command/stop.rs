//! `aca stop`: stops a task.

use aca_protocol::methods::{Stop, TaskParams, Tasks, TasksParams};

use crate::cli::TaskArgs;
use crate::command::run;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{names, words};

/// Stops a task and waits until it is over.
pub(crate) async fn run(context: &Context, args: TaskArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let look = TasksParams { workspace: root };
    let tasks = link.client.call::<Tasks>(look.clone()).await?;
    let none = "No task is at work in this workspace; `aca status` lists all.";
    let task = names::task(&tasks, args.task.as_deref(), |state| !state.is_settled(), none)?;
    names::must_be_at_work(task)?;
    let stopping = match link.client.call::<Stop>(TaskParams { task: task.id.clone() }).await {
        Ok(stopping) => stopping,
        Err(failure) => {
            // It may have ended since it was looked at: then there was nothing to stop, and no wrong command line.
            let tasks = link.client.call::<Tasks>(look).await?;
            let task = tasks.tasks.iter().find(|other| other.id == task.id);
            task.map_or(Ok(()), names::must_be_at_work)?;
            return Err(failure);
        }
    };
    let stopped = run::until_settled(&mut link, stopping, |_| ()).await?;
    context.screen.say(&words::task_line(&stopped));
    context.screen.result(&stopped)?;
    link.close().await;
    Ok(Exit::Done)
}
