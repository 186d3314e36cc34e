//! `aca send-back`: sends a proposal back to its agent, and waits for the next round.

use aca_protocol::HunkId;
use aca_protocol::methods::{SendBack, SendBackParams};

use crate::cli::SendBackArgs;
use crate::command::{review, run};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::names;

/// Sends it back and waits. Ctrl-C stops the new round; the proposal stays as it was then.
pub(crate) async fn run(context: &Context, args: SendBackArgs) -> Result<Exit, Failure> {
    if args.remark.trim().is_empty() && args.redo.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "Say what to tell the agent, or which hunk it is to make again with --redo.",
        ));
    }
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let (task, proposal) = review::proposal(&link, &root, Some(&args.task)).await?;
    let hunks = proposal.files.iter().flat_map(|file| &file.hunks);
    let known: Vec<HunkId> = hunks.map(|hunk| hunk.id.clone()).collect();
    let params = SendBackParams {
        task: task.id,
        remark: args.remark,
        redo: names::hunks(&known, &args.redo)?,
    };
    let sent = link.client.call::<SendBack>(params).await?;
    let exit = run::finish(context, &mut link, sent).await?;
    link.close().await;
    Ok(exit)
}
