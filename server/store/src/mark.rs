//! How far the log is known to be whole, so that opening it looks only at what came later.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::chain::Link;
use crate::{Error, log};

/// How many events may be recorded before the mark follows. It bounds what opening after a crash has to look at.
pub(crate) const EVERY: u64 = 1024;

/// Returns the event up to which everything was verified, or was written by a process that had verified what was before.
///
/// # Errors
///
/// [`Error::Damaged`] if that event is not there as it was.
pub(crate) fn read(connection: &Connection, path: &Path) -> Result<Link, Error> {
    let database = |error: rusqlite::Error| Error::database(path, &error);
    let mark = connection
        .query_row("SELECT seq, hash FROM verified WHERE k = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(database)?;
    let Some((seq, hash)) = mark else {
        return Ok(Link::START);
    };
    if log::hash_at(connection, seq).map_err(database)? == Some(hash) {
        return Ok(Link { seq, hash: Some(hash) });
    }
    Err(Error::damaged(
        path,
        format!("event {seq}, which was there before, is not there any more"),
    ))
}

/// Moves the mark to an event that exists; before the first one there is no mark.
pub(crate) fn put(connection: &Connection, link: Link) -> rusqlite::Result<()> {
    if link.seq == 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO verified(k, seq, hash) VALUES (1, ?1, ?2)
             ON CONFLICT(k) DO UPDATE SET seq = ?1, hash = ?2",
        )?
        .execute(params![link.seq, link.hash])?;
    Ok(())
}
