//! What is going on, by file: the tasks made from its TODOs and the hunks that wait for a decision.
//!
//! The board is an index over the engine's views, so that an action or a lens costs a look-up and no search. It is
//! brought up to date by [`follow`](crate::follow), a moment after the engine.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView, ProposalView};
use aca_protocol::task::{Origin, TaskView};

/// A hunk that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The task it came from.
    pub(crate) task: TaskId,
    /// The task's title.
    pub(crate) title: String,
    /// The file's path in the result, as decisions name it.
    pub(crate) path: String,
    /// What happens to the file.
    pub(crate) change: FileChange,
    /// The hunk.
    pub(crate) hunk: HunkView,
}

/// What is known of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileBoard {
    /// Tasks made from the file's TODOs, newest first.
    pub(crate) tasks: Vec<Arc<TaskView>>,
    /// Its hunks that wait for a decision, by task and then in file order.
    pub(crate) pending: Vec<Arc<Pending>>,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Board {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tasks: HashMap<TaskId, Arc<TaskView>>,
    revisions: HashMap<TaskId, u64>,
    files: HashMap<PathBuf, FileBoard>,
    /// Where each task has hunks.
    touched: HashMap<TaskId, HashSet<PathBuf>>,
}

impl Board {
    /// Records a task, unless a later view of it is known; says whether it was recorded.
    pub(crate) fn set_task(&self, view: &TaskView) -> bool {
        let mut inner = self.lock();
        if inner
            .tasks
            .get(&view.id)
            .is_some_and(|known| known.revision > view.revision)
        {
            return false;
        }
        let view = Arc::new(view.clone());
        if let Origin::Todo { path, .. } = &view.origin {
            let tasks = &mut inner.files.entry(view.workspace.join(path)).or_default().tasks;
            match tasks.iter_mut().find(|known| known.id == view.id) {
                Some(known) => *known = Arc::clone(&view),
                None => tasks.push(Arc::clone(&view)),
            }
            tasks.sort_by(|a, b| (b.created_ms, &b.id).cmp(&(a.created_ms, &a.id)));
        }
        inner.tasks.insert(view.id.clone(), view);
        true
    }

    /// Records a task's proposal, unless a later one is known; returns the files whose hunks may have changed.
    pub(crate) fn set_proposal(&self, task: &TaskView, proposal: &ProposalView) -> HashSet<PathBuf> {
        let mut inner = self.lock();
        if inner
            .revisions
            .get(&task.id)
            .is_some_and(|known| *known > proposal.revision)
        {
            return HashSet::new();
        }
        inner.revisions.insert(task.id.clone(), proposal.revision);
        inner
            .tasks
            .entry(task.id.clone())
            .or_insert_with(|| Arc::new(task.clone()));
        let mut dirty = inner.touched.remove(&task.id).unwrap_or_default();
        for path in &dirty {
            if let Some(file) = inner.files.get_mut(path) {
                file.pending.retain(|pending| pending.task != task.id);
            }
        }
        let mut touched = HashSet::new();
        for file in &proposal.files {
            let pending = undecided(task, file);
            if pending.is_empty() {
                continue;
            }
            let path = task.workspace.join(live_path(file));
            inner.files.entry(path.clone()).or_default().pending.extend(pending);
            touched.insert(path);
        }
        dirty.extend(touched.iter().cloned());
        inner.touched.insert(task.id.clone(), touched);
        dirty
    }

    /// Forgets the tasks of a workspace and returns them with the files in which they had undecided hunks.
    pub(crate) fn forget(&self, workspace: &Path) -> (Vec<TaskId>, HashSet<PathBuf>) {
        let mut inner = self.lock();
        let gone = inner.tasks.extract_if(|_, task| task.workspace == workspace);
        let gone: Vec<TaskId> = gone.map(|(id, _)| id).collect();
        let mut dirty = HashSet::new();
        for id in &gone {
            inner.revisions.remove(id);
            dirty.extend(inner.touched.remove(id).unwrap_or_default());
        }
        inner.files.retain(|_, file| {
            file.tasks.retain(|task| task.workspace != workspace);
            file.pending.retain(|pending| !gone.contains(&pending.task));
            !file.tasks.is_empty() || !file.pending.is_empty()
        });
        (gone, dirty)
    }

    /// Returns what is known of a file, by the engine's path.
    pub(crate) fn file(&self, path: &Path) -> FileBoard {
        self.lock().files.get(path).cloned().unwrap_or_default()
    }

    /// Returns the files in which a task has undecided hunks.
    pub(crate) fn touched(&self, task: &TaskId) -> Vec<PathBuf> {
        self.lock().touched.get(task).into_iter().flatten().cloned().collect()
    }

    /// Says whether any task is at work.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().tasks.values().any(|task| !task.state.is_settled())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the path at which a file of a proposal is now: a file to be renamed is still where it was.
fn live_path(file: &FileView) -> &str {
    match &file.change {
        FileChange::Rename { from } => from,
        _ => &file.path,
    }
}

fn undecided(task: &TaskView, file: &FileView) -> Vec<Arc<Pending>> {
    let open = file
        .hunks
        .iter()
        .filter(|hunk| !matches!(hunk.state, HunkState::Landed | HunkState::Rejected));
    let pending = open.map(|hunk| Pending {
        task: task.id.clone(),
        title: task.title.clone(),
        path: file.path.clone(),
        change: file.change.clone(),
        hunk: hunk.clone(),
    });
    pending.map(Arc::new).collect()
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
