//! What sessions take: each as a whole, and what its attempts have left.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use aca_protocol::{AttemptId, SessionId};

use super::item::{Item, What, changed_ms};
use crate::core::{Live, Phase, Stage, State, Task};
use crate::handle::Shared;
use crate::layout::AttemptDir;
use crate::session::{self, AtRest, Listed, size};

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// What its task is called.
    title: String,
    /// Why nothing of it is removed, if there is a reason.
    pub(super) kept: Option<String>,
}

/// What sessions take, and how their attempts stand.
pub(super) struct Sessions {
    pub(super) items: Vec<Item>,
    pub(super) attempts: HashMap<SessionId, HashMap<AttemptId, Standing>>,
}

/// Looks at every session of the data directory.
pub(super) fn look(shared: &Shared, open: &HashSet<SessionId>) -> Sessions {
    let mut found = Sessions {
        items: Vec::new(),
        attempts: HashMap::new(),
    };
    for listed in session::list(&shared.config.data_dir, &shared.known, open) {
        let id = listed.info.id.clone();
        let standings = AtRest::read(&listed.dir).map(|read| standings(&read.state));
        found.items.push(of_session(&listed));
        match standings {
            Ok(standings) => {
                found.items.extend(of_attempts(&id, &listed.dir, &standings));
                found.attempts.insert(id, standings);
            }
            // Nothing is known of what is in it, so nothing of it is offered but the whole.
            Err(_) => drop(found.attempts.insert(id, HashMap::new())),
        }
    }
    found
}

fn of_session(listed: &Listed) -> Item {
    let info = &listed.info;
    let name = info
        .name
        .as_deref()
        .map(|name| format!(" {name:?}"))
        .unwrap_or_default();
    let tasks = match listed.summary.as_ref().map_or(0, |summary| summary.ids.len()) {
        0 => "without tasks".to_owned(),
        1 => "with 1 task".to_owned(),
        tasks => format!("with {tasks} tasks"),
    };
    let about = format!(
        "The session{name} of {}, {tasks}. It goes to the trash first.",
        info.workspace.display()
    );
    let kept = match (&info.problem, &listed.summary) {
        (Some(problem), _) => Some(format!("It cannot be read, so nobody knows what is in it: {problem}")),
        (None, Some(summary)) if !summary.open_ends.is_empty() => Some(format!("{}.", summary.open_ends.join("; "))),
        _ if info.open => Some("It is open.".to_owned()),
        _ => None,
    };
    let id = info.id.as_str();
    Item::new("session", id, about, What::Session(info.id.clone()))
        .measured(info.bytes, info.changed_ms)
        .kept(kept)
}

/// Returns what attempts have left in the session's directory: checkouts, the agents' homes and journals, exchanges.
fn of_attempts(session: &SessionId, dir: &Path, standings: &HashMap<AttemptId, Standing>) -> Vec<Item> {
    let entries = std::fs::read_dir(dir.join("attempts")).into_iter().flatten().flatten();
    let item = |name: String| {
        let attempt = AttemptId::new(name.clone());
        let path = AttemptDir::new(dir, &attempt).path().to_owned();
        let (about, kept) = match standings.get(&attempt) {
            Some(standing) => (
                format!(
                    "What the agent said and did in an attempt at {:?}; without it the conversation cannot go on.",
                    standing.title
                ),
                standing.kept.clone(),
            ),
            None => (
                "What is left of an attempt that its session does not know.".to_owned(),
                None,
            ),
        };
        let (bytes, used_ms) = (size::on_disk(&path), changed_ms(&path));
        let name = format!("{session}/{name}");
        Item::new("attempt", &name, about, What::Path(path))
            .measured(bytes, used_ms)
            .kept(kept)
    };
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.map(item).collect()
}

/// Says how each attempt of a session stands.
fn standings(state: &State) -> HashMap<AttemptId, Standing> {
    let standing = |attempt: &crate::core::Attempt| {
        // The row of a task that was set aside is still there; its attempts are as any other's.
        let task = state.all_tasks().find(|task| task.id == attempt.task);
        let kept = match task {
            _ if attempt.stage != Stage::Ended => Some("It is at work.".to_owned()),
            Some(task) => kept(state, task),
            None => None,
        };
        let title = task.map(|task| task.title.clone()).unwrap_or_default();
        (attempt.id.clone(), Standing { title, kept })
    };
    state.attempts().map(standing).collect()
}

/// Says why nothing of a task's attempts is removed, if there is a reason.
fn kept(state: &State, task: &Task) -> Option<String> {
    match &task.phase {
        Phase::Lost { .. } => Some("Its task is lost: this may be all that is left of the work.".to_owned()),
        Phase::Review if task.pending().next().is_some() => Some("Its task waits for review.".to_owned()),
        _ if task.operations.iter().any(|operating| !operating.ended) => {
            Some("A landing of its task is under way.".to_owned())
        }
        _ if !state.view(task, &Live::default(), Path::new("")).state.is_settled() => {
            Some("Its task is at work.".to_owned())
        }
        _ if task.salvaged.is_some() => Some("What was salvaged of its task waits for a decision.".to_owned()),
        _ => None,
    }
}
