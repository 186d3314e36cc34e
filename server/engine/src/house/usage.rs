//! What was used of the models: by day, session, task and model, over all sessions.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use aca_protocol::session::{UseParams, UseResult, UseRow};
use aca_protocol::task::Usage;
use aca_protocol::{SessionId, TaskId};
use aca_store::{Meta, Reader, Row};
use chrono::{DateTime, Local};

use crate::Error;
use crate::audit;
use crate::core::Event;
use crate::handle::EngineConfig;

/// The kind of the events that say what was used; nothing else of a session is read.
const KIND: &str = "model_used";

/// What a row is about, in the order of the rows.
type Key = (String, SessionId, TaskId, Option<String>);

/// Sums up what every session of the data directory has used. One that cannot be read is left out, and logged.
pub(crate) fn all(config: &EngineConfig, params: &UseParams) -> UseResult {
    let mut rows = Vec::new();
    for (dir, meta) in aca_store::sessions(&config.data_dir) {
        let found = meta
            .map_err(|error| error.to_string())
            .and_then(|meta| of(&dir, &meta, params).map_err(|error| error.to_string()));
        match found {
            Ok(found) => rows.extend(found),
            Err(error) => tracing::warn!(error, "the use of a session was left out"),
        }
    }
    rows.sort_by(|a, b| (&a.day, &a.session, &a.task, &a.model).cmp(&(&b.day, &b.session, &b.task, &b.model)));
    let mut total = Usage::default();
    rows.iter().for_each(|row| total += row.usage);
    UseResult { rows, total }
}

fn of(dir: &Path, meta: &Meta, params: &UseParams) -> Result<Vec<UseRow>, Error> {
    let unreadable = |error: aca_store::Error| Error::Internal(error.to_string());
    let reader = audit::reader(dir)?;
    let mut used: BTreeMap<Key, Usage> = BTreeMap::new();
    for stored in reader.of_kind(KIND, 0) {
        let stored = stored.map_err(unreadable)?;
        if params.since_ms.is_some_and(|since| stored.ts_ms < since) {
            continue;
        }
        let Ok(Event::ModelUsed { usage, model, .. }) = serde_json::from_slice(&stored.body) else {
            continue;
        };
        let task = stored.task.unwrap_or_else(|| TaskId::new("unknown"));
        let key = (day(stored.ts_ms), meta.session.clone(), task, model);
        *used.entry(key).or_default() += usage;
    }
    if used.is_empty() {
        return Ok(Vec::new());
    }
    let titles = titles(&reader).map_err(unreadable)?;
    let row = |((day, session, task, model), usage)| UseRow {
        day,
        session,
        workspace: meta.workspace.clone(),
        title: titles.get(&task).cloned().unwrap_or_default(),
        task,
        model,
        usage,
    };
    Ok(used.into_iter().map(row).collect())
}

fn titles(reader: &Reader) -> Result<HashMap<TaskId, String>, aca_store::Error> {
    let rows = reader.rows()?.into_iter();
    let title = |row| match row {
        Row::Task { id, title, .. } => Some((id, title)),
        Row::Attempt { .. } => None,
    };
    Ok(rows.filter_map(title).collect())
}

/// The day of local time that a moment is in, as `2026-01-31`.
fn day(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis);
    let at = at.unwrap_or_default().with_timezone(&Local);
    at.format("%Y-%m-%d").to_string()
}
