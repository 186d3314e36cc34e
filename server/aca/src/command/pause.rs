//! `aca pause`: holds a running agent where it is.

use aca_protocol::methods::{Pause, TaskParams, Tasks, TasksParams};
use aca_protocol::task::TaskState;

use crate::cli::TaskArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{names, words};

/// Holds a running agent.
pub(crate) async fn pause(context: &Context, args: TaskArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
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
