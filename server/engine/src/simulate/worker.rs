//! The worker that lands and takes back, one operation at a time and one small step after the other: contents are
//! stored, the plan is recorded, a file is written, that is recorded; and a person may type between any two.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aca_protocol::proposal::Decision;
use aca_protocol::{HunkId, OperationId, TaskId};

use super::files::{Files, Text, path_of};
use super::shell::Shell;
use super::world::World;
use crate::core::{Command, Operation, Step};

/// How often a step is planned anew because its file moved on.
const TRIES: usize = 3;
/// How many steps are recorded as done together, at most.
const TOGETHER: usize = 2;

/// Something for the worker to do.
#[derive(Debug, Clone)]
pub(super) enum Job {
    Accept(TaskId, Vec<HunkId>),
    /// Record as accepted what was there already.
    There(TaskId, Vec<HunkId>),
    Undo(TaskId, OperationId, Vec<HunkId>),
    /// The same, because the session goes back.
    GoBack(TaskId, OperationId, Vec<HunkId>),
    /// Finish what was interrupted.
    Finish(TaskId),
}

/// An operation that is under way, and what is to be done next for it.
#[derive(Debug, Clone)]
struct Doing {
    task: TaskId,
    operation: Operation,
    /// Whether its hunks go into the files.
    lands: bool,
    /// Whether a crash, or a full disk, interrupted it before.
    finishes: bool,
    /// Steps that are done and not recorded.
    done: BTreeSet<usize>,
    tries: usize,
    next: Next,
}

#[derive(Debug, Clone)]
enum Next {
    Plan,
    Write(usize),
    Replan(usize, Step),
    Record(usize),
    End,
}

/// The worker, which is lost in a crash.
#[derive(Debug, Default)]
pub(super) struct Worker {
    pub(super) jobs: VecDeque<Job>,
    doing: Option<Doing>,
    /// Hunks for which going back had nothing to do.
    pub(super) by_hand: BTreeMap<TaskId, BTreeSet<HunkId>>,
    made: u64,
}

impl Worker {
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.doing.is_none()
    }
}

/// Does the worker's next step.
pub(super) fn step(shell: &mut Shell, world: &mut World) -> String {
    match shell.worker.doing.take() {
        Some(doing) => go_on(shell, world, doing),
        None => match shell.worker.jobs.pop_front() {
            Some(job) => begin(shell, world, job),
            None => "nothing".to_owned(),
        },
    }
}

fn begin(shell: &mut Shell, world: &mut World, job: Job) -> String {
    let did = format!("{job:?}");
    match job {
        Job::Accept(task, hunks) => {
            let (there, operation) = plan(world, shell.worker.made, None, hunks, true);
            if !there.is_empty() {
                shell.worker.jobs.push_front(Job::There(task.clone(), there));
            }
            shell.begin_operation(task, operation, true);
        }
        Job::There(task, hunks) => {
            let decision = Decision::Accept;
            let sent = shell.send(world, Command::Decide { task, hunks, decision });
            return format!("{did}: {sent:?}");
        }
        Job::Undo(task, operation, hunks) => {
            shell.take_back(world, task, operation, hunks);
        }
        Job::GoBack(task, operation, hunks) => {
            let there = shell.take_back(world, task.clone(), operation, hunks);
            shell.worker.by_hand.entry(task).or_default().extend(there);
        }
        Job::Finish(task) => {
            let Some(known) = shell.state.task(&task) else {
                return did;
            };
            let mut open = known.operations.iter().filter(|known| !known.ended);
            shell.worker.doing = open.next().map(|open| Doing {
                lands: known.lands(&open.operation.id),
                operation: open.operation.clone(),
                finishes: true,
                done: BTreeSet::new(),
                tries: 0,
                next: Next::Write(0),
                task,
            });
        }
    }
    did
}

impl Shell {
    /// Begins to take hunks of an operation back. Returns those for which nothing has to be done.
    fn take_back(
        &mut self,
        world: &mut World,
        task: TaskId,
        operation: OperationId,
        mut hunks: Vec<HunkId>,
    ) -> Vec<HunkId> {
        let Some(known) = self.state.task(&task) else {
            return Vec::new();
        };
        let standing = known.standing(&operation);
        hunks.retain(|hunk| standing.contains(hunk));
        let lands = !known.lands(&operation);
        let (there, operation) = plan(world, self.worker.made, Some(operation), hunks, lands);
        self.begin_operation(task, operation, lands);
        there
    }

    fn begin_operation(&mut self, task: TaskId, operation: Operation, lands: bool) {
        self.worker.made += 1;
        self.worker.doing = (!operation.steps.is_empty()).then_some(Doing {
            task,
            operation,
            lands,
            finishes: false,
            done: BTreeSet::new(),
            tries: 0,
            next: Next::Plan,
        });
    }
}

/// Plans an operation with a step for each file. Returns also the hunks for which nothing has to be done.
fn plan(
    world: &mut World,
    made: u64,
    undoes: Option<OperationId>,
    hunks: Vec<HunkId>,
    lands: bool,
) -> (Vec<HunkId>, Operation) {
    let (there, hunks): (Vec<HunkId>, Vec<HunkId>) = hunks.into_iter().partition(|hunk| world.files.has(hunk) == lands);
    let mut by_path: BTreeMap<String, Vec<HunkId>> = BTreeMap::new();
    for hunk in hunks {
        let path = path_of(&hunk);
        // What overlaps with what a person typed is refused.
        if !world.files.text(&path).overlaps(&hunk) {
            by_path.entry(path).or_default().push(hunk);
        }
    }
    let steps = by_path
        .into_iter()
        .map(|(path, hunks)| plan_step(&mut world.files, path, hunks, lands));
    let operation = Operation {
        steps: steps.collect(),
        id: OperationId::new(format!("o{}-{made}", world.log.len())),
        undoes,
    };
    (there, operation)
}

/// Plans what is to be done to a file as it is now, and stores what it is and will be.
fn plan_step(files: &mut Files, path: String, hunks: Vec<HunkId>, lands: bool) -> Step {
    let before = files.text(&path);
    let after = before.with(&hunks, lands);
    Step {
        open: false,
        before: Some(files.store(&before)),
        after: Some(files.store(&after)),
        permissions: None,
        landed: BTreeMap::new(),
        spans: Vec::new(),
        path,
        hunks,
    }
}

/// What a file is for a step that is to be done to it.
enum Found {
    /// What the step was planned on.
    Planned,
    /// The step is done, by whomever.
    Done,
    Other,
}

fn found(now: &Text, step: &Step, files: &Files, lands: bool) -> Found {
    match () {
        () if Some(now) == files.stored(step.before.as_ref()) => Found::Planned,
        () if step.hunks.iter().all(|hunk| now.has(hunk) == lands) => Found::Done,
        () => Found::Other,
    }
}

fn go_on(shell: &mut Shell, world: &mut World, mut doing: Doing) -> String {
    let (task, id) = (doing.task.clone(), doing.operation.id.clone());
    let (command, then) = match doing.next.clone() {
        Next::Plan => {
            let operation = doing.operation.clone();
            (Command::Operate { task, operation }, Next::Write(0))
        }
        Next::Write(index) => {
            let did = format!("at step {index} of {id}");
            let known = shell.state.task(&task).and_then(|task| task.operation(&id));
            if known.is_some_and(|known| known.done.contains(&index)) {
                doing.passed(index);
            } else {
                doing.write(index, &mut world.files);
            }
            shell.worker.doing = Some(doing);
            return did;
        }
        Next::Replan(index, step) => {
            doing.operation.steps[index] = step.clone();
            let operation = id;
            (
                Command::Replan {
                    task,
                    operation,
                    index,
                    step,
                },
                Next::Write(index),
            )
        }
        Next::Record(index) => {
            let (operation, indexes) = (id, std::mem::take(&mut doing.done));
            let next = doing.after(index);
            (
                Command::StepsDone {
                    task,
                    operation,
                    indexes,
                },
                next,
            )
        }
        Next::End => {
            let command = Command::EndOperation { task, operation: id };
            let did = format!("{command:?}");
            if let Err(error) = shell.send(world, command) {
                shell.worker.jobs.push_front(Job::Finish(doing.task));
                return format!("{did}: {error}");
            }
            return did;
        }
    };
    let did = format!("{command:?}");
    match shell.send(world, command) {
        Ok(()) => {
            doing.next = then;
            shell.worker.doing = Some(doing);
            did
        }
        // What could not be recorded is finished before the next one begins.
        Err(error) => {
            shell.worker.jobs.push_front(Job::Finish(doing.task));
            format!("{did}: {error}")
        }
    }
}

impl Doing {
    /// Writes a file if it is what the step was planned on; else plans the step anew, or leaves it.
    fn write(&mut self, index: usize, files: &mut Files) {
        let step = self.operation.steps[index].clone();
        let now = files.text(&step.path);
        match found(&now, &step, files, self.lands) {
            Found::Planned => {
                let after = files.stored(step.after.as_ref()).cloned().unwrap();
                files.write(&self.operation.id, &step.path, &after);
                self.did(index);
            }
            Found::Done => self.did(index),
            Found::Other if self.finishes => {
                // It is as a person left it, and so are its hunks.
                files.touched.extend(step.hunks);
                self.passed(index);
            }
            Found::Other => {
                self.tries += 1;
                let overlaps = step.hunks.iter().any(|hunk| now.overlaps(hunk));
                if overlaps || self.tries > TRIES {
                    self.passed(index);
                } else {
                    let step = plan_step(files, step.path, step.hunks, self.lands);
                    self.next = Next::Replan(index, step);
                }
            }
        }
    }

    fn did(&mut self, index: usize) {
        self.done.insert(index);
        self.passed(index);
    }

    /// Goes on after a step. Some that are done are recorded together.
    fn passed(&mut self, index: usize) {
        let last = index + 1 >= self.operation.steps.len();
        let due = !self.done.is_empty() && (last || self.done.len() >= TOGETHER);
        self.next = if due { Next::Record(index) } else { self.after(index) };
    }

    fn after(&self, index: usize) -> Next {
        if index + 1 < self.operation.steps.len() {
            Next::Write(index + 1)
        } else {
            Next::End
        }
    }
}
