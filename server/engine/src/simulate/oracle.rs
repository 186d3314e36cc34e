//! What must hold, whatever happens: the guarantees G1 to G6.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::proposal::Decision;
use aca_protocol::{AttemptId, CheckpointId, OperationId, TaskId};

use super::Dice;
use super::shell::{Simulation, events, new_state, replayed};
use super::world::{Container, World};
use crate::core::{AttemptEnd, Event, Phase, State};

/// What was there once, and therefore must stay.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    acknowledged: usize,
    tasks: BTreeSet<TaskId>,
    attempts: BTreeSet<AttemptId>,
    operations: BTreeSet<(TaskId, OperationId)>,
    checkpoints: Vec<CheckpointId>,
    /// How much of the log was looked at.
    looked_at: usize,
    ended: BTreeMap<AttemptId, AttemptEnd>,
    /// The task of each attempt.
    tasks_of: BTreeMap<AttemptId, TaskId>,
    /// Lost attempts about which nobody has decided anything yet.
    undecided: BTreeSet<AttemptId>,
    /// Operations that were planned, and the steps of them that are done.
    done: BTreeMap<OperationId, BTreeSet<usize>>,
    /// How many requests each task has made.
    requests: BTreeMap<TaskId, u64>,
    /// How much of what was replaced was looked at.
    replaced: usize,
    /// What has come about, by what it is called.
    landed: u64,
    taken_back: u64,
    planned_anew: u64,
    refused: u64,
    restored: u64,
    restarts: u64,
    was_alive: bool,
}

impl Simulation {
    /// Checks what must hold at every moment.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let (world, oracle) = (&self.world, &mut self.oracle);
        let alive = self.shell.is_some();
        let began = alive && !oracle.was_alive;
        oracle.was_alive = alive;
        let (before, now) = (oracle.looked_at, world.log.len());
        for event in events(&world.log[oracle.looked_at..]) {
            oracle.look_at(event)?;
        }
        oracle.looked_at = world.log.len();
        for (attempt, begun) in &world.begun {
            ensure(*begun <= 1, "G2: a sandbox was begun twice", attempt)?;
        }
        let Some(shell) = &self.shell else { return Ok(()) };
        ensure(
            world.log.len() >= oracle.acknowledged,
            "G1: acknowledged events are gone",
            &world.log.len(),
        )?;
        oracle.acknowledged = shell.acknowledged;
        let state = &shell.state;
        let sometimes = began || before / 64 < now / 64;
        oracle.files(world, state, sometimes)?;
        if before == now && !began {
            return Ok(());
        }
        oracle.removals(world, state)?;
        if sometimes {
            oracle.restarts += u64::from(began);
            let again = replayed(new_state(), &world.log);
            ensure(
                again == *state,
                "G1: a replay gives another state",
                &Difference(&again, state),
            )?;
        }
        ensure(
            state.counts() == counted(state),
            "the counts are not those of the tasks",
            &state.counts(),
        )?;
        ensure(state.active() <= 2, "more attempts work than may", &state.active())?;
        kept(
            &mut oracle.tasks,
            state.all_tasks().map(|task| task.id.clone()),
            "G6: a task is gone",
        )?;
        kept(
            &mut oracle.attempts,
            state.attempts().map(|known| known.id.clone()),
            "G6: an attempt is gone",
        )?;
        let operations = state.all_tasks().flat_map(|task| {
            let of = |id: &OperationId| (task.id.clone(), id.clone());
            task.operations.iter().map(move |known| of(&known.operation.id))
        });
        kept(&mut oracle.operations, operations, "G6: an operation is gone")?;
        let checkpoints: Vec<CheckpointId> = state.checkpoints().map(|known| known.view.id.clone()).collect();
        let same = checkpoints.starts_with(&oracle.checkpoints);
        let names: BTreeSet<&CheckpointId> = checkpoints.iter().collect();
        ensure(
            same && names.len() == checkpoints.len(),
            "G6: a checkpoint is gone",
            &checkpoints,
        )?;
        oracle.checkpoints = checkpoints;
        Ok(())
    }

    /// Nobody does anything and nothing goes wrong any more: everything comes to rest.
    pub(super) fn leave_alone(&mut self) -> Result<(), String> {
        for round in 0..4_000 {
            let Some(shell) = self.shell.as_mut() else {
                self.start();
                continue;
            };
            shell.fault = super::shell::Fault::None;
            let mut dice = Dice::of(7, round);
            let running = self
                .world
                .containers
                .iter()
                .filter(|(_, state)| **state == Container::Runs);
            for attempt in running.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
                self.world.go_on(&attempt, 2 + round % 3);
            }
            self.engine_goes_on(&mut dice);
            self.check()?;
            let at_work = |state: &State| state.all_tasks().any(|task| task.is_at_work());
            if self
                .shell
                .as_ref()
                .is_some_and(|shell| shell.is_done() && !at_work(&shell.state))
            {
                return self.at_rest();
            }
        }
        let shell = self.shell.as_ref().unwrap();
        let stuck: Vec<String> = shell
            .state
            .all_tasks()
            .filter(|task| task.is_at_work())
            .map(|task| format!("{} {:?}", task.id, task.phase))
            .collect();
        Err(format!("G5: something never comes to rest: {stuck:?}"))
    }

    /// Checks what must hold when everything has come to rest.
    fn at_rest(&self) -> Result<(), String> {
        let (world, state) = (&self.world, &self.shell.as_ref().unwrap().state);
        for task in state.all_tasks() {
            ensure(
                task.operations.iter().all(|known| known.ended),
                "G5: a landing is left open",
                &task.id,
            )?;
            let over = matches!(task.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Lost { .. });
            ensure(
                !over || !task.recovery().is_empty(),
                "G5: a task names no decision",
                &task.id,
            )?;
            let landed: BTreeSet<_> = task.landed_hunks().into_iter().map(|(_, hunk)| hunk).collect();
            let operated = task.operations.iter().flat_map(|known| known.carried_out());
            for hunk in operated.filter(|hunk| !world.files.touched.contains(hunk)) {
                let agrees = world.files.has(&hunk) == landed.contains(&hunk);
                ensure(agrees, "G4: the files are not what was recorded of them", &hunk)?;
            }
            let accepted = task
                .hunks()
                .filter(|hunk| task.decisions.get(*hunk) == Some(&Decision::Accept));
            for hunk in accepted.filter(|hunk| !world.files.touched.contains(*hunk)) {
                ensure(world.files.has(hunk), "G3: an accepted hunk is not in the files", hunk)?;
            }
            let open = task.pending().filter(|hunk| !world.files.touched.contains(*hunk));
            for hunk in open {
                ensure(!world.files.has(hunk), "G3: an undecided hunk is in the files", hunk)?;
            }
        }
        replaced(world, state, 0)?;
        for attempt in state.attempts() {
            let left = world.left(&attempt.id);
            let end = self.oracle.ended.get(&attempt.id);
            ensure(end.is_some(), "G5: an attempt never ends", &attempt.id)?;
            // What was given up before its agent had ended is not collected, and a person was told so.
            if left.outcome.is_some() && matches!(end, Some(AttemptEnd::Lost { .. })) {
                return Err(format!("G3: an outcome was not collected: {}", attempt.id));
            }
            let kept = world.containers.contains_key(&attempt.id);
            ensure(!kept || state.keeps(attempt), "a container is left over", &attempt.id)?;
        }
        Ok(())
    }
}

impl Oracle {
    /// Checks an event against those before it.
    fn look_at(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::AttemptPlanned { task, attempt, .. } => {
                self.decided(&task);
                self.tasks_of.insert(attempt, task);
            }
            Event::RecoverAsked { task, .. } | Event::TaskRestored { task, .. } => self.decided(&task),
            Event::AttemptEnded { attempt, end } => {
                let again = self.ended.contains_key(&attempt);
                ensure(!again, "G3: an end was recorded twice", &attempt)?;
                if let AttemptEnd::Lost { .. } = end {
                    self.undecided.insert(attempt.clone());
                }
                self.ended.insert(attempt, end);
            }
            Event::OperationPlanned { operation, .. } => {
                self.landed += u64::from(operation.undoes.is_none());
                self.taken_back += u64::from(operation.undoes.is_some());
                let again = self.done.insert(operation.id.clone(), BTreeSet::new()).is_some();
                ensure(!again, "G4: an operation was planned twice", &operation.id)?;
            }
            Event::StepPlanned { operation, index, .. } => {
                self.planned_anew += 1;
                let done = self.done.entry(operation).or_default().contains(&index);
                ensure(!done, "G4: a step was planned anew after it was done", &index)?;
            }
            Event::StepDone { operation, index, .. } => {
                let first = self.done.entry(operation).or_default().insert(index);
                ensure(first, "G4: a step was recorded twice", &index)?;
            }
            Event::OperationEnded { operation, .. } => {
                self.refused += u64::from(self.done.entry(operation).or_default().is_empty());
            }
            Event::Restored { .. } => self.restored += 1,
            _ => {}
        }
        Ok(())
    }

    /// What became of a task was decided, so that lost attempts of it need not be kept.
    fn decided(&mut self, task: &TaskId) {
        let tasks_of = &self.tasks_of;
        self.undecided.retain(|attempt| tasks_of.get(attempt) != Some(task));
    }

    /// Checks that what a person had in a file is there, or stored and named by the operation that replaced it.
    fn files(&mut self, world: &World, state: &State, all: bool) -> Result<(), String> {
        for (piece, path) in &world.files.kept {
            let there = world.files.has_typed(path, *piece);
            ensure(there, "G4: what was typed is gone", &(piece, path))?;
        }
        replaced(world, state, if all { 0 } else { self.replaced })?;
        self.replaced = world.files.replaced.len();
        Ok(())
    }

    /// Checks that nothing goes away by itself.
    fn removals(&mut self, world: &World, state: &State) -> Result<(), String> {
        let mut undecided = self.undecided.intersection(&world.discarded);
        let removed = undecided.next();
        ensure(removed.is_none(), "G6: what is lost was removed unasked", &removed)?;
        for task in state.all_tasks() {
            let before = self.requests.insert(task.id.clone(), task.usage.requests);
            let less = before.is_some_and(|before| task.usage.requests < before);
            ensure(!less, "G6: what was used is forgotten", &task.id)?;
        }
        Ok(())
    }
}

/// Checks that what was replaced is stored, and named by the operation that replaced it, from the one at `from` on.
fn replaced(world: &World, state: &State, from: usize) -> Result<(), String> {
    for (operation, path, text) in &world.files.replaced[from..] {
        let known = state.all_tasks().find_map(|task| task.operation(operation));
        let named = known.is_some_and(|known| {
            let mut steps = known.operation.steps.iter();
            steps.any(|step| step.path == *path && world.files.stored(step.before.as_ref()) == Some(text))
        });
        ensure(
            named,
            "G4: what was replaced cannot be found again",
            &(operation, path, text),
        )?;
    }
    Ok(())
}

fn counted(state: &State) -> aca_protocol::session::TaskCounts {
    let mut counts = aca_protocol::session::TaskCounts::default();
    for task in state.tasks() {
        let count = match &task.phase {
            _ if task.is_at_work() => &mut counts.working,
            Phase::Lost { .. } => &mut counts.lost,
            Phase::Review if task.pending().next().is_some() => &mut counts.ready,
            _ => &mut counts.settled,
        };
        *count += 1;
    }
    counts
}

/// Two states that should be the same, and the tasks in which they differ.
struct Difference<'s>(&'s State, &'s State);

impl std::fmt::Debug for Difference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = self.0.all_tasks().zip(self.1.all_tasks());
        f.debug_list()
            .entries(pairs.filter(|(one, other)| one != other))
            .finish()
    }
}

fn kept<T: Ord + std::fmt::Debug>(
    known: &mut BTreeSet<T>,
    now: impl Iterator<Item = T>,
    violated: &str,
) -> Result<(), String> {
    let now: BTreeSet<T> = now.collect();
    let gone: Vec<&T> = known.difference(&now).collect();
    ensure(gone.is_empty(), violated, &gone)?;
    *known = now;
    Ok(())
}

fn ensure(holds: bool, violated: &str, what: &dyn std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{violated}: {what:?}"))
    }
}

/// What has come about in a run.
#[derive(Debug, Default)]
pub(super) struct Seen {
    schedules: u64,
    restarts: u64,
    restored: u64,
    finished: u64,
    stopped: u64,
    failed: u64,
    lost: u64,
    landed: u64,
    taken_back: u64,
    planned_anew: u64,
    refused: u64,
    replaced: u64,
    typed: u64,
    touched: u64,
}

impl Seen {
    pub(super) fn add(&mut self, simulation: &Simulation) {
        let oracle = &simulation.oracle;
        self.schedules += 1;
        self.restarts += oracle.restarts;
        self.restored += oracle.restored;
        self.landed += oracle.landed;
        self.taken_back += oracle.taken_back;
        self.planned_anew += oracle.planned_anew;
        self.refused += oracle.refused;
        self.replaced += simulation.world.files.replaced.len() as u64;
        self.typed += simulation.world.files.kept.len() as u64;
        self.touched += simulation.world.files.touched.len() as u64;
        for end in oracle.ended.values() {
            *match end {
                AttemptEnd::Finished { .. } => &mut self.finished,
                AttemptEnd::Stopped { .. } => &mut self.stopped,
                AttemptEnd::Failed { .. } => &mut self.failed,
                AttemptEnd::Lost { .. } => &mut self.lost,
            } += 1;
        }
    }

    pub(super) fn check(&self) {
        println!("{self:?}");
        let all = [
            self.restarts,
            self.restored,
            self.finished,
            self.stopped,
            self.failed,
            self.lost,
            self.landed,
            self.taken_back,
            self.planned_anew,
            self.refused,
            self.typed,
            self.touched,
        ];
        assert!(self.schedules < 100 || all.iter().all(|seen| *seen > 0), "{self:?}");
    }
}
