//! Whether what was recorded is still as it was: every event by its hash, and the rows by folding the events again.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::session::VerifyAuditResult;
use aca_store::{Head, Reader, Row};

use crate::Error;
use crate::core::{Event, State};
use crate::rows::{attempt_row, task_row};

use super::{hexadecimal, unreadable};

/// How many events are looked at together.
const PAGE: u32 = 1000;

/// Checks a session, which its owner may be writing to.
///
/// # Errors
///
/// [`Error::Internal`] if it cannot be read at all.
pub(super) fn all(reader: &Reader) -> Result<VerifyAuditResult, Error> {
    let verified = reader.verify(|_| true);
    let (sound, damage) = match verified {
        Ok(_) => (None, None),
        Err(aca_store::Error::Damaged { reason, .. }) => (Some(unchanged(reader)?), Some(reason)),
        Err(error) => return Err(unreadable(error)),
    };
    if let (Some(sound), Some(reason)) = (sound, damage) {
        let problem = format!("The log is not what was recorded: {reason}. What came before that is unchanged.");
        return Ok(result(sound, Some(problem)));
    }
    let (head, rows) = rows_at_rest(reader)?;
    let differing = differing(reader, head, rows)?;
    let problem = differing.map(|name| {
        format!(
            "The events are unchanged, but the row of {name} does not say what they come to. An event at the end may \
             be missing, or the row was changed."
        )
    });
    Ok(result(head, problem))
}

fn result(head: Head, problem: Option<String>) -> VerifyAuditResult {
    VerifyAuditResult {
        events: head.seq,
        head: hexadecimal(&head.hash),
        problem,
    }
}

/// Returns the last event up to which everything is as it was recorded.
fn unchanged(reader: &Reader) -> Result<Head, Error> {
    let mut sound = Head { seq: 0, hash: [0; 32] };
    loop {
        // A record that cannot even be read ends what is unchanged.
        let page = reader.stored(sound.seq, PAGE).unwrap_or_default();
        if page.is_empty() {
            return Ok(sound);
        }
        for stored in page {
            let hash = stored.event.hash;
            if stored.event.seq != sound.seq + 1 || stored.hash_after(&sound.hash) != Some(hash) {
                return Ok(sound);
            }
            sound = Head {
                seq: stored.event.seq,
                hash,
            };
        }
    }
}

/// Returns the rows with the event that they were last written with.
fn rows_at_rest(reader: &Reader) -> Result<(Head, Vec<Row>), Error> {
    let mut before = reader.head().map_err(unreadable)?;
    loop {
        let rows = reader.rows().map_err(unreadable)?;
        let after = reader.head().map_err(unreadable)?;
        // Rows are written with events, so between two equal heads none was.
        if before == after {
            return Ok((after, rows));
        }
        before = after;
    }
}

/// Folds the events up to `head` and returns the name of the first row that says something else.
fn differing(reader: &Reader, head: Head, rows: Vec<Row>) -> Result<Option<String>, Error> {
    let meta = reader.meta().map_err(unreadable)?;
    let mut state = State::new(meta.session, 1);
    let mut known = BTreeSet::new();
    for stored in reader.events(0).take(usize::try_from(head.seq).unwrap_or(usize::MAX)) {
        let stored = match stored {
            Ok(stored) => stored,
            // Without its key a sealed session cannot be folded; its hashes need none.
            Err(aca_store::Error::Sealed { .. }) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        if let Ok(event) = serde_json::from_slice::<Event>(&stored.body) {
            state.apply(&event, stored.ts_ms);
            known.extend(event.task().map(|task| format!("the task {task}")));
            known.extend(event.attempt().map(|attempt| format!("the attempt {attempt}")));
        }
    }
    let tasks = state.tasks().map(task_row);
    let attempts = state.attempts().map(attempt_row);
    let expected: BTreeMap<String, Row> = tasks.chain(attempts).map(|row| (name(&row), row)).collect();
    let found: BTreeMap<String, Row> = rows.into_iter().map(|row| (name(&row), row)).collect();
    let differs = |name: &&String| match (expected.get(*name), found.get(*name)) {
        // The row of a task that was set aside stays.
        (None, Some(_)) => !known.contains(*name),
        (expected, found) => expected != found,
    };
    Ok(expected.keys().chain(found.keys()).find(differs).cloned())
}

fn name(row: &Row) -> String {
    match row {
        Row::Task { id, .. } => format!("the task {id}"),
        Row::Attempt { id, .. } => format!("the attempt {id}"),
    }
}
