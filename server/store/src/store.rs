//! One session's log of events as its owner has it: create, open, append, read, verify.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_protocol::SessionId;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::chain::Link;
use crate::log::Record;
use crate::{Error, Event, Meta, NewEvent, Row, Seal, append, create, database, file_system};
use crate::{lease, log, mark, migrate, schema, seal};

/// The state of one session, open for writing. The one that opened it last owns it; an earlier one can only read.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    meta: Meta,
    fence: i64,
    pub(crate) seal: Option<Arc<dyn Seal>>,
    /// The event that the mark in the database is at.
    marked: u64,
    /// The length of the write-ahead log, in bytes, at which it is to begin anew.
    log_limit: u64,
    /// Why nothing more is written, if the disk failed to confirm a write. The next opening finds out what is there.
    unconfirmed: Option<String>,
}

impl Store {
    /// Creates the session `session` of the workspace at `workspace` in the directory `dir`, and opens it.
    ///
    /// The directory appears when the session is complete and durable, so a crash leaves no half of one. With `seal`
    /// the content of its events is sealed, and it opens only with the same key.
    ///
    /// # Errors
    ///
    /// If `dir` exists, is on a file system that is not safe for a database, or cannot be written.
    pub fn create(
        dir: &Path,
        workspace: &Path,
        session: &SessionId,
        seal: Option<Arc<dyn Seal>>,
    ) -> Result<Self, Error> {
        create::create(dir, &Meta::new(session, workspace))?;
        Self::open(dir, seal)
    }

    /// Opens the session in `dir` and takes it over from whoever had it open.
    ///
    /// What was recorded since the log was last known to be whole is verified; [`Store::verify`] looks at all of it. A
    /// session of an earlier format is brought up to date. A session that was plain until now is sealed from its next
    /// event on if `seal` is given.
    ///
    /// # Errors
    ///
    /// If there is none, a newer aca wrote it, its key is missing or not this one, or what is looked at is not what was
    /// written. It is not changed then.
    pub fn open(dir: &Path, seal: Option<Arc<dyn Seal>>) -> Result<Self, Error> {
        let path = database::find(dir)?;
        file_system::check(dir)?;
        let mut connection = database::open(&path)?;
        if database::check_format(&connection, &path)? < schema::VERSION {
            migrate::from_1(&mut connection, dir, &path)?;
        }
        database::use_write_ahead_log(&connection, &path)?;
        let mut store = Self {
            meta: Meta::read(&connection, &path)?,
            connection,
            path,
            fence: 0,
            seal,
            marked: 0,
            log_limit: database::LOG_LIMIT,
            unconfirmed: None,
        };
        store.check_key()?;
        let end = store.verify_after(mark::read(&store.connection, &store.path)?)?;
        store.take_over(end)?;
        Ok(store)
    }

    /// Returns what the session is.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Returns the number that this opening got: a later one has a higher number, and takes over.
    pub fn fence(&self) -> u64 {
        self.fence.unsigned_abs()
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
        events.iter().try_for_each(append::check_body)?;
        let marked = self.marked;
        let (seq, marked) = self.write(|transaction, path, fence, seal| {
            let database = |error: rusqlite::Error| Error::database(path, &error);
            let seq = append::insert_events(transaction, path, fence, seal, events)?;
            rows.iter()
                .try_for_each(|row| append::put_row(transaction, path, seal, seq, row))?;
            if seq < marked + mark::EVERY {
                return Ok((seq, marked));
            }
            let hash = log::hash_at(transaction, seq).map_err(database)?;
            mark::put(transaction, Link { seq, hash }).map_err(database)?;
            Ok((seq, seq))
        })?;
        self.marked = marked;
        Ok(seq)
    }

    /// Returns the events after the one at `after`, in order; 0 begins with the first. Kinds nobody knows are kept.
    ///
    /// They are read a few at a time as they are asked for. An error is the last item: the events cannot be read, or are
    /// not what was recorded.
    pub fn events(&self, after: u64) -> impl Iterator<Item = Result<Event, Error>> {
        log::events(Link::after(after), |link| {
            seal::open_all(self.page(link)?, self.seal.as_ref(), &self.path)
        })
    }

    /// Checks that the database is sound and that every event is there and unchanged, which takes seconds for a million
    /// events.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] names the first event that is not.
    pub fn verify(&self) -> Result<(), Error> {
        database::check_structure(&self.connection, &self.path)?;
        self.verify_after(Link::START).map(drop)
    }

    /// Writes in one transaction that the owner alone can begin.
    pub(crate) fn write<T>(
        &mut self,
        changes: impl FnOnce(&Transaction<'_>, &Path, i64, Option<&Arc<dyn Seal>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(reason) = &self.unconfirmed {
            return Err(Error::Unconfirmed {
                path: self.path.clone(),
                reason: reason.clone(),
            });
        }
        let written = self.try_write(changes);
        if let Err(Error::Unconfirmed { reason, .. }) = &written {
            self.unconfirmed = Some(reason.clone());
        }
        if written.is_ok() {
            self.log_limit = database::bound_log(&self.connection, &self.path, self.log_limit);
        }
        written
    }

    fn try_write<T>(
        &mut self,
        changes: impl FnOnce(&Transaction<'_>, &Path, i64, Option<&Arc<dyn Seal>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let path = &self.path;
        let database = |error: rusqlite::Error| Error::database(path, &error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        if !lease::is_mine(&transaction, self.fence).map_err(database)? {
            return Err(Error::TakenOver { path: path.clone() });
        }
        let value = changes(&transaction, path, self.fence, self.seal.as_ref())?;
        transaction.commit().map_err(database)?;
        Ok(value)
    }

    fn take_over(&mut self, end: Link) -> Result<(), Error> {
        let (path, sealed) = (&self.path, self.seal.is_some());
        let database = |error: rusqlite::Error| Error::database(path, &error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        self.fence = lease::take(&transaction).map_err(database)?;
        mark::put(&transaction, end).map_err(database)?;
        if sealed {
            Meta::put_sealed(&transaction).map_err(database)?;
        }
        transaction.commit().map_err(database)?;
        self.marked = end.seq;
        Ok(())
    }

    /// Checks that a sealed session is opened with its key, by the last event.
    fn check_key(&self) -> Result<(), Error> {
        if self.seal.is_none() {
            return match Meta::is_sealed(&self.connection).map_err(|error| Error::database(&self.path, &error))? {
                true => Err(Error::Sealed {
                    path: self.path.clone(),
                }),
                false => Ok(()),
            };
        }
        let head = log::head(&self.connection).map_err(|error| Error::database(&self.path, &error))?;
        let last = head.map_or(0, |(seq, _)| seq);
        self.events(last.saturating_sub(1))
            .try_for_each(|event| event.map(drop))
    }

    fn verify_after(&self, link: Link) -> Result<Link, Error> {
        log::verify(link, |link| self.page(link), |_| true)
    }

    fn page(&self, link: &mut Link) -> Result<Vec<Record>, Error> {
        log::page(&self.connection, &self.path, schema::VERSION, link)
    }
}

#[cfg(test)]
mod tests;
