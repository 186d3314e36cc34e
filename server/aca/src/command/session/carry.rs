//! `aca export` and `aca import`: sessions that go from one machine to another.

use std::path::{Path, PathBuf};

use aca_protocol::methods::{ExportSession, ImportSession};
use aca_protocol::session::{ExportSessionParams, ImportSessionParams};

use super::{called, find, list};
use crate::cli::{ExportArgs, ImportArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::figures::short_bytes;
use crate::words;

/// Writes a session to a new directory.
pub(crate) async fn export(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    let to = absolute(&args.dir)?;
    let link = context.link_to_all().await?;
    let session = find::session(&link, args.session.as_deref(), context).await?;
    let mut progress = context.screen.progress();
    progress.show(&format!("Exporting {} …", called(&session)));
    let params = ExportSessionParams {
        session: session.id.clone(),
        to,
    };
    let exported = link.client.call::<ExportSession>(params).await;
    drop(progress);
    let exported = exported?;
    context.screen.say(&format!(
        "{} is in {}: {}, {}. On the other machine, in the project's directory: aca import DIR",
        called(&session).replacen("the", "The", 1),
        exported.path.display(),
        words::count(u32::try_from(exported.files).unwrap_or(u32::MAX), "file"),
        short_bytes(exported.bytes)
    ));
    context.screen.result(&exported)?;
    link.close().await;
    Ok(Exit::Done)
}

/// Takes an exported session in, for the command's workspace.
pub(crate) async fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let (from, workspace) = (absolute(&args.dir)?, context.root()?);
    let link = context.link_to_all().await?;
    let mut progress = context.screen.progress();
    progress.show(&format!("Importing {} …", from.display()));
    let imported = link
        .client
        .call::<ImportSession>(ImportSessionParams { from, workspace })
        .await;
    drop(progress);
    let imported = imported?;
    context.screen.say(&format!(
        "{} was taken in: {}. {} opens it from now on; `aca status` lists the tasks.",
        called(&imported).replacen("the", "The", 1),
        list::tasks(imported.tasks),
        imported.workspace.display()
    ));
    context.screen.result(&imported)?;
    link.close().await;
    Ok(Exit::Done)
}

/// The engine may run in another directory.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::while_doing(&format!("The path {} cannot be used", path.display()), error))
}
