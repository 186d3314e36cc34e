//! `aca lsp`: serves an editor on stdin and stdout.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use crate::context::{self, Attached, Context};
use crate::exit::{Exit, Failure};
use crate::terminal;

/// How long the owner may still talk after the editor's last word.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Joins the editor with the owner's connection until either end ends.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let Attached { stream, host } = context.attach().await?;
    let (mut from_owner, mut to_owner) = tokio::io::split(stream);
    let (mut stdin, mut stdout) = (tokio::io::stdin(), tokio::io::stdout());
    let up = async {
        let _ = tokio::io::copy(&mut stdin, &mut to_owner).await;
        let _ = to_owner.shutdown().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    let down = tokio::io::copy(&mut from_owner, &mut stdout);
    tokio::select! {
        _ = down => {}
        () = up => {}
        () = terminal::interrupted() => {}
    }
    if let Some(host) = host {
        context::leave(*host).await;
    }
    Ok(Exit::Done)
}
