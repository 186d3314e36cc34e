//! `aca send-back`: sends a proposal back to its agent, and waits for the next round.

use aca_protocol::HunkId;
use aca_protocol::methods::{Proposal, SendBack, SendBackParams, TaskParams, Tasks, TasksParams};
use aca_protocol::proposal::ProposalView;

use crate::cli::SendBackArgs;
use crate::command::run;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::names;

/// Sends it back and waits. Ctrl-C leaves the new round at work.
pub(crate) async fn run(context: &Context, args: SendBackArgs) -> Result<Exit, Failure> {
    if args.remark.trim().is_empty() && args.redo.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "Say what to tell the agent, or which hunk it is to make again with --redo.",
        ));
    }
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let workspace = root.clone();
    let tasks = link.client.call::<Tasks>(TasksParams { workspace }).await?;
    let task = names::task(&tasks, Some(&args.task), |_| true, "")?.id.clone();
    // An agent that changed nothing can be sent back too: then there is no proposal.
    let before = link
        .client
        .call::<Proposal>(TaskParams { task: task.clone() })
        .await
        .ok();
    let hunks = before
        .iter()
        .flat_map(|proposal| &proposal.files)
        .flat_map(|file| &file.hunks);
    let known: Vec<HunkId> = hunks.map(|hunk| hunk.id.clone()).collect();
    let params = SendBackParams {
        task: task.clone(),
        remark: args.remark,
        redo: names::hunks(&known, &args.redo)?,
    };
    let sent = link.client.call::<SendBack>(params).await?;
    let exit = run::finish(context, &mut link, sent).await?;
    if exit == Exit::Interrupted {
        return Ok(exit);
    }
    // A round that brought nothing leaves the proposal as it was, with a note that says why.
    let now = link.client.call::<Proposal>(TaskParams { task }).await.ok();
    let round = |proposal: Option<&ProposalView>| proposal.map_or(0, |proposal| proposal.round);
    let is_new = round(now.as_ref()) > round(before.as_ref());
    link.close().await;
    Ok(if exit == Exit::Done && !is_new {
        Exit::Failed
    } else {
        exit
    })
}
