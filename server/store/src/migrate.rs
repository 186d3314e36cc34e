//! Bringing a session of an earlier format up to date, after a copy of it was put beside it.

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::chain::Link;
use crate::{Error, database, file_system, lease, log, mark, schema};

/// Makes format 2 of the session in `dir`, which has format 1. The session as it was stays in `state.db.pre-v1`.
///
/// A crash at any point leaves a session of one format or the other, and doing it again finishes it.
///
/// # Errors
///
/// If the session is damaged, or there is no room for the copy. It still has format 1 then.
pub(crate) fn from_1(connection: &mut Connection, dir: &Path, path: &Path) -> Result<(), Error> {
    let database = |error: rusqlite::Error| Error::database(path, &error);
    database::check_structure(connection, path)?;
    let verify_after = |link| log::verify(link, |link| log::page(connection, path, 1, link), |_| true);
    let end = verify_after(Link::START)?;
    // An aca of the earlier version that has it open must not add to what is being copied.
    lease::revoke(connection).map_err(database)?;
    let end = verify_after(end)?;
    copy(connection, dir, path)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database)?;
    // Another process may have done it since.
    if database::check_format(&transaction, path)? == schema::VERSION {
        return Ok(());
    }
    transaction.execute_batch(schema::FROM_1).map_err(database)?;
    mark::put(&transaction, end).map_err(database)?;
    transaction.commit().map_err(database)
}

/// Puts a durable copy of the database beside it.
///
/// It gets its name when it is complete. One that is there already is replaced: its migration did not come about, and the
/// session may have gone on since.
fn copy(connection: &Connection, dir: &Path, path: &Path) -> Result<(), Error> {
    let (unfinished, finished) = (dir.join("state.db.pre-v1.new"), dir.join("state.db.pre-v1"));
    // SQLite writes into a file that is there only if it is empty, and makes others readable to everybody.
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished);
    drop(made.map_err(|error| Error::io(&unfinished, "created", error))?);
    // The path need not be Unicode.
    connection
        .execute("VACUUM INTO CAST(?1 AS TEXT)", [unfinished.as_os_str().as_bytes()])
        .map_err(|error| Error::database(path, &error))?;
    File::open(&unfinished)
        .and_then(|copy| copy.sync_all())
        .map_err(|error| Error::io(&unfinished, "synced to disk", error))?;
    std::fs::rename(&unfinished, &finished).map_err(|error| Error::io(&finished, "created", error))?;
    file_system::sync_dir(dir)
}

#[cfg(test)]
mod tests;
