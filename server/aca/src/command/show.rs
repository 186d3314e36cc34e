//! `aca show`: everything about a task, or a checkpoint, on paper.

mod paper;

use aca_protocol::methods::{
    AttemptBrief, Checkpoints, OperationView, Operations, Proposal, TaskParams, Tasks, TasksParams, TasksResult,
    Transcript, TranscriptParams,
};
use aca_protocol::proposal::ProposalView;
use aca_protocol::session::CheckpointView;
use aca_protocol::task::TaskView;
use serde::Serialize;

use crate::cli::ShowArgs;
use crate::command::checkpoint;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::names;
use crate::terminal::paint;

/// What is known of a task.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AboutTask {
    task: TaskView,
    /// Its attempts, oldest first.
    attempts: Vec<AttemptBrief>,
    /// Its proposal, if there is one.
    proposal: Option<ProposalView>,
    /// Its landings and takings back, oldest first.
    operations: Vec<OperationView>,
}

/// Something to show.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum About {
    Task(Box<AboutTask>),
    Checkpoint(CheckpointView),
}

/// Shows what is named, or the newest task.
pub(crate) async fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let of = TasksParams { workspace: root };
    let tasks = link.client.call::<Tasks>(of.clone()).await?;
    let mut about = Vec::new();
    if args.what.is_empty() {
        let task = names::task(&tasks, None, |_| true, names::NO_TASK)?;
        about.push(About::Task(Box::new(about_task(&link, &of, task).await?)));
    }
    for wanted in &args.what {
        about.push(find(&link, &of, &tasks, wanted).await?);
    }
    for (index, about) in about.iter().enumerate() {
        if index > 0 {
            context.screen.say("");
        }
        let rows = match about {
            About::Task(task) => paper::task(task),
            About::Checkpoint(checkpoint) => paper::checkpoint(checkpoint),
        };
        // A terminal breaks words; what goes elsewhere is not cut at all.
        for row in rows {
            match context.screen.width() {
                Some(width) => row
                    .wrap(width)
                    .iter()
                    .for_each(|line| context.screen.say(&paint(line.clone()))),
                None => context.screen.say(&paint(row.line())),
            }
        }
    }
    match about.as_slice() {
        [About::Task(task)] => context.screen.result(task)?,
        [About::Checkpoint(checkpoint)] => context.screen.result(checkpoint)?,
        several => context.screen.result(&several)?,
    }
    link.close().await;
    Ok(Exit::Done)
}

/// Finds a task, else a checkpoint.
async fn find(link: &Link, of: &TasksParams, tasks: &TasksResult, wanted: &str) -> Result<About, Failure> {
    let missing = match names::task(tasks, Some(wanted), |_| true, "") {
        Ok(task) => return Ok(About::Task(Box::new(about_task(link, of, task).await?))),
        Err(failure) => failure,
    };
    let checkpoints = link.client.call::<Checkpoints>(of.clone()).await;
    // Without checkpoints there is only the task that was not found.
    let checkpoints = checkpoints.map(|result| result.checkpoints).unwrap_or_default();
    // The ids are short and told apart by their ends, so a beginning of one names none.
    let found = checkpoint::find(&checkpoints, wanted).cloned();
    found.map(About::Checkpoint).ok_or(missing)
}

async fn about_task(link: &Link, of: &TasksParams, task: &TaskView) -> Result<AboutTask, Failure> {
    let transcript = TranscriptParams {
        task: task.id.clone(),
        attempt: None,
        from: 0,
    };
    let attempts = link.client.call::<Transcript>(transcript).await?.attempts;
    // A task that proposed nothing has none.
    let proposal = link
        .client
        .call::<Proposal>(TaskParams { task: task.id.clone() })
        .await
        .ok();
    let mut operations = link.client.call::<Operations>(of.clone()).await?.operations;
    operations.retain(|operation| operation.task == task.id);
    Ok(AboutTask {
        task: task.clone(),
        attempts,
        proposal,
        operations,
    })
}
