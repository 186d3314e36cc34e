//! `aca status`: the tasks of the workspace, and what is wrong.

use aca_protocol::methods::{Status, StatusParams, Tasks, TasksParams};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::words;

/// Lists the tasks, oldest first.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let tasks = link
        .client
        .call::<Tasks>(TasksParams {
            workspace: root.clone(),
        })
        .await?;
    let status = link.client.call::<Status>(StatusParams {}).await?;
    for problem in &status.problems {
        context.screen.note(&format!("Problem: {problem}"));
    }
    if tasks.tasks.is_empty() {
        context.screen.say(&format!(
            "No tasks in {} yet. Begin with: aca run \"what to do\"",
            root.display()
        ));
    }
    for task in &tasks.tasks {
        let usage = words::usage(&task.usage);
        let gap = if usage.is_empty() { "" } else { "  " };
        context.screen.say(&format!(
            "{}{gap}{}",
            words::task_line(task),
            console::style(usage).dim()
        ));
    }
    context
        .screen
        .result(&json!({ "status": status, "session": tasks.session, "tasks": tasks.tasks }))?;
    link.close().await;
    Ok(Exit::Done)
}
