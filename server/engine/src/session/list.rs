//! All sessions of a data directory.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use aca_protocol::SessionId;
use aca_protocol::session::{SessionInfo, TaskCounts};
use aca_protocol::task::Usage;

use super::at_rest::{Known, Summary};
use super::current::{self, Candidate};
use super::size;

/// A session of the list, with where it is.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// What a list shows of it.
    pub(crate) info: SessionInfo,
    /// What was read of it; nothing if it has a problem.
    pub(crate) summary: Option<Summary>,
}

/// Returns all sessions, the one that changed last first. Those in `open` are open in this process.
///
/// A session that cannot be read is listed with its problem.
pub(crate) fn list(data_dir: &Path, known: &Known, open: &HashSet<SessionId>) -> Vec<Listed> {
    let mut sessions: Vec<Listed> = aca_store::sessions(data_dir)
        .into_iter()
        .map(|(dir, meta)| listed(dir, meta, known, open))
        .collect();
    let mut candidates: BTreeMap<PathBuf, Vec<Candidate>> = BTreeMap::new();
    for listed in sessions.iter().filter(|listed| listed.info.problem.is_none()) {
        candidates
            .entry(listed.info.workspace.clone())
            .or_default()
            .push(Candidate {
                id: listed.info.id.clone(),
                changed_ms: listed.info.changed_ms,
            });
    }
    let current: HashSet<SessionId> = candidates
        .iter()
        .filter_map(|(root, candidates)| current::of(data_dir, root, candidates))
        .collect();
    for listed in &mut sessions {
        listed.info.current = current.contains(&listed.info.id);
    }
    sessions.sort_by(|a, b| (b.info.changed_ms, &b.info.id).cmp(&(a.info.changed_ms, &a.info.id)));
    sessions
}

fn listed(
    dir: PathBuf,
    meta: Result<aca_store::Meta, aca_store::Error>,
    known: &Known,
    open: &HashSet<SessionId>,
) -> Listed {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (id, workspace, created_ms, summary) = match meta {
        Ok(meta) => (meta.session, meta.workspace, meta.created_ms, known.summary(&dir)),
        Err(error) => (SessionId::new(name), PathBuf::new(), 0, Err(error.to_string())),
    };
    let (summary, problem) = match summary {
        Ok(summary) => (Some(Summary::clone(&summary)), None),
        Err(problem) => (None, Some(problem)),
    };
    let read = summary.as_ref();
    let info = SessionInfo {
        open: open.contains(&id),
        id,
        workspace,
        name: read.and_then(|read| read.name.clone()),
        created_ms: read.map_or(created_ms, |read| read.created_ms),
        changed_ms: read.map_or(created_ms, |read| read.changed_ms),
        current: false,
        tasks: read.map_or_else(TaskCounts::default, |read| read.tasks),
        usage: read.map_or_else(Usage::default, |read| read.usage),
        bytes: size::on_disk(&dir),
        problem,
    };
    Listed { dir, info, summary }
}
