//! What may be decided about a proposal: operations, decisions, cuts and amendments.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::proposal::Decision;
use aca_protocol::{HunkId, OperationId, TaskId};

use super::{Edit, Event, Operating, Operation, Span, State, Step};
use crate::Error;

impl State {
    pub(super) fn operate(&self, task: TaskId, operation: Operation) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        if known.operation(&operation.id).is_some() {
            return Err(Error::Invalid(format!(
                "There is an operation {} already.",
                operation.id
            )));
        }
        match &operation.undoes {
            Some(undone) => drop(self.known_operation(&task, undone)?),
            None => {
                for step in &operation.steps {
                    self.undecided(&task, &step.hunks)?;
                }
            }
        }
        Ok(vec![Event::OperationPlanned { task, operation }])
    }

    pub(super) fn steps_done(
        &self,
        task: TaskId,
        operation: OperationId,
        indexes: &BTreeSet<usize>,
    ) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        let mut goes_on = self.known_operation(&task, &operation)?.open_steps();
        let proposed: BTreeSet<&HunkId> = known.hunks().collect();
        let lands = known.lands(&operation);
        let mut events = Vec::new();
        for &index in indexes {
            let step = self.open_step(&task, &operation, index)?;
            events.push(Event::StepDone {
                task: task.clone(),
                operation: operation.clone(),
                index,
            });
            let mut hunks = Vec::new();
            for hunk in &step.hunks {
                // What takes several steps is decided by the last of them.
                let Some(open) = goes_on.get_mut(hunk) else { continue };
                open.remove(&index);
                if open.is_empty() && goes_on.remove(hunk).is_some() && proposed.contains(hunk) {
                    hunks.push(hunk.clone());
                }
            }
            if hunks.is_empty() {
                continue;
            }
            let task = task.clone();
            events.push(if lands {
                Event::Decided {
                    task,
                    hunks,
                    decision: Decision::Accept,
                    landed: step.landed.clone(),
                }
            } else {
                Event::Reopened { task, hunks }
            });
        }
        Ok(events)
    }

    pub(super) fn decide_hunks(
        &self,
        task: TaskId,
        hunks: Vec<HunkId>,
        decision: Decision,
    ) -> Result<Vec<Event>, Error> {
        if decision == Decision::Reopen {
            return self.reopen(task, &hunks);
        }
        let open = self.undecided(&task, &hunks)?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Decided {
            task,
            hunks: open,
            decision,
            landed: BTreeMap::new(),
        }])
    }

    pub(super) fn reopen(&self, task: TaskId, hunks: &[HunkId]) -> Result<Vec<Event>, Error> {
        let open = self.undecided(&task, hunks)?;
        let known = self.known_task(&task)?;
        // What was accepted because it was there already has no landing that could be undone.
        let landed = |hunk: &&HunkId| known.decisions.get(*hunk) == Some(&Decision::Accept) && known.wrote(hunk);
        if let Some(landed) = hunks.iter().find(landed) {
            return Err(Error::Invalid(format!(
                "The hunk {landed} has landed. Undo the landing instead."
            )));
        }
        let open: BTreeSet<HunkId> = open.into_iter().collect();
        let hunks: Vec<HunkId> = hunks.iter().filter(|hunk| !open.contains(hunk)).cloned().collect();
        Ok((!hunks.is_empty())
            .then_some(Event::Reopened { task, hunks })
            .into_iter()
            .collect())
    }

    pub(super) fn regroup(
        &self,
        task: TaskId,
        path: String,
        (hunks, spans, from): (Vec<HunkId>, Vec<Span>, Vec<(HunkId, HunkId)>),
    ) -> Result<Vec<Event>, Error> {
        let known = self.known_task(&task)?;
        let Some(proposed) = &known.proposed else {
            return Err(no_proposal(&task));
        };
        let before = proposed.hunks.iter().filter(|hunk| hunk.path == path);
        let lost = before
            .filter(|hunk| !hunks.contains(&hunk.id))
            .find(|hunk| known.decisions.contains_key(&hunk.id));
        if let Some(lost) = lost {
            return Err(Error::Invalid(format!(
                "The hunk {} is decided, so it is neither cut nor joined.",
                lost.id
            )));
        }
        Ok(vec![Event::Regrouped {
            task,
            path,
            hunks,
            spans,
            from,
        }])
    }

    pub(super) fn edit(&self, edit: Edit) -> Result<Vec<Event>, Error> {
        let Edit {
            task,
            path,
            hunks,
            spans,
            from,
            reopened,
            amended,
        } = edit;
        let mut events = self.reopen(task.clone(), &reopened)?;
        let known = self.known_task(&task)?;
        let proposed = known.proposed.iter().flat_map(|proposed| &proposed.hunks);
        let before: Vec<&HunkId> = proposed.filter(|hunk| hunk.path == path).map(|hunk| &hunk.id).collect();
        let lost = |hunk: &&&HunkId| !hunks.contains(hunk) && !reopened.contains(hunk);
        if let Some(lost) = before
            .iter()
            .filter(lost)
            .find(|hunk| known.decisions.contains_key(**hunk))
        {
            return Err(Error::Invalid(format!(
                "The hunk {lost} is decided, so it stays as it is."
            )));
        }
        let same = before.into_iter().eq(&hunks) && known.spans.get(&path).is_none_or(|known| *known == spans);
        if !same {
            events.push(Event::Regrouped {
                task: task.clone(),
                path,
                hunks,
                spans,
                from,
            });
        }
        let differs = |(hunk, text, over): &(HunkId, Option<String>, Option<String>)| {
            (known.amended.get(hunk), known.over.get(hunk)) != (text.as_ref(), over.as_ref())
        };
        let amended = amended.into_iter().filter(differs);
        events.extend(amended.map(|(hunk, text, over)| Event::Amended {
            task: task.clone(),
            hunk,
            text,
            over,
        }));
        Ok(events)
    }

    pub(super) fn amend(&self, task: TaskId, hunk: HunkId, text: Option<String>) -> Result<Vec<Event>, Error> {
        if self.undecided(&task, std::slice::from_ref(&hunk))?.is_empty() {
            return Err(Error::Invalid(format!(
                "The hunk {hunk} is decided, so its text stays. Bring it back first."
            )));
        }
        let known = self.known_task(&task)?;
        let over = text.as_ref().and_then(|_| known.over.get(&hunk)).cloned();
        let same = known.amended.get(&hunk) == text.as_ref();
        let amended = Event::Amended { task, hunk, text, over };
        Ok((!same).then_some(amended).into_iter().collect())
    }

    pub(super) fn known_operation(&self, task: &TaskId, operation: &OperationId) -> Result<&Operating, Error> {
        self.known_task(task)?.operation(operation).ok_or_else(|| {
            Error::NotFound(format!(
                "The task {task} has no operation {operation}. `aca undo --list` lists them."
            ))
        })
    }

    /// Returns a step that is not done yet.
    pub(super) fn open_step(&self, task: &TaskId, operation: &OperationId, index: usize) -> Result<&Step, Error> {
        let known = self.known_operation(task, operation)?;
        let open = (!known.ended && !known.done.contains(&index)).then(|| known.operation.steps.get(index));
        open.flatten().ok_or_else(|| {
            Error::Invalid(format!(
                "The step {index} of the operation {operation} is done already, or there is none."
            ))
        })
    }

    /// Returns those of `hunks` that are not decided yet.
    fn undecided(&self, task: &TaskId, hunks: &[HunkId]) -> Result<Vec<HunkId>, Error> {
        let known = self.known_task(task)?;
        let Some(proposed) = &known.proposed else {
            return Err(no_proposal(task));
        };
        if let Some(reason) = known.undecidable() {
            return Err(Error::Invalid(reason));
        }
        let proposed: BTreeSet<&HunkId> = proposed.hunks.iter().map(|known| &known.id).collect();
        let (mut open, mut seen) = (Vec::new(), BTreeSet::new());
        for hunk in hunks {
            if !proposed.contains(hunk) {
                return Err(Error::NotFound(format!(
                    "The proposal of task {task} has no hunk {hunk}."
                )));
            }
            if !known.decisions.contains_key(hunk) && seen.insert(hunk) {
                open.push(hunk.clone());
            }
        }
        Ok(open)
    }
}

fn no_proposal(task: &TaskId) -> Error {
    Error::Invalid(format!("The task {task} has no proposal to decide."))
}
