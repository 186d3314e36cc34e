//! The files of the user, as far as hunks are concerned, and the worker that changes them one operation at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aca_protocol::{HunkId, OperationId, TaskId};

use super::shell::Shell;
use super::world::World;
use crate::core::{Command, Content, Operation, Step};

/// Which hunks are in the files, and which of them a person touched by hand.
#[derive(Debug, Default)]
pub(super) struct Files {
    there: BTreeSet<HunkId>,
    pub(super) touched: BTreeSet<HunkId>,
}

impl Files {
    pub(super) fn has(&self, hunk: &HunkId) -> bool {
        self.there.contains(hunk)
    }

    /// Writes a file if it is what it must be.
    fn write(&mut self, hunk: &HunkId, there: bool) -> bool {
        if self.has(hunk) == there {
            return false;
        }
        self.put(hunk, there);
        true
    }

    fn put(&mut self, hunk: &HunkId, there: bool) {
        match there {
            true => self.there.insert(hunk.clone()),
            false => self.there.remove(hunk),
        };
    }

    /// A person does by hand what an operation does.
    pub(super) fn by_hand(&mut self, hunk: &HunkId) {
        let there = self.has(hunk);
        self.put(hunk, !there);
        self.touched.insert(hunk.clone());
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &HunkId> {
        self.there.iter()
    }
}

/// Something for the worker to do.
#[derive(Debug, Clone)]
pub(super) enum Job {
    Accept(TaskId, Vec<HunkId>),
    Undo(TaskId, OperationId, Vec<HunkId>),
    /// Finish what a crash interrupted.
    Finish(TaskId),
}

/// An operation that is under way, and what is to be done next for it.
#[derive(Debug, Clone)]
pub(super) struct Doing {
    task: TaskId,
    operation: Operation,
    next: Next,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Plan,
    Write(usize),
    Record(usize),
    End,
}

/// The worker, which is lost in a crash.
#[derive(Debug, Default)]
pub(super) struct Worker {
    pub(super) jobs: VecDeque<Job>,
    doing: Option<Doing>,
    /// Hunks for which the last taking back had nothing to do.
    pub(super) by_hand: BTreeMap<TaskId, BTreeSet<HunkId>>,
    made: u64,
}

impl Worker {
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.doing.is_none()
    }
}

fn content(hunk: &HunkId, there: bool) -> Content {
    Content {
        blob: format!("{hunk} {there}"),
        executable: false,
    }
}

/// Does the worker's next step. Returns nothing if the engine crashed on the way.
pub(super) fn step(shell: &mut Shell, world: &mut World) -> String {
    match shell.worker.doing.take() {
        Some(doing) => go_on(shell, world, doing),
        None => match shell.worker.jobs.pop_front() {
            Some(job) => begin(shell, world, job),
            None => "nothing".to_owned(),
        },
    }
}

fn begin(shell: &mut Shell, world: &World, job: Job) -> String {
    let (task, undoes, hunks, lands) = match job {
        Job::Accept(task, hunks) => (task, None, hunks, true),
        Job::Undo(task, operation, hunks) => {
            let known = shell.state.task(&task);
            let standing = known.map(|known| known.standing(&operation)).unwrap_or_default();
            let lands = known.is_none_or(|known| !known.lands(&operation));
            let hunks = hunks.into_iter().filter(|hunk| standing.contains(hunk)).collect();
            (task, Some(operation), hunks, lands)
        }
        Job::Finish(task) => {
            let open = shell.state.task(&task).into_iter().flat_map(|task| &task.operations);
            let open = open.filter(|known| !known.ended).map(|known| known.operation.clone());
            for operation in open.collect::<Vec<_>>() {
                let next = Next::Write(0);
                let task = task.clone();
                shell.worker.doing = Some(Doing { task, operation, next });
            }
            return "looks for what was interrupted".to_owned();
        }
    };
    let (there, hunks): (Vec<HunkId>, Vec<HunkId>) = hunks.into_iter().partition(|hunk| world.files.has(hunk) == lands);
    if undoes.is_some() {
        shell.worker.by_hand.entry(task.clone()).or_default().extend(there);
    }
    if hunks.is_empty() {
        return "has nothing to write".to_owned();
    }
    let step = |hunk: &HunkId| Step {
        path: hunk.to_string(),
        hunks: vec![hunk.clone()],
        open: false,
        before: Some(content(hunk, !lands)),
        after: Some(content(hunk, lands)),
        landed: BTreeMap::new(),
        spans: Vec::new(),
    };
    shell.worker.made += 1;
    let operation = Operation {
        id: OperationId::new(format!("o{}-{}", world.log.len(), shell.worker.made)),
        undoes,
        steps: hunks.iter().map(step).collect(),
    };
    let did = format!("plans {} {lands} {hunks:?}", operation.id);
    shell.worker.doing = Some(Doing {
        task,
        operation,
        next: Next::Plan,
    });
    did
}

fn go_on(shell: &mut Shell, world: &mut World, mut doing: Doing) -> String {
    let (task, id) = (doing.task.clone(), doing.operation.id.clone());
    let steps = doing.operation.steps.len();
    let known = shell.state.task(&task).and_then(|task| task.operation(&id));
    let is_done = |index: usize| known.is_some_and(|known| known.done.contains(&index));
    let after = |index| {
        if index + 1 < steps {
            Next::Write(index + 1)
        } else {
            Next::End
        }
    };
    let (command, then) = match doing.next {
        Next::Plan => {
            let operation = doing.operation.clone();
            (Command::Operate { task, operation }, Next::Write(0))
        }
        Next::Write(index) if is_done(index) => {
            doing.next = after(index);
            shell.worker.doing = Some(doing);
            return format!("passes over step {index} of {id}");
        }
        Next::Write(index) => {
            let step = &doing.operation.steps[index];
            let hunk = &step.hunks[0];
            let there = step.after == Some(content(hunk, true));
            // What is there already was written before the crash, or somebody did the same.
            let done = world.files.write(hunk, there) || world.files.has(hunk) == there;
            doing.next = if done { Next::Record(index) } else { after(index) };
            shell.worker.doing = Some(doing);
            return format!("writes step {index} of {id}");
        }
        Next::Record(index) => {
            let indexes = BTreeSet::from([index]);
            let operation = id.clone();
            (
                Command::StepsDone {
                    task,
                    operation,
                    indexes,
                },
                after(index),
            )
        }
        Next::End => {
            let operation = id.clone();
            let command = Command::EndOperation { task, operation };
            return match shell.send(world, command.clone()) {
                Ok(()) => format!("ends {id}"),
                Err(error) => format!("leaves {id} to the next one: {error}"),
            };
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
