//! A session as its directory says it is, read beside whoever owns it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::session::TaskCounts;
use aca_protocol::task::Usage;
use aca_store::{Meta, Reader};

use super::history::History;
use crate::core::{Event, Live, Phase, State};
use crate::sealing;

/// What all events of a session say, up to one of them.
#[derive(Debug)]
pub(crate) struct AtRest {
    /// What the session is.
    pub(crate) meta: Meta,
    /// Its tasks and attempts.
    pub(crate) state: State,
    /// Its attempts as a list shows them, and what they used.
    pub(crate) history: History,
    /// What a list shows.
    pub(crate) summary: Summary,
    /// The hash of the last event.
    pub(crate) head: [u8; 32],
}

/// What a list shows of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// The name a person gave it.
    pub(crate) name: Option<String>,
    /// When it was created, in milliseconds since the Unix epoch. An imported session was before it came here.
    pub(crate) created_ms: u64,
    /// When its last event was recorded, in milliseconds since the Unix epoch.
    pub(crate) changed_ms: u64,
    /// The place of its last event.
    pub(crate) seq: u64,
    /// How its tasks stand.
    pub(crate) tasks: TaskCounts,
    /// What its attempts have used.
    pub(crate) usage: Usage,
    /// All its tasks.
    pub(crate) ids: Vec<TaskId>,
    /// Why nobody should remove it, if there is a reason, as clauses.
    pub(crate) open_ends: Vec<String>,
}

impl AtRest {
    /// Reads the session in `dir`.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be read.
    pub(crate) fn read(dir: &Path) -> Result<Self, String> {
        Self::read_each(dir, |_| Ok(()))
    }

    /// As [`AtRest::read`]; `each` is given every event as it is stored.
    ///
    /// # Errors
    ///
    /// Those of `each` too.
    pub(crate) fn read_each(
        dir: &Path,
        mut each: impl FnMut(&aca_store::Event) -> Result<(), String>,
    ) -> Result<Self, String> {
        let reader = open(dir)?;
        let meta = reader.meta().map_err(|error| error.to_string())?;
        let mut state = State::new(meta.session.clone(), 1);
        let mut history = History::default();
        let (mut created_ms, mut changed_ms) = (meta.created_ms, meta.created_ms);
        let mut head = [0; 32];
        for stored in reader.events(0) {
            let stored = stored.map_err(|error| error.to_string())?;
            let event: Event = serde_json::from_slice(&stored.body).map_err(|error| {
                let dir = dir.display();
                format!(
                    "Event {} of the session in {dir} cannot be understood: {error}.",
                    stored.seq
                )
            })?;
            state.apply(&event, stored.ts_ms);
            history.see(&event, stored.ts_ms);
            (created_ms, changed_ms) = (created_ms.min(stored.ts_ms), stored.ts_ms);
            head = stored.hash;
            each(&stored)?;
        }
        let summary = Summary {
            name: state.name().map(str::to_owned),
            created_ms,
            changed_ms,
            seq: state.seq(),
            tasks: state.counts(),
            usage: history.usage,
            ids: state.all_tasks().map(|task| task.id.clone()).collect(),
            open_ends: open_ends(&state),
        };
        Ok(Self {
            meta,
            state,
            history,
            summary,
            head,
        })
    }
}

/// Says what in a session still waits for a person or is at work.
fn open_ends(state: &State) -> Vec<String> {
    let said = |task: &crate::core::Task| {
        let what = match &task.phase {
            Phase::Lost { .. } => "is lost",
            Phase::Review if task.pending().next().is_some() => "waits for review",
            _ if !state.view(task, &Live::default(), Path::new("")).state.is_settled() => "is at work",
            _ => return None,
        };
        Some(format!("task {} ({}) {what}", task.id, task.title))
    };
    state.tasks().filter_map(said).collect()
}

/// What was read of sessions, kept for as long as nothing was recorded in them since.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<PathBuf, Arc<Summary>>>);

impl Known {
    /// Returns what a list shows of the session in `dir`.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be read.
    pub(crate) fn summary(&self, dir: &Path) -> Result<Arc<Summary>, String> {
        let head = open(dir)?.head().map_err(|error| error.to_string())?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(dir).cloned();
        if let Some(known) = known.filter(|known| known.seq == head.seq) {
            return Ok(known);
        }
        let read = Arc::new(AtRest::read(dir)?.summary);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(dir.to_owned(), Arc::clone(&read));
        Ok(read)
    }
}

fn open(dir: &Path) -> Result<Reader, String> {
    let seal = sealing::of_session(dir).map_err(|error| error.to_string())?;
    Reader::open(dir, seal).map_err(|error| error.to_string())
}

/// Returns when the last event of the session in `dir` was recorded, in milliseconds since the Unix epoch.
///
/// # Errors
///
/// A sentence that says why it cannot be read.
pub(crate) fn changed_ms(dir: &Path) -> Result<u64, String> {
    let reader = open(dir)?;
    let created = reader.meta().map_err(|error| error.to_string())?.created_ms;
    let head = reader.head().map_err(|error| error.to_string())?;
    let last = reader.events(head.seq.saturating_sub(1)).last().transpose();
    let last = last.map_err(|error| error.to_string())?;
    Ok(last.map_or(created, |event| event.ts_ms.max(created)))
}
