//! Operations that a crash interrupted, looked at before their proposals are shown.
//!
//! What was decided is carried out where nobody has touched the file since, and what had happened is recorded. All else
//! is left as it is: its hunks are undecided, and nothing of the user's is lost.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use aca_protocol::{OperationId, TaskId};
use aca_review::ledger::{FileLedger, Placement};
use aca_review::text;
use aca_workspace::landing::{self, Place};
use aca_workspace::objects::Blob;

use super::file::{Texts, texts};
use super::late;
use super::live::Live;
use super::undo::{self, Loaded};
use super::worker::Worker;
use crate::Error;
use crate::actor::Message;
use crate::core::{Command, Operating, State};

/// What became of an interrupted step.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// It had happened.
    Done,
    /// The file is as it was before.
    Untouched,
    /// The file is something else.
    Other,
}

impl Worker {
    /// Finishes what a crash interrupted of a task's operations.
    pub(super) async fn recover(&mut self, task: &TaskId) {
        let operations = self.task(task).map(|task| task.operations.clone()).unwrap_or_default();
        let kept = crate::layout::displaced(&self.session.dir);
        let any_kept = std::fs::read_dir(&kept).is_ok_and(|mut entries| entries.next().is_some());
        let looked_at = operations.iter().filter(|known| any_kept || !known.ended);
        let steps = looked_at.flat_map(|known| &known.operation.steps);
        let paths: BTreeSet<String> = steps.map(|step| step.path.clone()).collect();
        if let Err(error) = self.sweep(paths).await {
            let problem = format!("What an interrupted landing of task {task} left cannot be removed: {error}");
            let _ = self.shared.inbox.send(Message::Problem(problem));
        }
        for known in operations.iter().filter(|known| !known.ended) {
            if let Err(error) = self.finish_operation(task, known).await {
                let problem = format!("An interrupted landing of task {task} could not be finished: {error}");
                let _ = self.shared.inbox.send(Message::Problem(problem));
            }
        }
        // What was recorded is part of the proposal that is shown next.
        if let Err(error) = self.reload(task).await {
            tracing::warn!(%error, %task, "a recovered proposal cannot be read");
        }
    }

    /// Puts what landings on these files displaced where it belongs, and looks after it for a while.
    async fn sweep(&mut self, paths: BTreeSet<String>) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        // What one operation took out of place, an earlier or later one of any task may have put there.
        let of_these = move |state: &State| {
            let operations = state.all_tasks().flat_map(|task| &task.operations);
            let mut operations: Vec<&Operating> = operations.collect();
            operations.sort_by_key(|known| known.seq);
            let steps = operations.into_iter().flat_map(|known| &known.operation.steps);
            steps
                .filter(|step| paths.contains(&step.path))
                .cloned()
                .collect::<Vec<_>>()
        };
        let steps = self.shared.read(&self.session.id, of_these).await?;
        let mut by_path: BTreeMap<String, Vec<Loaded>> = BTreeMap::new();
        for loaded in undo::load(&self.session, steps).await? {
            by_path.entry(loaded.step.path.clone()).or_default().push(loaded);
        }
        let (root, displaced) = (self.session.root.clone(), self.displaced());
        let mut left = Left {
            known: std::mem::take(&mut self.left),
            found: Vec::new(),
        };
        let sweeping = tokio::task::spawn_blocking(move || {
            let mut files = by_path.iter();
            let settled = files.try_for_each(|(path, steps)| {
                let place = Place {
                    root: &root,
                    displaced: displaced.as_deref(),
                };
                settle(path, steps, place, &mut left)
            });
            (left, settled)
        });
        let (left, settled) = sweeping
            .await
            .map_err(|error| Error::internal("Looking for what a landing left", error))?;
        self.left = left.known;
        for kept in left.found {
            late::watch(kept, self.shared.inbox.clone());
        }
        settled.map_err(Error::Internal)
    }

    async fn finish_operation(&self, task: &TaskId, known: &Operating) -> Result<(), Error> {
        let operation = &known.operation.id;
        for group in undo::groups(known) {
            let open = group.steps.into_iter().filter(|(index, _)| !known.done.contains(index));
            let (indexes, steps): (Vec<usize>, Vec<_>) = open.unzip();
            let loaded = undo::load(&self.session, steps).await?;
            if self.finish_steps(&loaded).await {
                self.steps_done(task, operation, indexes.into_iter().collect()).await?;
            }
        }
        self.command(Command::EndOperation {
            task: task.clone(),
            operation: operation.clone(),
        })
        .await
    }

    /// Records that steps are done.
    pub(super) async fn steps_done(
        &self,
        task: &TaskId,
        operation: &OperationId,
        indexes: BTreeSet<usize>,
    ) -> Result<(), Error> {
        self.command(Command::StepsDone {
            task: task.clone(),
            operation: operation.clone(),
            indexes,
        })
        .await
    }

    /// Finishes steps that belong together. Returns whether all are done.
    async fn finish_steps(&self, steps: &[Loaded]) -> bool {
        let mut done: Vec<&Loaded> = Vec::new();
        for loaded in steps {
            let Loaded { step, before, after } = loaded;
            let finished = match self.found(loaded) {
                Found::Done => true,
                // What an editor has open by now is not changed behind its back.
                Found::Untouched if !step.open && !self.is_open(&step.path) => {
                    self.finish(step, before.clone(), after.clone()).await
                }
                Found::Untouched | Found::Other => false,
            };
            if !finished {
                // A file is not to be at two places: one that moves goes back to its old one, if nobody touched it.
                for Loaded { step, before, after } in done {
                    self.finish(step, after.clone(), before.clone()).await;
                }
                return false;
            }
            done.push(loaded);
        }
        true
    }

    /// Compares a file with what a step was to make of it.
    fn found(&self, loaded: &Loaded) -> Found {
        let Loaded { step, before, after } = loaded;
        let live = match step.open {
            true => Live::read(&self.shared.buffers, &self.session.root, &step.path),
            false => Live::on_disk(&self.session.root, &step.path),
        };
        let Ok(now) = live.content(&self.session.root, &step.path) else {
            return Found::Other;
        };
        if step.open {
            let text = |blob: Option<&Blob>| text::decode(&blob?.bytes).map(|decoded| decoded.text);
            let now = text(now.as_ref());
            return match () {
                () if now == text(after.as_ref()) => Found::Done,
                () if now == text(before.as_ref()) => Found::Untouched,
                () if has_all(before.as_ref(), after.as_ref(), now.as_deref()) => Found::Done,
                () => Found::Other,
            };
        }
        let text = || text::decode(&now.as_ref()?.bytes).map(|decoded| decoded.text);
        match () {
            () if now == *after => Found::Done,
            () if now == *before => Found::Untouched,
            () if has_all(before.as_ref(), after.as_ref(), text().as_deref()) => Found::Done,
            () => Found::Other,
        }
    }
}

/// Whether a text has everything that a step was to bring, beside what the user wrote since.
fn has_all(before: Option<&Blob>, after: Option<&Blob>, now: Option<&str>) -> bool {
    let (Some(Texts { before, after, .. }), Some(now)) = (texts(before, after), now) else {
        return false;
    };
    let mut ledger = FileLedger::new("", &before, &after);
    let mut placements = ledger.place(now).iter();
    placements.all(|placement| matches!(placement, Placement::AlreadyThere { .. }))
}

/// What earlier processes left.
struct Left {
    /// All that was found so far. Each of them is looked after once, though several tasks may have changed its file.
    known: HashSet<PathBuf>,
    /// What is to be looked after from now on.
    found: Vec<late::Kept>,
}

/// Settles what landings on one file left. `steps` are all that were ever planned for it, oldest first.
fn settle(path: &str, steps: &[Loaded], place: Place<'_>, all: &mut Left) -> Result<(), String> {
    let now = match Live::on_disk(place.root, path) {
        Live::Closed(now) => Some(now),
        _ => None,
    };
    let is = |blob: &Option<Blob>, bytes: &[u8]| blob.as_ref().is_some_and(|blob| blob.bytes == bytes);
    let is_known = |left: &[u8]| {
        let mut steps = steps.iter();
        is(&now, left) || steps.any(|step| is(&step.before, left) || is(&step.after, left))
    };
    let landed = steps.last().and_then(|step| step.after.clone());
    for left in landing::recover(place, path, is_known).map_err(|error| error.to_string())? {
        if left.path().is_some_and(|left| !all.known.insert(left.to_owned())) {
            continue;
        }
        let kept = late::settle(left, (place.root, path), |late| nearest(steps, late), landed.clone())?;
        all.found.push(kept);
    }
    Ok(())
}

/// Returns the content that a late save was made of: that of the steps which it differs least from.
fn nearest(steps: &[Loaded], late: &[u8]) -> Option<Blob> {
    let late = text::decode(late);
    let contents = steps
        .iter()
        .rev()
        .flat_map(|step| [&step.before, &step.after])
        .flatten();
    let distance = |blob: &&Blob| {
        let texts = text::decode(&blob.bytes).zip(late.as_ref());
        texts.map_or(usize::MAX, |(known, late)| {
            let hunks = aca_review::hunks("", &known.text, &late.text);
            hunks.iter().map(|hunk| hunk.base.len() + hunk.result.len()).sum()
        })
    };
    contents.min_by_key(distance).cloned()
}
