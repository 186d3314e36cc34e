//! Making a session: its directory appears when everything in it is complete and durable.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Error, Meta, database, file_system, lease, schema};

/// Makes the directory `dir` with the session that `meta` describes. A crash leaves all of it or nothing.
pub(crate) fn create(dir: &Path, meta: &Meta) -> Result<(), Error> {
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
        return Err(Error::NotASession { path: dir.to_owned() });
    };
    file_system::create_private_dir(parent)?;
    file_system::check(parent)?;
    if dir.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: dir.to_owned() });
    }
    let mut hidden = OsString::from(".new-");
    hidden.push(name);
    let unfinished = parent.join(hidden);
    remove_unfinished(&unfinished)?;
    file_system::create_private_dir(&unfinished)?;
    write(&unfinished, meta)?;
    file_system::sync_dir(&unfinished)?;
    std::fs::rename(&unfinished, dir).map_err(|error| Error::io(dir, "created", error))?;
    for ancestor in parent
        .ancestors()
        .take(3)
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
    {
        file_system::sync_dir(ancestor)?;
    }
    Ok(())
}

/// A process that ended while it created this session left this; nobody was told of the session.
fn remove_unfinished(dir: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(dir, "removed", error)),
        _ => Ok(()),
    }
}

/// Writes the database of a new session and closes it.
fn write(dir: &Path, meta: &Meta) -> Result<(), Error> {
    let path = dir.join("state.db");
    // SQLite gives its other files the permissions of this one.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    drop(made.map_err(|error| Error::io(&path, "created", error))?);
    let database = |error: rusqlite::Error| Error::database(&path, &error);
    let mut connection = database::open(&path)?;
    database::use_write_ahead_log(&connection, &path)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database)?;
    create_tables(&transaction, meta).map_err(database)?;
    transaction.commit().map_err(database)?;
    connection.close().map_err(|(_, error)| Error::database(&path, &error))
}

fn create_tables(connection: &Connection, meta: &Meta) -> rusqlite::Result<()> {
    connection.execute_batch(schema::CREATE)?;
    connection.pragma_update(None, "application_id", schema::APPLICATION)?;
    connection.pragma_update(None, "user_version", schema::VERSION)?;
    meta.write(connection)?;
    lease::create(connection)
}
