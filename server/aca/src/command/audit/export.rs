//! `aca audit export`

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::page;
use crate::cli::AuditExportArgs;
use crate::command::session::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::words;

/// Writes every entry with its whole event.
pub(super) async fn run(context: &Context, args: &AuditExportArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, args.session.as_deref(), context).await?.id;
    let mut out: Box<dyn Write + Send> = match &args.to {
        Some(path) => Box::new(BufWriter::new(create(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let unwritten = |error: std::io::Error| Failure::while_doing("The export cannot be written", error);
    let (mut after, mut count) = (0, 0);
    loop {
        let result = page(&link, &session, after, true).await?;
        for entry in &result.entries {
            serde_json::to_writer(&mut out, entry).map_err(|error| unwritten(error.into()))?;
            out.write_all(b"\n").map_err(unwritten)?;
            (after, count) = (entry.seq, count + 1);
        }
        if !result.more {
            break;
        }
    }
    out.flush().map_err(unwritten)?;
    link.close().await;
    if let Some(path) = &args.to {
        context.screen.note(&format!(
            "{} of the session {session} are in {}. `aca audit verify --file` checks them anywhere.",
            words::count(count, "entry").replace("entrys", "entries"),
            path.display()
        ));
    }
    Ok(Exit::Done)
}

/// Makes the file, which must not be there: an earlier export may be all that is left of a log.
fn create(path: &Path) -> Result<std::fs::File, Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Failure::new(Exit::Usage, format!("{} cannot be made: {error}.", path.display())))
}
