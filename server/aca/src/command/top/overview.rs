//! What is known of everything that the daemon does, and how it is summed up.

use std::collections::{BTreeMap, HashMap};

use aca_protocol::TaskId;
use aca_protocol::methods::{Sandboxes, Sessions, Use};
use aca_protocol::methods::{Status, StatusParams, StatusResult, Tasks, TasksParams};
use aca_protocol::session::{NoParams, SandboxInfo, SessionInfo, UseParams};
use aca_protocol::task::{TaskState, TaskView, Usage};
use serde::Serialize;

use crate::client::Caller;
use crate::exit::Failure;
use crate::figures;

/// The use of models is summed up over this long, in milliseconds.
const DAY_MS: u64 = 24 * 3600 * 1000;

/// Everything as it was read at once.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Overview {
    /// Who serves.
    pub(super) status: StatusResult,
    /// The tasks of the sessions that are open, by their names.
    pub(super) tasks: BTreeMap<TaskId, TaskView>,
    /// All sessions; empty where the daemon cannot say.
    pub(super) sessions: Vec<SessionInfo>,
    /// The sandboxes at work, by their tasks.
    pub(super) sandboxes: HashMap<TaskId, SandboxInfo>,
    /// What was used of the models in the last 24 hours, if the daemon can say.
    pub(super) day: Option<Usage>,
}

impl Overview {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// When the connection ends, or the daemon cannot say what it serves.
    pub(super) async fn read(caller: &Caller) -> Result<Self, Failure> {
        let status = caller.call::<Status>(StatusParams {}).await?;
        let mut tasks = BTreeMap::new();
        for workspace in status.workspaces.clone() {
            // A workspace may have been closed, or removed, a moment ago.
            if let Ok(result) = caller.call::<Tasks>(TasksParams { workspace }).await {
                tasks.extend(result.tasks.into_iter().map(|task| (task.id.clone(), task)));
            }
        }
        let sessions = caller.call::<Sessions>(NoParams {}).await;
        let since_ms = Some(figures::now_ms().saturating_sub(DAY_MS));
        let day = caller.call::<Use>(UseParams { since_ms }).await;
        Ok(Self {
            status,
            tasks,
            sessions: sessions.map(|result| result.sessions).unwrap_or_default(),
            sandboxes: sandboxes(caller).await,
            day: day.ok().map(|result| result.total),
        })
    }

    /// Takes a newer view of a task.
    pub(super) fn hear(&mut self, task: TaskView) {
        let is_newer = |known: &TaskView| known.revision <= task.revision;
        if self.tasks.get(&task.id).is_none_or(is_newer) {
            self.tasks.insert(task.id.clone(), task);
        }
    }

    /// Whether something is at work.
    pub(super) fn is_busy(&self) -> bool {
        self.tasks.values().any(|task| !task.state.is_settled())
    }

    /// Says how everything stands, the most needed first.
    pub(super) fn sums(&self) -> Vec<String> {
        let count = |of: fn(&TaskState) -> bool| self.tasks.values().filter(|task| of(&task.state)).count();
        let mut sums = vec![format!("{} at work", count(|state| !state.is_settled()))];
        let waiting = count(waits);
        // In sessions that are not open nothing changes, but something may wait.
        let elsewhere = self.sessions.iter().filter(|session| session.current && !session.open);
        let elsewhere: u32 = elsewhere.map(|session| session.tasks.ready + session.tasks.lost).sum();
        let waiting = waiting.saturating_add(usize::try_from(elsewhere).unwrap_or(0));
        sums.push(format!("{waiting} for you"));
        if let Some(day) = &self.day {
            sums.push(format!("{} in 24 h", figures::cost(day.cost_micros)));
        }
        let bytes: u64 = self.sessions.iter().map(|session| session.bytes).sum();
        if bytes > 0 {
            sums.push(format!("{} on disk", figures::short_bytes(bytes)));
        }
        sums
    }
}

/// Whether a task waits for a person.
pub(super) fn waits(state: &TaskState) -> bool {
    matches!(
        state,
        TaskState::Ready { .. } | TaskState::Paused | TaskState::Lost { .. }
    )
}

/// Reads what the sandboxes at work take; nothing where the daemon cannot say.
pub(super) async fn sandboxes(caller: &Caller) -> HashMap<TaskId, SandboxInfo> {
    let result = caller.call::<Sandboxes>(NoParams {}).await;
    let sandboxes = result.map(|result| result.sandboxes).unwrap_or_default();
    sandboxes.into_iter().map(|info| (info.task.clone(), info)).collect()
}
