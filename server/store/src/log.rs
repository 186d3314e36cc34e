//! Reading the log: page by page, so that neither memory nor the write-ahead log grows with what is read, and never
//! without following the chain.

use std::path::Path;

use aca_protocol::{AttemptId, TaskId};
use rusqlite::{Connection, OptionalExtension as _};

use crate::chain::{Hash, Link, Rule};
use crate::{Error, Event};

/// A page ends with the event that makes its bodies this long, in bytes.
const MAX_PAGE_BYTES: usize = 4 << 20;

/// How many events are read together at most.
const PAGE: usize = 256;

/// An event as it is stored: its body may be sealed.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) event: Event,
    pub(crate) rule: Rule,
    pub(crate) prev: Hash,
}

/// Returns the next events after `link`, at most a page of them, and moves it to the last. None means that there are no
/// more.
pub(crate) fn page(connection: &Connection, path: &Path, format: i64, link: &mut Link) -> Result<Vec<Record>, Error> {
    let database = |error: rusqlite::Error| Error::database(path, &error);
    let sql = format!(
        "SELECT {} FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        columns(format)
    );
    let mut statement = connection.prepare_cached(&sql).map_err(database)?;
    let after = i64::try_from(link.seq).unwrap_or(i64::MAX);
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let mut rows = statement.query([after, limit]).map_err(database)?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes < MAX_PAGE_BYTES {
        let Some(row) = rows.next().map_err(database)? else {
            break;
        };
        let record = read(row).map_err(|error| Error::damaged(path, error.to_string()))?;
        link.follow(&record).map_err(|reason| Error::damaged(path, reason))?;
        bytes += record.event.body.len();
        page.push(record);
    }
    Ok(page)
}

/// Follows the chain from `link` to its end and returns the last event's place.
///
/// `next` reads a page. `passed` learns how far it is after each, and ends it early with `false`.
pub(crate) fn verify(
    mut link: Link,
    mut next: impl FnMut(&mut Link) -> Result<Vec<Record>, Error>,
    mut passed: impl FnMut(u64) -> bool,
) -> Result<Link, Error> {
    while !next(&mut link)?.is_empty() {
        if !passed(link.seq) {
            break;
        }
    }
    Ok(link)
}

/// Returns the events after `link`, for which `next` reads a page when one is asked for. An error is the last item.
pub(crate) fn events(
    mut link: Link,
    mut next: impl FnMut(&mut Link) -> Result<Vec<Event>, Error>,
) -> impl Iterator<Item = Result<Event, Error>> {
    let mut page = Vec::new().into_iter();
    let mut ended = false;
    std::iter::from_fn(move || {
        loop {
            if let Some(event) = page.next() {
                return Some(Ok(event));
            }
            if ended {
                return None;
            }
            match next(&mut link) {
                Ok(events) => {
                    ended = events.is_empty();
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

/// Returns the last event's place and hash; `None` where there is none yet.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Option<(u64, Hash)>> {
    connection
        .prepare_cached("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Returns the hash of the event at `seq`.
pub(crate) fn hash_at(connection: &Connection, seq: u64) -> rusqlite::Result<Option<Hash>> {
    connection
        .prepare_cached("SELECT hash FROM event WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()
}

/// What [`read`] reads, as the columns of a database of format `format`.
pub(crate) fn columns(format: i64) -> &'static str {
    match format {
        1 => "seq, id, ts_ms, kind, task, attempt, body, prev, hash, 1, NULL, 0",
        _ => "seq, id, ts_ms, kind, task, attempt, body, prev, hash, rule, who, sealed",
    }
}

pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
    let rule = row.get(9)?;
    Ok(Record {
        event: Event {
            seq: row.get(0)?,
            id: row.get(1)?,
            ts_ms: row.get(2)?,
            kind: row.get(3)?,
            task: row.get::<_, Option<String>>(4)?.map(TaskId::new),
            attempt: row.get::<_, Option<String>>(5)?.map(AttemptId::new),
            body: row.get(6)?,
            hash: row.get(8)?,
            who: row.get(10)?,
            sealed: row.get(11)?,
        },
        rule: Rule::from_number(rule).ok_or(rusqlite::Error::IntegralValueOutOfRange(9, rule))?,
        prev: row.get(7)?,
    })
}
