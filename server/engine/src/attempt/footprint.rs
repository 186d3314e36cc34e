//! Which files the tasks at work have read or changed, and which of those a person changes meanwhile.
//!
//! What a task reads is known from its tool calls, what it changes also from its checkout, whatever program did it.
//! A person's change is told once for each task and file: what the file says then is not what the task began with.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::agent::RecordBody;
use aca_protocol::methods::ConflictParams;
use aca_workspace::objects::{Blob, Tree};
use aca_workspace::paths;
use aca_workspace::watch::Watcher;
use tokio::sync::mpsc;

use super::Context;
use crate::handle::{Change, Shared};
use crate::proposal::Live;

/// The most files that are known of one task.
const MAX_FILES: usize = 20_000;

/// The files of all tasks at work.
#[derive(Default)]
pub(crate) struct Footprints {
    tasks: Mutex<HashMap<TaskId, Footprint>>,
}

/// The files of one task at work.
struct Footprint {
    title: String,
    root: std::path::PathBuf,
    files: HashMap<String, Trace>,
}

/// What is known of a file that a task has read or changed.
struct Trace {
    /// Whether it has changed it.
    changed: bool,
    /// What the task began with, in short; nothing where there was no such file.
    base: Option<u64>,
    /// Whether the person knows that they have changed it too.
    noted: bool,
}

impl Footprints {
    /// Says whether a task at work has read or changed a file.
    pub(crate) fn has(&self, task: &TaskId, path: &str) -> bool {
        self.tasks()
            .get(task)
            .is_some_and(|footprint| footprint.files.contains_key(path))
    }

    /// Looks at a file that may have changed, and tells subscribers of every task at work that it concerns.
    pub(crate) fn touched(&self, shared: &Shared, path: &Path) {
        let mut conflicts = Vec::new();
        for (task, footprint) in &mut *self.tasks() {
            let Some(path) = paths::relative(&footprint.root, path) else {
                continue;
            };
            let Some(trace) = footprint.files.get_mut(&path).filter(|trace| !trace.noted) else {
                continue;
            };
            let live = Live::read(&shared.buffers, &footprint.root, &path);
            // What cannot be read may say anything.
            trace.noted = live
                .content(&footprint.root, &path)
                .map_or(true, |content| brief(content.as_ref()) != trace.base);
            if trace.noted {
                conflicts.push(ConflictParams {
                    task: task.clone(),
                    title: footprint.title.clone(),
                    changed: trace.changed,
                    path,
                });
            }
        }
        for conflict in conflicts {
            // Nobody may be listening.
            let _ = shared.changes.send(Change::Conflict(conflict));
        }
    }

    /// Looks at all files of the tasks at work in a workspace, of which any may have changed.
    pub(crate) fn look_again(&self, shared: &Shared, root: &Path) {
        let paths: HashSet<_> = {
            let tasks = self.tasks();
            let here = tasks.values().filter(|footprint| footprint.root == root);
            here.flat_map(|footprint| footprint.files.keys().map(|path| root.join(path)))
                .collect()
        };
        paths.iter().for_each(|path| self.touched(shared, path));
    }

    /// Returns those of these files that nothing is known of yet; of the others, what was changed is noted.
    fn unknown(&self, task: &TaskId, files: HashMap<String, bool>) -> HashMap<String, bool> {
        let mut tasks = self.tasks();
        let Some(footprint) = tasks.get_mut(task) else {
            return HashMap::new();
        };
        let mut unknown = files;
        unknown.retain(|path, changed| match footprint.files.get_mut(path) {
            Some(trace) => {
                trace.changed |= *changed;
                false
            }
            None => true,
        });
        unknown
    }

    /// Takes files over, each with what the task began with.
    fn add(&self, task: &TaskId, files: impl Iterator<Item = (String, bool, Option<Blob>)>) {
        let mut tasks = self.tasks();
        let Some(footprint) = tasks.get_mut(task) else { return };
        for (path, changed, base) in files {
            // A file that is only looked for, or that git ignores, is none of the task's.
            if (changed || base.is_some()) && footprint.files.len() < MAX_FILES {
                let trace = Trace {
                    changed,
                    base: brief(base.as_ref()),
                    noted: false,
                };
                footprint.files.insert(path, trace);
            }
        }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<TaskId, Footprint>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a number that differs where contents do.
fn brief(content: Option<&Blob>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    content?.bytes.hash(&mut hasher);
    Some(hasher.finish())
}

/// Follows what one attempt reads and changes. Dropping it forgets that.
pub(super) struct Tracker {
    shared: Arc<Shared>,
    task: TaskId,
    root: std::path::PathBuf,
    found: mpsc::UnboundedSender<(String, bool)>,
    _watcher: Watcher,
}

impl Tracker {
    /// Begins with the attempt's checkout as it is now.
    pub(super) fn new(context: &Context, base: Tree) -> Self {
        let (shared, task, root) = (&context.shared, &context.task, &context.session.root);
        let footprint = Footprint {
            title: task.title.clone(),
            root: root.clone(),
            files: HashMap::new(),
        };
        shared.footprints.tasks().insert(task.id.clone(), footprint);
        let (found, files) = mpsc::unbounded_channel();
        let session = Arc::clone(&context.session);
        tokio::spawn(follow(Arc::clone(shared), session, (task.id.clone(), base), files));
        let (work, changed) = (context.dir.work(), found.clone());
        let watcher = Watcher::new(&context.dir.work(), move |changes| {
            let inside = changes.paths.iter().filter_map(|path| paths::relative(&work, path));
            // Nobody follows any more once the attempt has ended.
            inside.for_each(|path| drop(changed.send((path, true))));
        });
        Self {
            shared: Arc::clone(shared),
            task: task.id.clone(),
            root: root.clone(),
            found,
            _watcher: watcher,
        }
    }

    /// Takes an event of the journal into account.
    pub(super) fn see(&self, event: &RecordBody) {
        if let Some(file) = file_of(event, &self.root) {
            let _ = self.found.send(file);
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.shared.footprints.tasks().remove(&self.task);
    }
}

/// Finds out what the task began with, for every file that is new, and whether a person has changed that already.
async fn follow(
    shared: Arc<Shared>,
    session: Arc<crate::actor::SessionContext>,
    (task, base): (TaskId, Tree),
    mut files: mpsc::UnboundedReceiver<(String, bool)>,
) {
    while let Some((path, changed)) = files.recv().await {
        let mut batch = HashMap::from([(path, changed)]);
        while let Ok((path, changed)) = files.try_recv() {
            *batch.entry(path).or_default() |= changed;
        }
        let new: Vec<(String, bool)> = shared.footprints.unknown(&task, batch).into_iter().collect();
        if new.is_empty() {
            continue;
        }
        let paths: Vec<String> = new.iter().map(|(path, _)| path.clone()).collect();
        let (session, base) = (Arc::clone(&session), base.clone());
        let root = session.root.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            session.objects.files_at(&base, &paths)
        });
        match reading.await {
            Ok(Ok(found)) => {
                let paths: Vec<_> = new.iter().map(|(path, _)| root.join(path)).collect();
                let files = new.into_iter().zip(found);
                shared
                    .footprints
                    .add(&task, files.map(|((path, changed), base)| (path, changed, base)));
                paths.iter().for_each(|path| shared.footprints.touched(&shared, path));
            }
            Ok(Err(error)) => tracing::warn!(%error, %task, "what a task began with could not be read"),
            Err(error) => tracing::warn!(%error, %task, "what a task began with could not be read"),
        }
    }
}

/// Returns the file that a tool call is about, relative to the workspace, and whether the call changes it.
fn file_of(event: &RecordBody, root: &Path) -> Option<(String, bool)> {
    let RecordBody::ToolUse { tool, about, .. } = event else {
        return None;
    };
    let changes = match tool.as_str() {
        "Read" | "read_file" => false,
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" | "edit_file" | "write_file" => true,
        _ => return None,
    };
    let path = paths::relative(root, &root.join(about.trim_start_matches("./")))?;
    Some((path, changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_both_drivers_name_files() {
        let cases = [
            ("Read", "src/a.rs", Some(("src/a.rs", false))),
            ("Edit", "/ws/src/a.rs", Some(("src/a.rs", true))),
            ("write_file", "./b", Some(("b", true))),
            ("read_file", "/etc/passwd", None),
            ("Write", "../b", None),
            ("Bash", "cat a", None),
        ];
        for (tool, about, wanted) in cases {
            let event = RecordBody::ToolUse {
                id: "t".into(),
                tool: tool.into(),
                about: about.into(),
            };
            let wanted = wanted.map(|(path, changes)| (path.to_owned(), changes));
            assert_eq!(file_of(&event, Path::new("/ws")), wanted, "{tool} {about}");
        }
    }
}
