//! What is going on, by file: the tasks made from its TODOs and the hunks under review.
//!
//! The board is an index over the engine's views, so that an action or a lens costs a look-up and no search. It is
//! brought up to date by [`follow`](crate::follow), a moment after the engine.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aca_protocol::methods::{CheckCommandResult, OperationView};
use aca_protocol::proposal::{CheckView, FileChange, FileView, HunkState, HunkView, ProposalView};
use aca_protocol::task::{Origin, TaskView};
use aca_protocol::{HunkId, TaskId};

/// A proposal with undecided hunks, apart from its hunks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Review {
    /// The task it came from.
    pub(crate) task: TaskId,
    /// The task's title.
    pub(crate) title: String,
    /// The proposal's revision, which decisions name as the one that was looked at.
    pub(crate) revision: u64,
    /// Its newest check.
    pub(crate) check: Option<CheckView>,
    /// What the agent could be asked to do again: rejected hunks and conflicts, of all files.
    pub(crate) redo: Vec<HunkId>,
}

/// A hunk of a proposal under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// Its proposal.
    pub(crate) review: Arc<Review>,
    /// The file's path in the result, as decisions name it.
    pub(crate) path: String,
    /// What happens to the file.
    pub(crate) change: FileChange,
    /// The hunk itself.
    pub(crate) view: HunkView,
    /// Where the undecided hunks are that it needs: `path:line`, counted from one.
    pub(crate) needs: Vec<String>,
}

/// What is known of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileBoard {
    /// Tasks made from the file's TODOs, newest first.
    pub(crate) tasks: Vec<Arc<TaskView>>,
    /// The revisions of those tasks' proposals.
    pub(crate) revisions: HashMap<TaskId, u64>,
    /// Its hunks that wait for a decision, by task and then in file order.
    pub(crate) pending: Vec<Arc<Hunk>>,
    /// Its rejected hunks, of proposals that are not decided entirely.
    pub(crate) rejected: Vec<Arc<Hunk>>,
}

/// What is known of one workspace as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkspaceBoard {
    /// The project's check.
    pub(crate) check: Option<CheckCommandResult>,
    /// Its landings and takings back, oldest first.
    pub(crate) operations: Arc<Vec<OperationView>>,
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
    workspaces: HashMap<PathBuf, WorkspaceBoard>,
    /// Where each task has hunks under review.
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
                file.pending.retain(|hunk| hunk.review.task != task.id);
                file.rejected.retain(|hunk| hunk.review.task != task.id);
            }
        }
        let mut touched = HashSet::new();
        for (file, pending, rejected) in under_review(task, proposal) {
            let path = task.workspace.join(live_path(file));
            let known = inner.files.entry(path.clone()).or_default();
            known.pending.extend(pending);
            known.rejected.extend(rejected);
            touched.insert(path);
        }
        dirty.extend(touched.iter().cloned());
        inner.touched.insert(task.id.clone(), touched);
        dirty
    }

    /// Forgets the tasks of a workspace and returns them with the files in which they had hunks under review.
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
            file.pending.retain(|hunk| !gone.contains(&hunk.review.task));
            file.rejected.retain(|hunk| !gone.contains(&hunk.review.task));
            !file.tasks.is_empty() || !file.pending.is_empty() || !file.rejected.is_empty()
        });
        inner.workspaces.remove(workspace);
        (gone, dirty)
    }

    /// Records what a workspace's check is.
    pub(crate) fn set_check(&self, workspace: &Path, check: CheckCommandResult) {
        self.lock().workspaces.entry(workspace.to_owned()).or_default().check = Some(check);
    }

    /// Records a workspace's landings and takings back.
    pub(crate) fn set_operations(&self, workspace: &Path, operations: Vec<OperationView>) {
        let mut inner = self.lock();
        let known = &mut inner.workspaces.entry(workspace.to_owned()).or_default().operations;
        // Nothing is ever taken off the list, so a shorter one was read earlier.
        if operations.len() >= known.len() {
            *known = Arc::new(operations);
        }
    }

    /// Returns what is known of a file, by the engine's path.
    pub(crate) fn file(&self, path: &Path) -> FileBoard {
        let inner = self.lock();
        let mut file = inner.files.get(path).cloned().unwrap_or_default();
        // While a task is at work again, nothing of its last proposal can be decided.
        let rests = |hunk: &Arc<Hunk>| {
            let task = inner.tasks.get(&hunk.review.task);
            task.is_none_or(|task| task.state.is_settled())
        };
        file.pending.retain(rests);
        file.rejected.retain(rests);
        let revision = |task: &Arc<TaskView>| Some((task.id.clone(), *inner.revisions.get(&task.id)?));
        file.revisions = file.tasks.iter().filter_map(revision).collect();
        file
    }

    /// Returns what is known of a workspace as a whole, by the engine's path.
    pub(crate) fn workspace(&self, root: &Path) -> WorkspaceBoard {
        self.lock().workspaces.get(root).cloned().unwrap_or_default()
    }

    /// Returns the files in which a task has hunks under review.
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
pub(crate) fn live_path(file: &FileView) -> &str {
    match &file.change {
        FileChange::Rename { from } => from,
        _ => &file.path,
    }
}

type FileHunks<'a> = (&'a FileView, Vec<Arc<Hunk>>, Vec<Arc<Hunk>>);

/// Returns the undecided and the rejected hunks of a proposal by file; none once all are decided.
fn under_review<'a>(task: &TaskView, proposal: &'a ProposalView) -> Vec<FileHunks<'a>> {
    let all = || {
        let files = proposal.files.iter();
        files.flat_map(|file| file.hunks.iter().map(move |hunk| (file, hunk)))
    };
    let is_rejected = |hunk: &HunkView| hunk.state == HunkState::Rejected;
    if !all().any(|(_, hunk)| hunk.state.is_open()) {
        return Vec::new();
    }
    let redo = all().filter(|(_, hunk)| is_rejected(hunk) || hunk.state.is_conflict());
    let review = Arc::new(Review {
        task: task.id.clone(),
        title: task.title.clone(),
        revision: proposal.revision,
        check: proposal.check.clone(),
        redo: redo.map(|(_, hunk)| hunk.id.clone()).collect(),
    });
    let places: HashMap<&HunkId, (&FileView, u32)> = all().map(|(file, hunk)| (&hunk.id, (file, hunk.line))).collect();
    let place = |id: &HunkId| {
        let (file, line) = places.get(id)?;
        Some(format!("{}:{}", file.path, line.saturating_add(1)))
    };
    let made = |file: &FileView, hunk: &HunkView| {
        Arc::new(Hunk {
            review: Arc::clone(&review),
            path: file.path.clone(),
            change: file.change.clone(),
            view: hunk.clone(),
            needs: hunk.needs.iter().filter_map(place).collect(),
        })
    };
    let of_file = |file: &'a FileView| {
        let open = file.hunks.iter().filter(|hunk| hunk.state.is_open());
        let pending: Vec<_> = open.map(|hunk| made(file, hunk)).collect();
        let rejected = file.hunks.iter().filter(|hunk| is_rejected(hunk));
        let rejected: Vec<_> = rejected.map(|hunk| made(file, hunk)).collect();
        (!pending.is_empty() || !rejected.is_empty()).then_some((file, pending, rejected))
    };
    proposal.files.iter().filter_map(of_file).collect()
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
