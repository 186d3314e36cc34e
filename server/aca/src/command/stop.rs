//! `aca stop`: stops a task.

use aca_protocol::methods::{Stop, TaskParams, Tasks, TasksParams};

use crate::cli::StopArgs;
use crate::command::run;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::words;

/// Stops a task and waits until it is over.
pub(crate) async fn run(context: &Context, args: StopArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let none = "No task is at work in this workspace; `aca status` lists all.";
    let task = words::choose(&tasks, args.task.as_deref(), |state| !state.is_settled(), none)?;
    if task.state.is_settled() {
        let message = format!("The task {} is not at work: {}.", task.id, words::state(&task.state));
        return Err(Failure::new(Exit::Nothing, message));
    }
    let stopping = link.client.call::<Stop>(TaskParams { task: task.id.clone() }).await?;
    let stopped = run::until_settled(&mut link, stopping, |_| ()).await?;
    context.screen.say(&words::task_line(&stopped));
    context.screen.result(&stopped)?;
    link.close().await;
    Ok(Exit::Done)
}
