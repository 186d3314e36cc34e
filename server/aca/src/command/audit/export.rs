//! `aca audit export`

use std::fs::OpenOptions;
use std::io::{BufWriter, ErrorKind, Write};
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
    match written(context, args).await {
        // Who reads from a pipe may leave.
        Err(Unwritten::Io(error)) if args.to.is_none() && error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(Unwritten::Io(error)) => Err(Failure::while_doing("The export cannot be written", error)),
        Err(Unwritten::Other(failure)) => Err(failure),
        Ok(exit) => Ok(exit),
    }
}

/// Why an export is not whole.
enum Unwritten {
    Io(std::io::Error),
    Other(Failure),
}

impl From<std::io::Error> for Unwritten {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

async fn written(context: &Context, args: &AuditExportArgs) -> Result<Exit, Unwritten> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, args.session.as_deref(), context).await?.id;
    let mut out: Box<dyn Write + Send> = match &args.to {
        Some(path) => Box::new(BufWriter::new(create(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let (mut after, mut count) = (0, 0);
    loop {
        let result = page(&link, &session, after, true).await?;
        for entry in &result.entries {
            serde_json::to_writer(&mut out, entry).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
            (after, count) = (entry.seq, count + 1);
        }
        if !result.more {
            break;
        }
    }
    out.flush()?;
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
