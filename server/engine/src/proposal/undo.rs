//! Taking operations back: the reverse change of each of their files, merged into what the files say now.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use aca_protocol::methods::{OperationView, UndoParams, UndoResult};
use aca_protocol::{HunkId, OperationId, TaskId};
use aca_review::ledger::{FileLedger, Resolution, Span};
use aca_workspace::objects::{Blob, Objects};

use super::file::{Texts, texts};
use super::perform::Outcome;
use super::plan::{Aim, Change, Chosen, Move};
use super::worker::Worker;
use crate::Error;
use crate::actor::SessionContext;
use crate::core::{Content, Operating, State, Step, Task};

/// Steps of an operation that belong together: of one file, or of one that moves.
pub(super) struct Group {
    pub(super) steps: Vec<(usize, Step)>,
}

/// A step with its contents.
pub(super) struct Loaded {
    pub(super) step: Step,
    pub(super) before: Option<Blob>,
    pub(super) after: Option<Blob>,
}

/// Returns the operations of a session as front ends see them, oldest first.
pub(crate) fn operations(state: &State) -> Vec<OperationView> {
    let of = |task: &Task| {
        let view = |known: &Operating| OperationView {
            id: known.operation.id.clone(),
            task: task.id.clone(),
            undoes: known.operation.undoes.clone(),
            at_ms: known.at_ms,
            paths: written(known),
            hunks: task.standing(&known.operation.id),
        };
        let ordered = |known: &Operating| (known.seq, view(known));
        task.operations.iter().map(ordered).collect::<Vec<_>>()
    };
    let mut operations: Vec<(u64, OperationView)> = state.tasks().flat_map(of).collect();
    operations.retain(|(_, operation)| !operation.paths.is_empty());
    // The clock may have been set back meanwhile.
    operations.sort_by_key(|(seq, _)| *seq);
    operations.into_iter().map(|(_, operation)| operation).collect()
}

fn written(known: &Operating) -> Vec<String> {
    let steps = known.operation.steps.iter().enumerate();
    let done = steps.filter(|(index, _)| known.done.contains(index));
    let mut paths: Vec<String> = done.map(|(_, step)| step.path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Returns the task of an operation, and the operation: the one that was named, or the newest landing that stands.
fn chosen(state: &State, wanted: Option<&OperationId>) -> Option<(TaskId, OperationId)> {
    // One of a task that is set aside is chosen only by its name.
    let all = state
        .all_tasks()
        .flat_map(|task| task.operations.iter().map(move |known| (task, known)));
    let found = match wanted {
        Some(wanted) => all.into_iter().find(|(_, known)| known.operation.id == *wanted),
        None => all
            .filter(|(task, _)| !task.aside)
            .filter(|(task, known)| {
                let id = &known.operation.id;
                known.ended && known.operation.undoes.is_none() && !task.standing(id).is_empty()
            })
            .max_by_key(|(_, known)| known.seq),
    };
    found.map(|(task, known)| (task.id.clone(), known.operation.id.clone()))
}

impl Worker {
    /// Takes an operation back, whole or by hunk.
    pub(super) async fn undo(&mut self, params: UndoParams) -> Result<UndoResult, Error> {
        let UndoParams { operation, hunks, .. } = params;
        let (task, operation) = self.operation(operation).await?;
        self.reload_whole(&task).await?;
        self.begin(&task);
        let known = self.task(&task).and_then(|task| task.operation(&operation)).cloned();
        let known = known.ok_or_else(|| Error::NotFound(format!("There is no operation {operation}.")))?;
        if !known.ended {
            let reason = format!("The operation {operation} is under way. Undo it when it has ended.");
            return Err(Error::Invalid(reason));
        }
        let standing = self
            .task(&task)
            .map(|task| task.standing(&operation))
            .unwrap_or_default();
        let mut outcome = Outcome::default();
        let wanted = match hunks {
            None => standing,
            Some(hunks) => {
                let standing: HashSet<HunkId> = standing.into_iter().collect();
                let (wanted, others): (Vec<HunkId>, Vec<HunkId>) =
                    hunks.into_iter().partition(|hunk| standing.contains(hunk));
                outcome.refuse(others, "It is not part of this operation, or was taken back already.");
                wanted
            }
        };
        let aims = self.reverse(&known, &wanted, &mut outcome).await?;
        let done = self.operate(&task, Some(operation), aims).await?;
        outcome.refused.extend(done.refused);
        self.reload(&task).await?;
        self.publish(&task, |_| true);
        Ok(UndoResult {
            operation: done.operation,
            hunks: done.carried,
            refused: outcome.refused,
            proposal: self.view(&task),
        })
    }

    async fn operation(&self, wanted: Option<OperationId>) -> Result<(TaskId, OperationId), Error> {
        let named = wanted.clone();
        let read = self
            .shared
            .read(&self.session.id, move |state| chosen(state, wanted.as_ref()));
        read.await?.ok_or_else(|| match named {
            Some(named) => Error::NotFound(format!(
                "There is no operation {named} in this workspace. `aca undo --list` lists them."
            )),
            None => Error::Invalid("There is no landing to undo in this workspace.".to_owned()),
        })
    }

    /// Returns the aims that take hunks of an operation back, last step first.
    async fn reverse(&self, known: &Operating, wanted: &[HunkId], outcome: &mut Outcome) -> Result<Vec<Aim>, Error> {
        let mut aims = Vec::new();
        let wanted: HashSet<&HunkId> = wanted.iter().collect();
        let is_wanted = |(_, step): &(usize, Step)| step.hunks.iter().any(|hunk| wanted.contains(hunk));
        let is_done = |(index, _): &(usize, Step)| known.done.contains(index);
        let mut groups = groups(known);
        groups.retain(|group| group.steps.iter().all(is_done) && group.steps.iter().any(is_wanted));
        groups.reverse();
        let steps = groups.iter().flat_map(|group| &group.steps);
        let steps: Vec<Step> = steps.map(|(_, step)| step.clone()).collect();
        let mut all = load(&self.session, steps).await?.into_iter();
        for group in groups {
            let loaded: Vec<Loaded> = all.by_ref().take(group.steps.len()).collect();
            let hunks = loaded.iter().flat_map(|loaded| loaded.step.hunks.clone());
            let hunks: Vec<HunkId> = hunks.filter(|hunk| wanted.contains(hunk)).collect();
            match reversed(&loaded, &hunks) {
                Ok(change) => aims.push(Aim {
                    change,
                    keeps_all: true,
                }),
                Err(reason) => outcome.refuse(hunks, &reason),
            }
        }
        Ok(aims)
    }
}

/// Returns an operation's steps in groups, in order.
pub(super) fn groups(known: &Operating) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, step) in known.operation.steps.iter().enumerate() {
        let shares = |group: &&mut Group| {
            let hunks = group.steps.iter().flat_map(|(_, step)| &step.hunks);
            hunks.into_iter().any(|hunk| step.hunks.contains(hunk))
        };
        match groups.last_mut().filter(shares) {
            Some(group) => group.steps.push((index, step.clone())),
            None => groups.push(Group {
                steps: vec![(index, step.clone())],
            }),
        }
    }
    groups
}

/// Reads the contents of steps.
///
/// # Errors
///
/// [`Error::Internal`] if the object store does not have them.
pub(super) async fn load(session: &Arc<SessionContext>, steps: Vec<Step>) -> Result<Vec<Loaded>, Error> {
    let session = Arc::clone(session);
    let reading = tokio::task::spawn_blocking(move || contents(&session.objects, steps));
    let read = reading
        .await
        .map_err(|error| Error::internal("Reading contents", error))?;
    read.map_err(|error| Error::Internal(error.to_string()))
}

fn contents(objects: &Objects, steps: Vec<Step>) -> Result<Vec<Loaded>, aca_workspace::objects::Error> {
    let sides = steps.iter().flat_map(|step| [&step.before, &step.after]).flatten();
    let blobs: Vec<&str> = sides.map(|content| content.blob.as_str()).collect();
    let mut read = objects.read(&blobs)?.into_iter();
    let mut blob = |content: &Option<Content>| {
        let content = content.as_ref()?;
        Some(Blob {
            bytes: read.next()?,
            executable: content.executable,
        })
    };
    let both: Vec<(Option<Blob>, Option<Blob>)> = steps
        .iter()
        .map(|step| (blob(&step.before), blob(&step.after)))
        .collect();
    let loaded = |(step, (before, after))| Loaded { step, before, after };
    Ok(steps.into_iter().zip(both).map(loaded).collect())
}

/// Returns the change that takes hunks of steps that belong together back.
fn reversed(steps: &[Loaded], hunks: &[HunkId]) -> Result<Change, String> {
    match steps {
        [only] => reversed_one(only, hunks),
        [arrived, left] => {
            let (Some(hunk), Some(result), Some(base)) = (hunks.first(), left.before.clone(), arrived.after.clone())
            else {
                return Err(format!("{} cannot be taken back.", arrived.step.path));
            };
            Ok(Change::Move(Move {
                hunk: hunk.clone(),
                from: arrived.step.path.clone(),
                to: left.step.path.clone(),
                base,
                result,
                leaves: arrived.before.clone(),
                over: left.after.clone(),
                force: false,
            }))
        }
        _ => Err("The operation has steps that do not belong together.".to_owned()),
    }
}

fn reversed_one(loaded: &Loaded, hunks: &[HunkId]) -> Result<Change, String> {
    let Loaded { step, before, after } = loaded;
    let path = step.path.clone();
    let (Some(old), Some(new)) = (before, after) else {
        return Ok(Change::Whole {
            path,
            hunks: hunks.to_vec(),
            from: after.clone(),
            to: before.clone(),
            permissions: step.permissions,
            force: false,
        });
    };
    if old.bytes == new.bytes && old.executable != new.executable {
        return Ok(Change::Mode {
            path,
            hunks: hunks.to_vec(),
            executable: old.executable,
        });
    }
    let Some(texts) = texts(after.as_ref(), before.as_ref()) else {
        return Ok(Change::Whole {
            path,
            hunks: hunks.to_vec(),
            from: after.clone(),
            to: before.clone(),
            permissions: step.permissions,
            force: false,
        });
    };
    let (ledger, within) = parts(step, &texts, hunks)?;
    let chosen = within.into_iter().map(|(hunk, within)| Chosen {
        hunk,
        within,
        resolution: Resolution::Merge,
    });
    Ok(Change::Lines {
        chosen: chosen.collect(),
        ledger: Box::new(ledger),
        encoding: texts.encoding,
        landed: landed(step, hunks),
        path,
    })
}

/// Returns the texts of hunks that a step landed, for who takes their taking back back.
fn landed(step: &Step, hunks: &[HunkId]) -> BTreeMap<HunkId, String> {
    let landed = step.landed.iter().filter(|(hunk, _)| hunks.contains(hunk));
    landed.map(|(hunk, text)| (hunk.clone(), text.clone())).collect()
}

/// Cuts the reverse of a step into its hunks. Returns those of `hunks` with what they are called in there.
fn parts(step: &Step, texts: &Texts, hunks: &[HunkId]) -> Result<(FileLedger, Vec<(HunkId, HunkId)>), String> {
    let mut order: Vec<usize> = (0..step.spans.len()).collect();
    order.sort_by_key(|index| step.spans.get(*index).map(|span| (span.result.start, span.base.start)));
    let spans = order.iter().filter_map(|index| step.spans.get(*index));
    let spans: Vec<Span> = spans
        .map(|span| Span {
            base: span.result.clone(),
            result: span.base.clone(),
            nth: span.nth,
        })
        .collect();
    let cut = FileLedger::with_spans("", &texts.before, &texts.after, &spans).ok();
    if let Some(ledger) = cut.filter(|_| step.spans.len() == step.hunks.len()) {
        let named: BTreeMap<&HunkId, HunkId> = order
            .iter()
            .zip(ledger.hunks())
            .filter_map(|(index, hunk)| Some((step.hunks.get(*index)?, hunk.id.clone())))
            .collect();
        let within = hunks
            .iter()
            .filter_map(|hunk| Some((hunk.clone(), named.get(hunk)?.clone())));
        let within = within.collect();
        return Ok((ledger, within));
    }
    if hunks.len() < step.hunks.len() {
        return Err(format!(
            "It landed together with others in {}, and they cannot be told apart. Undo the landing as a whole.",
            step.path
        ));
    }
    let ledger = FileLedger::new("", &texts.before, &texts.after);
    // Every hunk and every change is in it, however many there are of each.
    let changes: Vec<HunkId> = ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
    let pairs = hunks.iter().cycle().zip(changes.iter().cycle());
    let within = pairs.take(hunks.len().max(changes.len()));
    let within = within.map(|(hunk, change)| (hunk.clone(), change.clone())).collect();
    Ok((ledger, within))
}
