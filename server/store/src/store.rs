//! One session's log of events: create, open, append, read, verify.

use std::fs::OpenOptions;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aca_protocol::{AttemptId, SessionId, TaskId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::chain::{self, Hash};
use crate::{Error, Event, MAX_BODY_BYTES, NewEvent, Row, database, file_system, schema};

/// What a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Its identifier.
    pub session: SessionId,
    /// The root directory of its workspace.
    pub workspace: PathBuf,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// The state of one session, open for writing. The one that opened it last owns it; an earlier one can only read.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    meta: Meta,
    fence: i64,
    /// Why nothing more is written, if the disk failed to confirm a write. The next opening finds out what is there.
    unconfirmed: Option<String>,
}

impl Store {
    /// Creates the session `session` of the workspace at `workspace` in the directory `dir`, and opens it.
    ///
    /// The directory appears when the session is complete and durable, so a crash leaves no half of one.
    ///
    /// # Errors
    ///
    /// If `dir` exists, is on a file system that is not safe for a database, or cannot be written.
    pub fn create(dir: &Path, workspace: &Path, session: &SessionId) -> Result<Self, Error> {
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
            return Err(Error::NotASession { path: dir.to_owned() });
        };
        file_system::create_private_dir(parent)?;
        file_system::check(parent)?;
        if dir.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: dir.to_owned() });
        }
        let mut hidden = std::ffi::OsString::from(".new-");
        hidden.push(name);
        let unfinished = parent.join(hidden);
        remove_unfinished(&unfinished)?;
        file_system::create_private_dir(&unfinished)?;
        write_new(
            &unfinished,
            &Meta {
                session: session.clone(),
                workspace: workspace.to_owned(),
                created_ms: now_ms(),
            },
        )?;
        file_system::sync_dir(&unfinished)?;
        std::fs::rename(&unfinished, dir).map_err(|error| Error::io(dir, "created", error))?;
        for ancestor in parent
            .ancestors()
            .take(3)
            .filter(|ancestor| !ancestor.as_os_str().is_empty())
        {
            file_system::sync_dir(ancestor)?;
        }
        Self::open(dir)
    }

    /// Opens the session in `dir` and takes it over from whoever had it open.
    ///
    /// # Errors
    ///
    /// If there is none, a newer aca wrote it, or anything stored in it is not what was written. It is not changed then.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let path = database_in(dir)?;
        file_system::check(dir)?;
        let connection = database::open(&path)?;
        database::check_format(&connection, &path)?;
        database::check_structure(&connection, &path)?;
        database::use_write_ahead_log(&connection, &path)?;
        let meta = read_meta(&connection, &path)?;
        let mut store = Self {
            connection,
            path,
            meta,
            fence: 0,
            unconfirmed: None,
        };
        store.verify()?;
        store.take_over()?;
        Ok(store)
    }

    /// Returns what the session is.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Records events, in this order, and the rows that they change: all of it or nothing.
    ///
    /// Returns the last event's place in the session. What it acknowledges survives a crash and a power cut.
    ///
    /// # Errors
    ///
    /// [`Error::DiskFull`] leaves the store usable; so does a body that is not JSON or too large. After
    /// [`Error::Unconfirmed`] and [`Error::TakenOver`] nothing more is recorded through this store.
    pub fn append(&mut self, events: &[NewEvent<'_>], rows: &[Row]) -> Result<u64, Error> {
        if let Some(reason) = &self.unconfirmed {
            return Err(Error::Unconfirmed {
                path: self.path.clone(),
                reason: reason.clone(),
            });
        }
        events.iter().try_for_each(check_body)?;
        let appended = self.try_append(events, rows);
        if let Err(Error::Unconfirmed { reason, .. }) = &appended {
            self.unconfirmed = Some(reason.clone());
        }
        appended
    }

    /// Returns the events after the one at `after`, in order; 0 gives all. Kinds nobody knows are kept.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn events(&self, after: u64) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        self.scan(after, |event, _, _| {
            events.push(event);
            Ok(())
        })?;
        Ok(events)
    }

    /// Checks that every event is there and unchanged.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] names the first event that is not.
    pub fn verify(&self) -> Result<(), Error> {
        let (mut seq, mut last) = (0, chain::START);
        self.scan(0, |event, prev, hash| {
            seq += 1;
            if event.seq != seq {
                return Err(self.damaged(format!("event {seq} is missing")));
            }
            if prev != last || hash != chain::hash(&last, &event) {
                return Err(self.damaged(format!("event {seq} is not the one that was recorded")));
            }
            last = hash;
            Ok(())
        })
    }

    fn take_over(&mut self) -> Result<(), Error> {
        let taken = self.connection.query_row(
            "UPDATE lease SET fence = fence + 1, pid = ?1, version = ?2 WHERE k = 1 RETURNING fence",
            params![std::process::id(), env!("CARGO_PKG_VERSION")],
            |row| row.get(0),
        );
        self.fence = taken.map_err(|error| Error::database(&self.path, &error))?;
        Ok(())
    }

    fn try_append(&mut self, events: &[NewEvent<'_>], rows: &[Row]) -> Result<u64, Error> {
        let (path, fence) = (&self.path, self.fence);
        let database = |error: rusqlite::Error| Error::database(path, &error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        let current: i64 = transaction
            .query_row("SELECT fence FROM lease WHERE k = 1", [], |row| row.get(0))
            .map_err(database)?;
        if current != fence {
            return Err(Error::TakenOver { path: path.clone() });
        }
        let seq = insert_events(&transaction, fence, events).map_err(database)?;
        rows.iter()
            .try_for_each(|row| put_row(&transaction, seq, row))
            .map_err(database)?;
        transaction.commit().map_err(database)?;
        Ok(seq)
    }

    fn scan(&self, after: u64, mut each: impl FnMut(Event, Hash, Hash) -> Result<(), Error>) -> Result<(), Error> {
        let database = |error: rusqlite::Error| Error::database(&self.path, &error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, id, ts_ms, kind, task, attempt, body, prev, hash FROM event WHERE seq > ?1 ORDER BY seq",
            )
            .map_err(database)?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut rows = statement.query([after]).map_err(database)?;
        while let Some(row) = rows.next().map_err(database)? {
            let (event, prev, hash) = read_event(row).map_err(|error| self.damaged(error.to_string()))?;
            each(event, prev, hash)?;
        }
        Ok(())
    }

    fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::damaged(&self.path, reason)
    }
}

/// Returns the path of the database in a session's directory, which must have one.
pub(crate) fn database_in(dir: &Path) -> Result<PathBuf, Error> {
    let path = dir.join("state.db");
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Ok(path),
        _ => Err(Error::NotASession { path: dir.to_owned() }),
    }
}

/// Reads what a session is.
pub(crate) fn read_meta(connection: &Connection, path: &Path) -> Result<Meta, Error> {
    let value = |key: &str| {
        let found = connection.query_row("SELECT v FROM meta WHERE k = ?1", [key], |row| row.get::<_, Vec<u8>>(0));
        let found = found.optional().map_err(|error| Error::database(path, &error))?;
        found.ok_or_else(|| Error::damaged(path, format!("its {key} is missing")))
    };
    let text =
        |key: &str| String::from_utf8(value(key)?).map_err(|_| Error::damaged(path, format!("its {key} is not text")));
    Ok(Meta {
        session: SessionId::new(text("session")?),
        workspace: PathBuf::from(std::ffi::OsString::from_vec(value("workspace")?)),
        created_ms: text("created_ms")?
            .parse()
            .map_err(|_| Error::damaged(path, "its created_ms is not a number"))?,
    })
}

/// A process that ended while it created this session left this; nobody was told of the session.
fn remove_unfinished(dir: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(dir, "removed", error)),
        _ => Ok(()),
    }
}

/// Writes the database of a new session and closes it.
fn write_new(dir: &Path, meta: &Meta) -> Result<(), Error> {
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

fn create_tables(transaction: &Transaction<'_>, meta: &Meta) -> rusqlite::Result<()> {
    transaction.execute_batch(schema::CREATE)?;
    transaction.pragma_update(None, "application_id", schema::APPLICATION)?;
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    let mut put = transaction.prepare("INSERT INTO meta(k, v) VALUES (?1, ?2)")?;
    put.execute(params!["session", meta.session.as_str().as_bytes()])?;
    put.execute(params!["workspace", meta.workspace.as_os_str().as_bytes()])?;
    put.execute(params!["created_ms", meta.created_ms.to_string().as_bytes()])?;
    transaction.execute(
        "INSERT INTO lease(k, fence, pid, version) VALUES (1, 0, ?1, ?2)",
        params![std::process::id(), env!("CARGO_PKG_VERSION")],
    )?;
    Ok(())
}

fn check_body(event: &NewEvent<'_>) -> Result<(), Error> {
    let kind = || event.kind.to_owned();
    if event.body.len() > MAX_BODY_BYTES {
        return Err(Error::BodyTooLarge {
            kind: kind(),
            len: event.body.len(),
            limit: MAX_BODY_BYTES,
        });
    }
    match serde_json::from_slice::<&serde_json::value::RawValue>(event.body) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::BodyNotJson {
            kind: kind(),
            reason: error.to_string(),
        }),
    }
}

/// Returns the place of the last event.
fn insert_events(transaction: &Transaction<'_>, fence: i64, events: &[NewEvent<'_>]) -> rusqlite::Result<u64> {
    let last = transaction
        .query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (mut seq, mut prev) = last.unwrap_or((0_u64, chain::START));
    let mut insert = transaction.prepare_cached(
        "INSERT INTO event(seq, id, ts_ms, fence, kind, task, attempt, body, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for new in events {
        seq += 1;
        let event = Event {
            seq,
            id: uuid::Uuid::now_v7().simple().to_string(),
            ts_ms: new.ts_ms,
            kind: new.kind.to_owned(),
            task: new.task.cloned(),
            attempt: new.attempt.cloned(),
            body: new.body.to_vec(),
        };
        let hash = chain::hash(&prev, &event);
        insert.execute(params![
            seq,
            event.id,
            event.ts_ms,
            fence,
            event.kind,
            event.task.as_ref().map(TaskId::as_str),
            event.attempt.as_ref().map(AttemptId::as_str),
            event.body,
            prev,
            hash,
        ])?;
        prev = hash;
    }
    Ok(seq)
}

fn put_row(transaction: &Transaction<'_>, seq: u64, row: &Row) -> rusqlite::Result<()> {
    match row {
        Row::Task {
            id,
            title,
            state,
            cost_micros,
        } => transaction
            .prepare_cached(
                "INSERT INTO task(id, title, state, cost_micros, last_seq) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(id) DO UPDATE SET title = ?2, state = ?3, cost_micros = ?4, last_seq = ?5",
            )?
            .execute(params![id.as_str(), title, state, cost_micros, seq])?,
        Row::Attempt { id, task, state } => transaction
            .prepare_cached(
                "INSERT INTO attempt(id, task, state, last_seq) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT(id) DO UPDATE SET state = ?3, last_seq = ?4",
            )?
            .execute(params![id.as_str(), task.as_str(), state, seq])?,
    };
    Ok(())
}

fn read_event(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Event, Hash, Hash)> {
    let event = Event {
        seq: row.get(0)?,
        id: row.get(1)?,
        ts_ms: row.get(2)?,
        kind: row.get(3)?,
        task: row.get::<_, Option<String>>(4)?.map(TaskId::new),
        attempt: row.get::<_, Option<String>>(5)?.map(AttemptId::new),
        body: row.get(6)?,
    };
    Ok((event, row.get(7)?, row.get(8)?))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
