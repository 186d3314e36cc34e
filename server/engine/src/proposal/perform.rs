//! Carries out operations: recorded with all contents first, then written file by file, and seen to be there.
//!
//! Nothing of the user's is replaced unless it is what the change was planned on; when it moved on meanwhile, the change
//! is planned anew, and that is recorded too.

use std::sync::Arc;

use aca_protocol::methods::Refusal;
use aca_protocol::{HunkId, OperationId, TaskId};
use aca_workspace::objects::Blob;

use super::plan::{Aim, Change, Draft, Plan};
use super::worker::Worker;
use super::write::Tried;
use crate::Error;
use crate::core::{Command, Content, Operation, Step};

/// How often a step is planned anew because its file moved on.
const TRIES: usize = 5;

/// What became of an operation.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The operation; nothing if there was nothing to write.
    pub(super) operation: Option<OperationId>,
    /// Hunks that were carried out.
    pub(super) carried: Vec<HunkId>,
    /// Hunks whose text was there already.
    pub(super) there: Vec<HunkId>,
    /// Hunks that were not carried out, and why.
    pub(super) refused: Vec<Refusal>,
    /// What else a person should know.
    pub(super) warnings: Vec<String>,
}

/// An aim with what is planned for it.
struct Part {
    aim: Aim,
    drafts: Vec<Draft>,
    /// The index of its first step.
    first: usize,
}

impl Worker {
    /// Carries out aims as one operation. Hunks that cannot be carried out are left out of it, and are no error.
    ///
    /// # Errors
    ///
    /// If something cannot be recorded. Files that were written by then are found when the session is opened again.
    pub(super) async fn operate(
        &mut self,
        task: &TaskId,
        undoes: Option<OperationId>,
        aims: Vec<Aim>,
    ) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        let parts = self.plan_all(aims, &mut outcome);
        if parts.is_empty() {
            return Ok(outcome);
        }
        let drafts: Vec<Draft> = parts.iter().flat_map(|part| part.drafts.clone()).collect();
        let operation = Operation {
            id: OperationId::new(uuid::Uuid::new_v4().simple().to_string()),
            undoes,
            steps: self.steps(drafts).await?,
        };
        let id = operation.id.clone();
        self.command(Command::Operate {
            task: task.clone(),
            operation,
        })
        .await?;
        outcome.operation = Some(id.clone());
        let mut recorded = Ok(());
        for part in parts {
            recorded = self.carry_out(task, &id, part, &mut outcome).await;
            if recorded.is_err() {
                break;
            }
        }
        let ended = Command::EndOperation {
            task: task.clone(),
            operation: id,
        };
        recorded.and(self.command(ended).await)?;
        if outcome.carried.is_empty() {
            outcome.operation = None;
        }
        Ok(outcome)
    }

    fn plan_all(&self, aims: Vec<Aim>, outcome: &mut Outcome) -> Vec<Part> {
        let (mut parts, mut first): (Vec<Part>, usize) = (Vec::new(), 0);
        for mut aim in aims {
            let leaving = parts.iter().flat_map(|part| &part.drafts);
            let leaving = leaving.filter(|draft| draft.after.is_none());
            let leaving: Vec<&str> = leaving.map(|draft| draft.path.as_str()).collect();
            let plan = match in_place_of_directory(&aim, &leaving) {
                Some(draft) if self.session.root.join(&draft.path).is_dir() => Plan {
                    drafts: vec![draft],
                    ..Plan::default()
                },
                _ => aim.plan(&self.session.root, &self.shared.buffers, &mut outcome.refused),
            };
            outcome.there.extend(plan.there);
            if !plan.drafts.is_empty() {
                let drafts = plan.drafts;
                let count = drafts.len();
                parts.push(Part { aim, drafts, first });
                first += count;
            }
        }
        parts
    }

    /// Stores the contents of drafts and returns them as steps.
    async fn steps(&self, drafts: Vec<Draft>) -> Result<Vec<Step>, Error> {
        let session = Arc::clone(&self.session);
        let storing = tokio::task::spawn_blocking(move || {
            let sides = drafts.iter().flat_map(|draft| [&draft.before, &draft.after]);
            let contents: Vec<&[u8]> = sides.flatten().map(|blob| blob.bytes.as_slice()).collect();
            let mut stored = session.objects.write(&contents)?.into_iter();
            let mut content = |blob: &Option<Blob>| {
                let blob = blob.as_ref()?;
                Some(Content {
                    blob: stored.next()?,
                    executable: blob.executable,
                })
            };
            let step = |draft: &Draft| Step {
                path: draft.path.clone(),
                hunks: draft.hunks.clone(),
                open: draft.edit.is_some(),
                before: content(&draft.before),
                after: content(&draft.after),
                landed: draft.landed.clone(),
                spans: draft.spans.clone(),
            };
            Ok(drafts.iter().map(step).collect())
        });
        let stored = storing
            .await
            .map_err(|error| Error::internal("Storing contents", error))?;
        stored.map_err(|error: aca_workspace::objects::Error| match error {
            aca_workspace::objects::Error::DiskFull { .. } => Error::Unavailable(error.to_string()),
            other => Error::Internal(other.to_string()),
        })
    }

    /// Writes one part of an operation and records it; planned anew as often as its files move on.
    async fn carry_out(
        &mut self,
        task: &TaskId,
        operation: &OperationId,
        part: Part,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let Part {
            mut aim,
            mut drafts,
            first,
        } = part;
        for _ in 0..TRIES {
            match self.write_all(&mut aim, &drafts, outcome).await {
                Tried::Done => return self.done(task, operation, first, &drafts, outcome).await,
                Tried::Refused(reason) => {
                    self.take_back(&aim, &drafts).await;
                    outcome.refuse(aim.hunks(), &reason);
                    return Ok(());
                }
                Tried::MovedOn => {}
            }
            let planned = aim.plan(&self.session.root, &self.shared.buffers, &mut outcome.refused);
            if came_about(&planned, &drafts) {
                // It was there for a moment, or someone else did the same.
                return self.done(task, operation, first, &drafts, outcome).await;
            }
            outcome.there.extend(planned.there);
            if planned.drafts.len() != drafts.len() {
                // What cannot be carried out any more was refused by the plan.
                self.take_back(&aim, &drafts).await;
                return Ok(());
            }
            drafts = planned.drafts;
            let steps = self.steps(drafts.clone()).await?;
            for (n, step) in steps.into_iter().enumerate() {
                self.command(Command::Replan {
                    task: task.clone(),
                    operation: operation.clone(),
                    index: first + n,
                    step,
                })
                .await?;
            }
        }
        self.take_back(&aim, &drafts).await;
        let paths: Vec<&str> = drafts.iter().map(|draft| draft.path.as_str()).collect();
        let reason = format!(
            "{} kept changing meanwhile. Try again when it rests.",
            paths.join(" or ")
        );
        outcome.refuse(aim.hunks(), &reason);
        Ok(())
    }

    /// Records that all steps of a part are done.
    async fn done(
        &mut self,
        task: &TaskId,
        operation: &OperationId,
        first: usize,
        drafts: &[Draft],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for index in first..first + drafts.len() {
            self.command(Command::StepDone {
                task: task.clone(),
                operation: operation.clone(),
                index,
            })
            .await?;
        }
        for hunk in drafts.iter().flat_map(|draft| &draft.hunks) {
            if !outcome.carried.contains(hunk) {
                outcome.carried.push(hunk.clone());
            }
        }
        Ok(())
    }
}

/// Whether a plan for files that moved on says that all of `drafts` is in them.
fn came_about(planned: &Plan, drafts: &[Draft]) -> bool {
    let is_there = |draft: &Draft| {
        let same = |now: &&Draft| now.path == draft.path && now.hunks == draft.hunks && now.before == now.after;
        planned.drafts.iter().any(|now| same(&now)) || draft.hunks.iter().all(|hunk| planned.there.contains(hunk))
    };
    drafts.iter().all(is_there)
}

impl Outcome {
    pub(super) fn refuse(&mut self, hunks: impl IntoIterator<Item = HunkId>, reason: &str) {
        self.refused.extend(hunks.into_iter().map(|hunk| Refusal {
            hunk,
            reason: reason.to_owned(),
        }));
    }
}

/// A new file may take the place of a directory that earlier steps empty.
fn in_place_of_directory(aim: &Aim, leaving: &[&str]) -> Option<Draft> {
    let Change::Whole {
        path,
        hunks,
        from: None,
        to: Some(to),
        ..
    } = &aim.change
    else {
        return None;
    };
    let below = |other: &&str| {
        other
            .strip_prefix(path.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    };
    leaving
        .iter()
        .any(below)
        .then(|| Draft::whole(path, hunks, None, Some(to.clone())))
}
