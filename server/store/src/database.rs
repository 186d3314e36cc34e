//! Opens the database with the settings that make it durable, and checks that it is one of ours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::{Error, schema};

/// The oldest SQLite that has no known way to damage a write-ahead log (3.51.3).
const MIN_SQLITE: i32 = 3_051_003;

/// Returns the path of the database in a session's directory, which must have one.
pub(crate) fn find(dir: &Path) -> Result<PathBuf, Error> {
    let path = dir.join("state.db");
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Ok(path),
        _ => Err(Error::NotASession { path: dir.to_owned() }),
    }
}

/// The length to which the write-ahead log is cut when it begins anew, in bytes; `journal_size_limit` below.
pub(crate) const LOG_LIMIT: u64 = 16 << 20;
/// How long a write waits for that of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long readers are waited for when the log is to begin anew.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Opens an existing database for writing. Nothing is written yet: what it is must be checked first.
pub(crate) fn open(path: &Path) -> Result<Connection, Error> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    configure(&connection).map_err(|error| Error::database(path, &error))?;
    Ok(connection)
}

/// Makes a database keep a write-ahead log.
pub(crate) fn use_write_ahead_log(connection: &Connection, path: &Path) -> Result<(), Error> {
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|error| Error::database(path, &error))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::Database {
        path: path.to_owned(),
        reason: format!("it keeps journal mode {mode} where WAL is needed"),
    })
}

/// Begins the write-ahead log anew if it is longer than `limit`, and returns at which length to do it next.
///
/// The log is written back all the time, but it begins anew only at a moment in which nobody reads in it, and with many
/// readers none comes by itself. Here one is waited for; a reader that is stuck is not, again and again.
pub(crate) fn bound_log(connection: &Connection, path: &Path, limit: u64) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let bytes = std::fs::metadata(log).map_or(0, |meta| meta.len());
    if bytes <= limit {
        return limit;
    }
    let restart = || {
        connection.busy_timeout(LOG_PATIENCE)?;
        connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get::<_, bool>(0))
    };
    let busy = restart().unwrap_or(true);
    // What was recorded is safe either way; only a later write could tell that this did not come about.
    let _ = connection.busy_timeout(PATIENCE);
    if busy { bytes + LOG_LIMIT / 4 } else { LOG_LIMIT }
}

/// Opens an existing database for reading.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, Error> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&connection).map_err(|error| Error::database(path, &error))?;
    Ok(connection)
}

/// Checks that a database is a session of a format that this program knows, and returns the format.
pub(crate) fn check_format(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let number = |pragma: &str| {
        let value = connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
        value.map_err(|error| Error::database(path, &error))
    };
    if number("application_id")? != schema::APPLICATION {
        return Err(Error::damaged(path, "it is not a session of aca"));
    }
    match number("user_version")? {
        found @ 1..=schema::VERSION => Ok(found),
        found if found > schema::VERSION => Err(Error::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        }),
        found => Err(Error::damaged(path, format!("it says it has format {found}"))),
    }
}

/// Checks the database's own structure.
pub(crate) fn check_structure(connection: &Connection, path: &Path) -> Result<(), Error> {
    let answer: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| Error::database(path, &error))?;
    if answer == "ok" {
        Ok(())
    } else {
        Err(Error::damaged(path, answer.replace('\n', " ")))
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Error> {
    if rusqlite::version_number() < MIN_SQLITE {
        let reason = format!(
            "SQLite {} is too old, it loses data; 3.51.3 or later is needed",
            rusqlite::version()
        );
        return Err(Error::Database {
            path: path.to_owned(),
            reason,
        });
    }
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    Connection::open_with_flags(path, flags).map_err(|error| Error::database(path, &error))
}

/// FULL is what survives a power cut; memory mapping spreads damage; without recursive triggers REPLACE removes rows
/// past the triggers.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA mmap_size = 0;
         PRAGMA foreign_keys = ON;
         PRAGMA recursive_triggers = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )
}
