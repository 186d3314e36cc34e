//! Going back to a checkpoint: what has to be done to files for it, and what follows for each task.
//!
//! Going back is one more thing that happens. Nothing of the history goes away: tasks that were made since are set
//! aside, attempts keep their names, operations stay recorded, and a later checkpoint leads to where one was before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aca_protocol::proposal::{CheckState, Decision};
use aca_protocol::task::Usage;
use aca_protocol::{CheckpointId, HunkId, OperationId, TaskId};

use super::{Event, Phase, State, Task};
use crate::Error;

/// An operation that is to be taken back, in part, on the way to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toggle {
    /// The operation's task.
    pub task: TaskId,
    /// The operation.
    pub operation: OperationId,
    /// The hunks of it.
    pub hunks: Vec<HunkId>,
    /// Whether its taking back puts them into the files again.
    pub lands: bool,
}

/// A hunk as an operation that undoes nothing brought it, and the newest operation that brought or took it.
type Tips<'s> = BTreeMap<(&'s OperationId, HunkId), usize>;

impl State {
    /// Returns why the session cannot go back now, if so.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the tasks that are at work.
    pub fn may_restore(&self) -> Result<(), Error> {
        let at_work: Vec<String> = self
            .tasks()
            .filter(|task| task.is_at_work())
            .map(|task| format!("{} ({})", task.id, task.title))
            .collect();
        if !at_work.is_empty() {
            return Err(Error::Invalid(format!(
                "The session cannot go back while tasks are at work: {}. Wait for them, or stop them with `aca stop`.",
                at_work.join(", ")
            )));
        }
        let mut operations = self.all_tasks().flat_map(|task| &task.operations);
        if self.active() > 0 || operations.any(|known| !known.ended) {
            return Err(Error::Invalid(
                "A landing or an attempt is under way. Go back when it has ended.".to_owned(),
            ));
        }
        Ok(())
    }

    /// Returns what has to be taken back, in this order, for the files to have of each operation what they had in the
    /// state `then`: newest first, so that each finds what it left.
    pub fn way_back(&self, then: &State) -> Vec<Toggle> {
        let mut found: Vec<(u64, Toggle)> = Vec::new();
        for task in self.all_tasks() {
            let landed_then = then.task(&task.id).map(Task::landed_hunks).unwrap_or_default();
            let mut by_tip: BTreeMap<usize, Vec<HunkId>> = BTreeMap::new();
            for ((root, hunk), tip) in task.tips() {
                let now = task.lands_at(tip);
                let before = landed_then.contains(&(root.clone(), hunk.clone()));
                if now != before {
                    by_tip.entry(tip).or_default().push(hunk);
                }
            }
            for (tip, hunks) in by_tip {
                let Some(known) = task.operations.get(tip) else {
                    continue;
                };
                let toggle = Toggle {
                    task: task.id.clone(),
                    operation: known.operation.id.clone(),
                    hunks,
                    lands: !task.lands_at(tip),
                };
                found.push((known.seq, toggle));
            }
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.into_iter().map(|(_, toggle)| toggle).collect()
    }

    /// Returns the events of going back to a checkpoint, where the state was `then`. What could be done to files is done
    /// by now.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown checkpoint; those of [`State::may_restore`].
    pub(super) fn restore(
        &self,
        checkpoint: CheckpointId,
        then: &State,
        by_hand: &BTreeMap<TaskId, BTreeSet<HunkId>>,
    ) -> Result<Vec<Event>, Error> {
        let none = BTreeSet::new();
        let seq = self.checkpoint(&checkpoint)?.seq;
        self.may_restore()?;
        if then.seq() != seq || then.session() != self.session() {
            return Err(Error::Internal(format!(
                "The state at the checkpoint {checkpoint} was not read as it was recorded."
            )));
        }
        let mut events = vec![Event::Restored { checkpoint, seq }];
        for now in self.all_tasks() {
            let by_hand = by_hand.get(&now.id).unwrap_or(&none);
            let was = match then.task(&now.id).filter(|was| !was.aside) {
                // What could not be taken back stays where a person can undo it.
                None if now.aside || now.has_landed(by_hand) => continue,
                None => None,
                Some(was) => {
                    let back = if was.is_at_work() {
                        now.bare()
                    } else {
                        was.as_it_was(now, by_hand)
                    };
                    if !now.aside && back == now.bare() {
                        continue;
                    }
                    Some(Box::new(back))
                }
            };
            let task = now.id.clone();
            events.push(Event::TaskRestored { task, was });
        }
        Ok(events)
    }
}

impl Task {
    /// Folds the going back of the session into the task.
    pub(super) fn restored(&mut self, was: Option<&Self>) {
        let Some(was) = was else {
            self.aside = true;
            return;
        };
        let now = std::mem::replace(self, was.clone());
        self.operations = now.operations;
        self.usage = now.usage;
        self.revision = now.revision;
        self.changed_ms = now.changed_ms;
    }

    /// Returns the task without what it keeps when the session goes back.
    fn bare(&self) -> Self {
        let mut bare = self.clone();
        bare.operations.clear();
        bare.usage = Usage::default();
        bare.revision = 0;
        bare.changed_ms = 0;
        bare.aside = false;
        bare
    }

    /// Returns the task as it was, with decisions that say what the files say, given what landed by `now` and what is as it
    /// was then `by_hand`.
    fn as_it_was(&self, now: &Self, by_hand: &BTreeSet<HunkId>) -> Self {
        let mut back = self.bare();
        let hunks = |landed: BTreeSet<(OperationId, HunkId)>| -> BTreeSet<HunkId> {
            landed.into_iter().map(|(_, hunk)| hunk).collect()
        };
        let (then, landed) = (hunks(self.landed_hunks()), hunks(now.landed_hunks()));
        // What was done by hand is as it was then, whatever else landed or was taken back meanwhile.
        let is_in = |hunk: &HunkId| if by_hand.contains(hunk) { &then } else { &landed }.contains(hunk);
        let (mut missing, mut left) = (0_u32, 0_u32);
        for hunk in self.hunks() {
            let accepted = self.decisions.get(hunk) == Some(&Decision::Accept);
            match (accepted, is_in(hunk)) {
                (true, false) if then.contains(hunk) => {
                    missing += 1;
                    back.decisions.remove(hunk);
                    back.landed.remove(hunk);
                }
                (false, true) => {
                    left += 1;
                    back.decisions.insert(hunk.clone(), Decision::Accept);
                    back.landed.extend(
                        now.landed
                            .get_key_value(hunk)
                            .map(|(hunk, text)| (hunk.clone(), text.clone())),
                    );
                }
                _ => {}
            }
        }
        if missing > 0 {
            back.note = format!("{missing} of its hunks had landed at the checkpoint and could not be landed again.");
        }
        if left > 0 {
            back.note = format!("{left} of its hunks had not landed at the checkpoint and could not be taken back.");
        }
        // Nothing runs any more that ran then.
        back.check.take_if(|check| check.state == CheckState::Running);
        let over = matches!(back.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Lost { .. });
        if over && back.pending().next().is_some() {
            back.phase = Phase::Review;
        }
        back
    }

    /// Whether anything that it landed is in the files, but for what was taken out `by_hand`.
    fn has_landed(&self, by_hand: &BTreeSet<HunkId>) -> bool {
        self.landed_hunks().iter().any(|(_, hunk)| !by_hand.contains(hunk))
    }

    /// Returns the hunks that are in the files by an operation, each with the operation that first brought it.
    pub(crate) fn landed_hunks(&self) -> BTreeSet<(OperationId, HunkId)> {
        let tips = self.tips().into_iter();
        let landed = tips.filter(|(_, tip)| self.lands_at(*tip));
        landed.map(|((root, hunk), _)| (root.clone(), hunk)).collect()
    }

    /// Returns the hunks that are in the files by an operation, by what it takes back, or by what took it back.
    pub(super) fn landed_by(&self, operation: &OperationId) -> BTreeSet<HunkId> {
        let mut root = operation;
        // An operation takes back only earlier ones, so this ends.
        while let Some(undone) = self.operation(root).and_then(|known| known.operation.undoes.as_ref()) {
            root = undone;
        }
        let landed = self.landed_hunks().into_iter();
        landed.filter(|(by, _)| by == root).map(|(_, hunk)| hunk).collect()
    }

    /// Returns, for each hunk that an operation brought, the index of the newest operation that brought it or took it
    /// back.
    fn tips(&self) -> Tips<'_> {
        let mut roots: HashMap<&OperationId, &OperationId> = HashMap::new();
        let mut tips = Tips::new();
        for (index, known) in self.operations.iter().enumerate() {
            let operation = &known.operation;
            let undone = operation.undoes.as_ref();
            let root = undone
                .and_then(|undone| roots.get(undone).copied())
                .unwrap_or(&operation.id);
            roots.insert(&operation.id, root);
            for hunk in known.carried_out() {
                tips.insert((root, hunk), index);
            }
        }
        tips
    }

    fn lands_at(&self, index: usize) -> bool {
        self.operations
            .get(index)
            .is_some_and(|known| self.lands(&known.operation.id))
    }
}
