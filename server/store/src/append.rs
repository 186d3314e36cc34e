//! Writing events and the rows that summarise them, inside a transaction.

use std::path::Path;
use std::sync::Arc;

use aca_protocol::{AttemptId, TaskId};
use rusqlite::{Connection, params};

use crate::chain::{self, Rule};
use crate::log::{self, Record};
use crate::seal::{self, Seal};
use crate::{Error, Event, MAX_BODY_BYTES, NewEvent, Row};

/// Checks what can be said of an event before anything is written.
pub(crate) fn check_body(event: &NewEvent<'_>) -> Result<(), Error> {
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

/// Adds events behind the last one and returns the place of the new last one.
pub(crate) fn insert_events(
    connection: &Connection,
    path: &Path,
    fence: i64,
    seal: Option<&Arc<dyn Seal>>,
    events: &[NewEvent<'_>],
) -> Result<u64, Error> {
    let database = |error: rusqlite::Error| Error::database(path, &error);
    let (mut seq, mut prev) = log::head(connection).map_err(database)?.unwrap_or((0, chain::START));
    for new in events {
        seq += 1;
        let (body, sealed) = seal::close(seal, seq, new.kind, new.body, path)?;
        let mut record = Record {
            event: Event {
                seq,
                id: uuid::Uuid::now_v7().simple().to_string(),
                ts_ms: new.ts_ms,
                kind: new.kind.to_owned(),
                task: new.task.cloned(),
                attempt: new.attempt.cloned(),
                who: new.who.map(str::to_owned),
                sealed,
                body,
                hash: chain::START,
            },
            rule: Rule::CURRENT,
            prev,
        };
        if let Some(hash) = chain::hash(&prev, &record) {
            record.event.hash = hash;
        }
        insert(connection, fence, &record).map_err(database)?;
        prev = record.event.hash;
    }
    Ok(seq)
}

fn insert(connection: &Connection, fence: i64, record: &Record) -> rusqlite::Result<()> {
    let event = &record.event;
    connection
        .prepare_cached(
            "INSERT INTO event(seq, id, ts_ms, fence, kind, task, attempt, body, prev, hash, rule, who, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            event.seq,
            event.id,
            event.ts_ms,
            fence,
            event.kind,
            event.task.as_ref().map(TaskId::as_str),
            event.attempt.as_ref().map(AttemptId::as_str),
            event.body,
            record.prev,
            event.hash,
            record.rule as i64,
            event.who,
            event.sealed,
        ])?;
    Ok(())
}

/// Writes what an event made of one thing.
pub(crate) fn put_row(
    connection: &Connection,
    path: &Path,
    seal: Option<&Arc<dyn Seal>>,
    seq: u64,
    row: &Row,
) -> Result<(), Error> {
    let title = match row {
        Row::Task { id, title, .. } => seal::close_title(seal, id, title, path)?,
        Row::Attempt { .. } => String::new(),
    };
    put_row_titled(connection, seq, row, &title).map_err(|error| Error::database(path, &error))
}

fn put_row_titled(connection: &Connection, seq: u64, row: &Row, title: &str) -> rusqlite::Result<()> {
    match row {
        Row::Task {
            id, state, cost_micros, ..
        } => connection
            .prepare_cached(
                "INSERT INTO task(id, title, state, cost_micros, last_seq) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(id) DO UPDATE SET title = ?2, state = ?3, cost_micros = ?4, last_seq = ?5",
            )?
            .execute(params![id.as_str(), title, state, cost_micros, seq])?,
        Row::Attempt { id, task, state } => connection
            .prepare_cached(
                "INSERT INTO attempt(id, task, state, last_seq) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT(id) DO UPDATE SET state = ?3, last_seq = ?4",
            )?
            .execute(params![id.as_str(), task.as_str(), state, seq])?,
    };
    Ok(())
}
