//! Carries out operations: recorded with all contents first, then written file by file, and seen to be there.
//!
//! Nothing of the user's is replaced unless it is what the change was planned on; when it moved on meanwhile, the change
//! is planned anew, and that is recorded too.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
/// How many steps are recorded as done together, at most. To record one takes about as long as to record all.
const TOGETHER: usize = 64;
/// How long a step that is done waits to be recorded with others.
const SOON: Duration = Duration::from_millis(200);

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

impl Part {
    /// Whether an editor makes one of its changes, which may take a while.
    fn is_open(&self) -> bool {
        self.drafts.iter().any(|draft| draft.edit.is_some())
    }
}

impl Worker {
    /// Carries out aims as one operation. Hunks that cannot be carried out are left out of it, and are no error.
    ///
    /// # Errors
    ///
    /// If something cannot be recorded. The operation is not over then: what was written by then is found, and the rest
    /// is done, before the next one begins or when the session is opened again.
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
        let (mut done, mut since) = (BTreeSet::new(), Instant::now());
        for part in parts {
            let is_open = part.is_open();
            if is_open && !done.is_empty() {
                self.steps_done(task, &id, std::mem::take(&mut done)).await?;
            }
            done.extend(self.carry_out(task, &id, part, &mut outcome).await?);
            if !done.is_empty() && (is_open || done.len() >= TOGETHER || since.elapsed() >= SOON) {
                self.steps_done(task, &id, std::mem::take(&mut done)).await?;
                since = Instant::now();
            }
        }
        if !done.is_empty() {
            self.steps_done(task, &id, done).await?;
        }
        self.command(Command::EndOperation {
            task: task.clone(),
            operation: id,
        })
        .await?;
        if outcome.carried.is_empty() {
            outcome.operation = None;
        }
        Ok(outcome)
    }

    fn plan_all(&self, aims: Vec<Aim>, outcome: &mut Outcome) -> Vec<Part> {
        let (mut parts, mut first): (Vec<Part>, usize) = (Vec::new(), 0);
        let mut leaving: Vec<String> = Vec::new();
        for mut aim in aims {
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
                let left = drafts.iter().filter(|draft| draft.after.is_none());
                leaving.extend(left.map(|draft| draft.path.clone()));
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
                permissions: draft.permissions,
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

    /// Writes one part of an operation; planned anew as often as its files move on. Returns the steps that are done.
    async fn carry_out(
        &mut self,
        task: &TaskId,
        operation: &OperationId,
        part: Part,
        outcome: &mut Outcome,
    ) -> Result<Range<usize>, Error> {
        let Part {
            mut aim,
            mut drafts,
            first,
        } = part;
        let all = first..first + drafts.len();
        for _ in 0..TRIES {
            match self.write_all(&mut aim, &drafts, outcome).await {
                Tried::Done => {
                    outcome.carried(&drafts);
                    return Ok(all);
                }
                Tried::Refused(reason) => {
                    self.take_back(&aim, &drafts).await;
                    outcome.refuse(aim.hunks(), &reason);
                    return Ok(0..0);
                }
                Tried::MovedOn => {}
            }
            let planned = aim.plan(&self.session.root, &self.shared.buffers, &mut outcome.refused);
            if came_about(&planned, &drafts) {
                // It was there for a moment, or someone else did the same.
                outcome.carried(&drafts);
                return Ok(all);
            }
            outcome.there.extend(planned.there);
            if planned.drafts.len() != drafts.len() {
                // What cannot be carried out any more was refused by the plan.
                self.take_back(&aim, &drafts).await;
                return Ok(0..0);
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
        Ok(0..0)
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
    /// Adds the hunks of one part.
    fn carried(&mut self, drafts: &[Draft]) {
        let mut seen = HashSet::new();
        let hunks = drafts.iter().flat_map(|draft| &draft.hunks);
        self.carried.extend(hunks.filter(|hunk| seen.insert(*hunk)).cloned());
    }

    pub(super) fn refuse(&mut self, hunks: impl IntoIterator<Item = HunkId>, reason: &str) {
        self.refused.extend(hunks.into_iter().map(|hunk| Refusal {
            hunk,
            reason: reason.to_owned(),
        }));
    }
}

/// A new file may take the place of a directory that earlier steps empty.
fn in_place_of_directory(aim: &Aim, leaving: &[String]) -> Option<Draft> {
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
    let below = |other: &String| {
        other
            .strip_prefix(path.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    };
    leaving
        .iter()
        .any(below)
        .then(|| Draft::whole(path, hunks, None, Some(to.clone())))
}
