//! Reading for an audit: events of one kind, events as they are stored, and the rows that were derived from them.

use aca_protocol::{AttemptId, TaskId};
use rusqlite::types::ToSql;

use super::Reader;
use crate::chain::{self, Hash, Rule};
use crate::log::Record;
use crate::{Error, Event, Row, log, seal};

/// How many events of a kind are read in one transaction.
const PAGE: i64 = 500;

/// An event as it is stored, which is what its hash covers.
///
/// The hash is SHA-256 over: `aca event 2` and one byte, 1 if the body is sealed, else 0; who asked; the hash of the
/// event before, or 32 zeros for the first; place and time as 8 bytes each, most significant first; identifier, kind,
/// task, attempt, body. Each of *who*, identifier, kind, task, attempt and body is preceded by its length in bytes as 8
/// bytes; one that is absent is the length of all ones and nothing else. An event of rule 1 has neither the words and the
/// byte at the beginning nor *who*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event; its body is as it is stored, sealed or not.
    pub event: Event,
    /// Which rule its hash was computed by: 1 or 2.
    pub rule: u8,
}

impl StoredEvent {
    /// Returns the hash that the event must have if `prev` is that of the event before it; `None` if its rule is not
    /// known, or has no place for something the event has.
    pub fn hash_after(&self, prev: &Hash) -> Option<Hash> {
        let record = Record {
            event: self.event.clone(),
            rule: Rule::from_number(i64::from(self.rule))?,
            prev: *prev,
        };
        chain::hash(prev, &record)
    }
}

impl Reader {
    /// Returns the events of one kind after the one at `after`, in order. The chain is not followed, so what is not of
    /// that kind is not looked at.
    ///
    /// # Errors
    ///
    /// An error is the last item, as with [`Reader::events`].
    pub fn of_kind(&self, kind: &str, after: u64) -> impl Iterator<Item = Result<Event, Error>> {
        let (mut after, mut ended) = (after, false);
        let mut page = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(event) = page.next() {
                    return Some(Ok(event));
                }
                if ended {
                    return None;
                }
                match self.page_of(kind, after) {
                    Ok(events) => {
                        ended = events.is_empty();
                        after = events.last().map_or(after, |event| event.seq);
                        page = events.into_iter();
                    }
                    Err(error) => {
                        ended = true;
                        return Some(Err(error));
                    }
                }
            }
        })
    }

    /// Returns at most `limit` events after the one at `after` as they are stored, damage included.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn stored(&self, after: u64, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        let records = self.select("seq > ?1 ORDER BY seq LIMIT ?2", &[&after, &limit])?;
        let stored = |record: Record| StoredEvent {
            rule: record.rule as u8,
            event: record.event,
        };
        Ok(records.into_iter().map(stored).collect())
    }

    /// Returns the rows that were derived from the events, tasks first, in the order of their identifiers. Without its
    /// key the titles of a sealed session are empty.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn rows(&self) -> Result<Vec<Row>, Error> {
        self.read_rows().map_err(|error| self.database(&error))
    }

    fn page_of(&self, kind: &str, after: u64) -> Result<Vec<Event>, Error> {
        let rows = "kind = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        let records = self.select(rows, &[&kind, &after, &PAGE])?;
        seal::open_all(records, self.seal.as_ref(), &self.path)
    }

    fn select(&self, rows: &str, values: &[&dyn ToSql]) -> Result<Vec<Record>, Error> {
        let (transaction, format) = self.read()?;
        let sql = format!("SELECT {} FROM event WHERE {rows}", log::columns(format));
        let mut statement = transaction
            .prepare_cached(&sql)
            .map_err(|error| self.database(&error))?;
        let found = statement.query_map(values, log::read);
        let found = found.map_err(|error| self.database(&error))?;
        found
            .map(|record| record.map_err(|error| self.database(&error)))
            .collect()
    }

    fn read_rows(&self) -> rusqlite::Result<Vec<Row>> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut tasks = transaction.prepare_cached("SELECT id, title, state, cost_micros FROM task ORDER BY id")?;
        let tasks = tasks.query_map([], |row| {
            let id = TaskId::new(row.get::<_, String>(0)?);
            Ok(Row::Task {
                title: seal::open_title(self.seal.as_ref(), &id, row.get(1)?),
                id,
                state: row.get(2)?,
                cost_micros: row.get(3)?,
            })
        })?;
        let mut attempts = transaction.prepare_cached("SELECT id, task, state FROM attempt ORDER BY id")?;
        let attempts = attempts.query_map([], |row| {
            Ok(Row::Attempt {
                id: AttemptId::new(row.get::<_, String>(0)?),
                task: TaskId::new(row.get::<_, String>(1)?),
                state: row.get(2)?,
            })
        })?;
        tasks.chain(attempts).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aca_protocol::SessionId;

    use super::*;
    use crate::{NewEvent, Store};

    fn event(kind: &str, who: Option<&'static str>) -> NewEvent<'static> {
        NewEvent {
            kind: if kind == "a" { "a" } else { "b" },
            ts_ms: 7,
            task: None,
            attempt: None,
            who,
            body: b"{\"n\": 1}",
        }
    }

    fn session(count: usize) -> (tempfile::TempDir, Store, Reader) {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("s");
        let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
        for index in 0..count {
            let (kind, who) = if index % 3 == 0 {
                ("a", None)
            } else {
                ("b", Some("Neovim"))
            };
            store.append(&[event(kind, who)], &[]).unwrap();
        }
        let reader = Reader::open(&dir, None).unwrap();
        (data, store, reader)
    }

    #[test]
    fn the_events_of_a_kind_are_found_over_several_pages() {
        let (_data, _store, reader) = session(30);
        let seqs = |after| {
            let events = reader.of_kind("a", after);
            events.map(|event| event.unwrap().seq).collect::<Vec<_>>()
        };
        assert_eq!(seqs(0), [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
        assert_eq!(seqs(20), [22, 25, 28]);
        assert_eq!(reader.of_kind("none", 0).count(), 0);
    }

    #[test]
    fn hashes_are_computed_again_from_what_is_stored() {
        let (_data, _store, reader) = session(5);
        let mut prev = [0; 32];
        for stored in reader.stored(0, 100).unwrap() {
            assert_eq!(stored.hash_after(&prev), Some(stored.event.hash));
            let mut other = stored.clone();
            other.event.who = Some("somebody else".to_owned());
            assert_ne!(other.hash_after(&prev), Some(stored.event.hash));
            other.rule = 9;
            assert_eq!(other.hash_after(&prev), None);
            prev = stored.event.hash;
        }
        assert_eq!(prev, reader.head().unwrap().hash);
        assert_eq!(reader.stored(3, 1).unwrap().len(), 1);
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let (_data, mut store, reader) = session(0);
        let rows = [
            Row::Task {
                id: TaskId::new("t"),
                title: "title".to_owned(),
                state: "queued".to_owned(),
                cost_micros: 5,
            },
            Row::Attempt {
                id: AttemptId::new("x"),
                task: TaskId::new("t"),
                state: "planned".to_owned(),
            },
        ];
        store.append(&[event("a", None)], &rows).unwrap();
        assert_eq!(reader.rows().unwrap(), rows);
    }
}
