//! Reading a session without owning it, from any process, while its owner writes.

mod audit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use crate::chain::Link;
use crate::{Error, Event, Lease, Meta, Seal, chain, database, log, seal};

pub use audit::StoredEvent;

/// How many events are counted in one transaction.
const COUNTED: u64 = 10_000;

/// After how many steps of the database's machine it is asked whether to go on: some milliseconds.
const STEPS: std::ffi::c_int = 100_000;

/// A session that is only read.
///
/// Each call reads in transactions that end before it returns, and an iterator reads in one for each few events. So a
/// reader that is slow, or stops between two of them, does not make the owner's write-ahead log grow.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    seal: Option<Arc<dyn Seal>>,
}

/// The end of a session's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last event's place; 0 where there is none yet.
    pub seq: u64,
    /// The last event's hash, which stands for everything up to it; zeros where there is none yet.
    pub hash: [u8; 32],
}

impl Reader {
    /// Opens the session in `dir`. `seal` is needed only for the events of a sealed one.
    ///
    /// # Errors
    ///
    /// If there is none, or a newer aca wrote it.
    pub fn open(dir: &Path, seal: Option<Arc<dyn Seal>>) -> Result<Self, Error> {
        let path = database::find(dir)?;
        let connection = database::open_to_read(&path)?;
        database::check_format(&connection, &path)?;
        Ok(Self { connection, path, seal })
    }

    /// Returns what the session is.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn meta(&self) -> Result<Meta, Error> {
        Meta::read(&self.connection, &self.path)
    }

    /// Returns who owned the session last.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn lease(&self) -> Result<Lease, Error> {
        let (transaction, format) = self.read()?;
        Lease::read(&transaction, format).map_err(|error| self.database(&error))
    }

    /// Returns the end of the log.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn head(&self) -> Result<Head, Error> {
        let head = log::head(&self.connection).map_err(|error| self.database(&error))?;
        let (seq, hash) = head.unwrap_or((0, chain::START));
        Ok(Head { seq, hash })
    }

    /// Returns the events after the one at `after`, in order; 0 begins with the first. Kinds nobody knows are kept.
    ///
    /// They are read a few at a time as they are asked for, and end where the log does when they have come there. An
    /// error is the last item: the events cannot be read, are not what was recorded, or are sealed with another key than
    /// this reader's.
    pub fn events(&self, after: u64) -> impl Iterator<Item = Result<Event, Error>> {
        log::events(Link::after(after), |link| {
            let (transaction, format) = self.read()?;
            let page = log::page(&transaction, &self.path, format, link)?;
            drop(transaction);
            seal::open_all(page, self.seal.as_ref(), &self.path)
        })
    }

    /// Returns how many events of each kind there are.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut counts = BTreeMap::new();
        let end = self.head()?.seq;
        for from in (0..end).step_by(usize::try_from(COUNTED).unwrap_or(usize::MAX)) {
            self.count(from, from + COUNTED, &mut counts)
                .map_err(|error| self.database(&error))?;
        }
        Ok(counts)
    }

    /// Checks that every event is there and unchanged, and returns the end of the log. Needs no key.
    ///
    /// `passed` learns up to which event it has come, again and again, and ends it there by returning `false`.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] names the first event that is not.
    pub fn verify(&self, passed: impl FnMut(u64) -> bool) -> Result<Head, Error> {
        let next = |link: &mut Link| {
            let (transaction, format) = self.read()?;
            log::page(&transaction, &self.path, format, link)
        };
        let end = log::verify(Link::START, next, passed)?;
        Ok(Head {
            seq: end.seq,
            hash: end.hash.unwrap_or(chain::START),
        })
    }

    /// Checks the structure of the database, which is what [`Reader::verify`] does not look at: indexes, and tables
    /// other than that of the events. It is one long read, during which the owner's write-ahead log grows; it ends early,
    /// without a verdict, where `go_on` says no.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] says what was found.
    pub fn check_structure(&mut self, go_on: impl Fn() -> bool + Send + Sync + 'static) -> Result<(), Error> {
        let go_on = Arc::new(go_on);
        let asked = Arc::clone(&go_on);
        let handler = self.connection.progress_handler(STEPS, Some(move || !asked()));
        handler.map_err(|error| self.database(&error))?;
        let checked = database::check_structure(&self.connection, &self.path);
        let handler = self.connection.progress_handler(0, None::<fn() -> bool>);
        handler.map_err(|error| self.database(&error))?;
        if go_on() { checked } else { Ok(()) }
    }

    fn count(&self, after: u64, to: u64, counts: &mut BTreeMap<String, u64>) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT kind, count(*) FROM event WHERE seq > ?1 AND seq <= ?2 GROUP BY kind")?;
        let mut rows = statement.query([after, to])?;
        while let Some(row) = rows.next()? {
            *counts.entry(row.get(0)?).or_default() += row.get::<_, u64>(1)?;
        }
        Ok(())
    }

    /// Begins a transaction, and returns the format in it: the owner may change it between two.
    fn read(&self) -> Result<(Transaction<'_>, i64), Error> {
        let transaction = self.connection.unchecked_transaction();
        let transaction = transaction.map_err(|error| self.database(&error))?;
        let format = database::check_format(&transaction, &self.path)?;
        Ok((transaction, format))
    }

    fn database(&self, error: &rusqlite::Error) -> Error {
        Error::database(&self.path, error)
    }
}

#[cfg(test)]
mod tests;
