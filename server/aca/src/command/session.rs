//! `aca session`: lists sessions, shows one, changes which one a workspace opens, and moves them.

mod carry;
pub(crate) mod delete;
pub(crate) mod find;
mod list;
mod show;

use aca_protocol::methods::{RenameSession, UndeleteSession, UseSession};
use aca_protocol::session::{RenameSessionParams, SessionInfo, SessionParams};

use crate::cli::{NamedSession, RenameArgs, SessionCommand, UndeleteArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::harmless_line;

pub(crate) use carry::{export, import};

/// Does what was asked.
pub(crate) async fn run(context: &Context, command: SessionCommand) -> Result<Exit, Failure> {
    match command {
        SessionCommand::List => list::run(context).await,
        SessionCommand::Show(args) => show::run(context, args.session.as_deref()).await,
        SessionCommand::Use(args) => use_it(context, &args).await,
        SessionCommand::Rename(args) => rename(context, args).await,
        SessionCommand::Delete(args) => delete::run(context, &args).await,
        SessionCommand::Undelete(args) => undelete(context, args).await,
        SessionCommand::Export(args) => export(context, &args).await,
        SessionCommand::Import(args) => import(context, &args).await,
    }
}

async fn use_it(context: &Context, args: &NamedSession) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, Some(&args.session), context).await?.id;
    let used = link.client.call::<UseSession>(SessionParams { session }).await?;
    context.screen.say(&format!(
        "{} opens {} from now on.",
        harmless_line(&used.workspace.display().to_string()),
        called(&used)
    ));
    context.screen.result(&used)?;
    link.close().await;
    Ok(Exit::Done)
}

async fn rename(context: &Context, args: RenameArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, args.session.as_deref(), context).await?.id;
    let name = args.name.unwrap_or_default();
    let params = RenameSessionParams { session, name };
    let renamed = link.client.call::<RenameSession>(params).await?;
    context.screen.say(&match &renamed.name {
        Some(name) => format!("The session {} is called {} now.", short(&renamed), harmless_line(name)),
        None => format!("The session {} has no name now.", short(&renamed)),
    });
    context.screen.result(&renamed)?;
    link.close().await;
    Ok(Exit::Done)
}

async fn undelete(context: &Context, args: UndeleteArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = aca_protocol::SessionId::new(args.session);
    let back = link.client.call::<UndeleteSession>(SessionParams { session }).await?;
    context.screen.say(&format!(
        "{} is back. `aca session use {}` opens it.",
        called(&back),
        short(&back)
    ));
    context.screen.result(&back)?;
    link.close().await;
    Ok(Exit::Done)
}

/// Enough of a session's id to name it on the command line.
fn short(session: &SessionInfo) -> String {
    session.id.as_str().chars().take(8).collect()
}

/// How a session is called in a sentence.
fn called(session: &SessionInfo) -> String {
    match &session.name {
        Some(name) => format!("the session {} ({})", short(session), harmless_line(name)),
        None => format!("the session {}", short(session)),
    }
}
