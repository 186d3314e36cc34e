//! `aca session delete`

use std::io::{IsTerminal as _, Write as _};

use aca_protocol::methods::DeleteSession;
use aca_protocol::session::DeleteSessionParams;

use super::{called, find, short};
use crate::cli::DeleteArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Moves a session to the trash, after a question where there is somebody to be asked.
pub(super) async fn run(context: &Context, args: &DeleteArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, Some(&args.session), context).await?;
    let asks = !args.yes && context.screen.is_interactive() && std::io::stdin().is_terminal();
    if asks && !confirmed(&format!("Move {} to the trash?", called(&session)))? {
        context.screen.say("It stays.");
        link.close().await;
        return Ok(Exit::Nothing);
    }
    let params = DeleteSessionParams {
        session: session.id.clone(),
        force: args.force,
    };
    let deleted = link.client.call::<DeleteSession>(params).await?;
    context.screen.say(&format!(
        "{} was moved to {}. `aca session undelete {}` brings it back.",
        called(&session).replacen("the", "The", 1),
        deleted.trash.display(),
        short(&session)
    ));
    context.screen.result(&deleted)?;
    link.close().await;
    Ok(Exit::Done)
}

/// Asks; anything but a yes is a no.
pub(crate) fn confirmed(question: &str) -> Result<bool, Failure> {
    let unasked = |error| Failure::while_doing("The question cannot be asked", error);
    let mut out = std::io::stderr();
    write!(out, "{question} [y/N] ")
        .and_then(|()| out.flush())
        .map_err(unasked)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(unasked)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
