//! `aca tell`: tells a running agent something.

use aca_protocol::methods::{Tasks, TasksParams, Tell, TellParams};

use crate::cli::TellArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{names, words};

/// Tells it. The agent reads it when it comes to it.
pub(crate) async fn run(context: &Context, args: TellArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let task = names::task(&tasks, Some(&args.task), |_| true, "")?;
    names::must_be_at_work(task)?;
    if args.text.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "Say what to tell the agent."));
    }
    let params = TellParams {
        task: task.id.clone(),
        text: args.text,
    };
    let told = link.client.call::<Tell>(params).await?;
    context.screen.say(&format!("Told. {}", words::task_line(&told)));
    context.screen.result(&told)?;
    link.close().await;
    Ok(Exit::Done)
}
