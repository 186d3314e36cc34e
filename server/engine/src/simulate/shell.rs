//! The engine's shell, one small step at a time, so that a crash may come between any two.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use aca_protocol::proposal::{CheckState, CheckView, Decision};
use aca_protocol::session::CheckpointReason;
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, CheckpointId, HunkId, SessionId, TaskId};

use super::carry::{At, Runner, finished};
use super::oracle::Oracle;
use super::worker::{self, Job, Worker};
use super::world::{Container, World};
use super::{Dice, person};
use crate::Error;
use crate::core::{Command, Effect, Event, Stage, State, Toggle};

/// How many proposals a schedule begins with, if any.
const PROPOSALS: usize = 2;
/// How many hunks each of them has.
const HUNKS: usize = 3;
/// How many attempts work at once.
const MAX_PARALLEL: usize = 2;

/// The world, the engine while it lives, and what is known of both.
pub(super) struct Simulation {
    pub(super) world: World,
    pub(super) shell: Option<Shell>,
    pub(super) oracle: Oracle,
    /// Whether proposals are there from the beginning, and people mostly decide about them.
    pub(super) reviews: bool,
}

/// What a crash takes.
pub(super) struct Shell {
    pub(super) state: State,
    pub(super) runners: Vec<Runner>,
    discards: VecDeque<AttemptId>,
    verifying: VecDeque<TaskId>,
    pub(super) stops: BTreeSet<AttemptId>,
    pub(super) worker: Worker,
    restore: Option<Restore>,
    /// Reports that were sent, which may come once more.
    pub(super) sent: Vec<Command>,
    /// What becomes of the next command.
    pub(super) fault: Fault,
    /// How many events were acknowledged.
    pub(super) acknowledged: usize,
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// The disk is full.
    Full,
    /// The engine dies before the events are durable.
    DiesBefore,
    /// The engine dies when they are, and before anybody is told.
    DiesAfter,
}

/// A person goes back to a checkpoint.
struct Restore {
    checkpoint: CheckpointId,
    then: Arc<State>,
    way: VecDeque<Toggle>,
}

pub(super) fn new_state() -> State {
    State::new(SessionId::new("0123456789abcdef"), MAX_PARALLEL)
}

/// Returns the state after some of the events.
pub(super) fn replayed(from: State, log: &[(Vec<u8>, u64)]) -> State {
    let mut state = from;
    for (body, at_ms) in log {
        state.apply(&serde_json::from_slice(body).unwrap(), *at_ms);
    }
    state
}

impl Simulation {
    /// Begins a schedule. In every other one there are proposals from the beginning.
    pub(super) fn new(seed: u64) -> Self {
        let mut simulation = Self {
            world: World::default(),
            shell: None,
            oracle: Oracle::default(),
            reviews: seed % 2 == 1,
        };
        simulation.start();
        if simulation.reviews {
            let shell = simulation.shell.as_mut().unwrap();
            for n in 0..PROPOSALS {
                shell.propose(&mut simulation.world, n);
                let checkpoint = shell.state.next_checkpoint();
                let made = shell.checkpoint(&mut simulation.world, checkpoint, CheckpointReason::Transition);
                made.unwrap();
            }
        }
        simulation
    }

    /// The engine starts and carries on what was interrupted.
    pub(super) fn start(&mut self) {
        let world = &mut self.world;
        let state = match world.fold.as_ref() {
            Some((seq, fold)) => {
                let seq = usize::try_from(*seq).unwrap();
                let folded = State::from_fold(fold, new_state().session(), MAX_PARALLEL).unwrap();
                replayed(folded, &world.log[seq..])
            }
            None => replayed(new_state(), &world.log),
        };
        let mut shell = Shell {
            state,
            runners: Vec::new(),
            discards: VecDeque::new(),
            verifying: VecDeque::new(),
            stops: BTreeSet::new(),
            worker: Worker::default(),
            restore: None,
            sent: Vec::new(),
            fault: Fault::None,
            acknowledged: world.log.len(),
        };
        shell.perform(shell.state.interrupted());
        let over = shell.state.attempts().filter(|known| known.stage == Stage::Ended);
        let over = over
            .filter(|known| !shell.state.keeps(known))
            .map(|known| known.id.clone());
        shell.discards = over.filter(|id| world.containers.contains_key(id)).collect();
        // On a full disk the waiting ones wait for the next start.
        let _ = shell.send(world, Command::Resume);
        self.shell = Some(shell);
    }

    /// Takes one step of a schedule and says what it was.
    pub(super) fn step(&mut self, dice: &mut Dice) -> String {
        self.world.tick(dice.below(12));
        let Some(shell) = self.shell.as_mut() else {
            self.start();
            return "the engine starts".to_owned();
        };
        shell.fault = match dice.below(60) {
            0 => Fault::Full,
            1 => Fault::DiesBefore,
            2 => Fault::DiesAfter,
            _ => Fault::None,
        };
        let did = match dice.below(20) {
            0 if dice.one_in(2) => {
                self.shell = None;
                return "the engine is killed".to_owned();
            }
            0 if dice.one_in(3) => {
                self.shell = None;
                self.world.power_cut(dice.one_in(3));
                return "the power is cut".to_owned();
            }
            1..4 if self.reviews => person::step(self, dice),
            1..4 => self.containers_go_on(dice),
            4..8 => person::step(self, dice),
            8 => self.once_more(dice),
            9 if dice.one_in(2) => self.used(dice),
            9 => self.keep_fold(),
            10..16 if self.reviews => self.worker_goes_on(),
            _ => self.engine_goes_on(dice),
        };
        self.bury();
        did
    }

    /// An engine that died while it wrote is gone.
    fn bury(&mut self) {
        if self
            .shell
            .as_ref()
            .is_some_and(|shell| shell.fault == Fault::DiesAfter && shell.acknowledged == 0)
        {
            self.shell = None;
        }
    }

    fn containers_go_on(&mut self, dice: &mut Dice) -> String {
        let running = self
            .world
            .containers
            .iter()
            .filter(|(_, container)| **container == Container::Runs);
        let running: Vec<AttemptId> = running.map(|(id, _)| id.clone()).collect();
        match dice.pick(&running) {
            Some(attempt) => format!("{attempt}: {}", self.world.go_on(attempt, dice.below(9))),
            None => "nothing runs".to_owned(),
        }
    }

    /// A report that was sent before comes once more.
    fn once_more(&mut self, dice: &mut Dice) -> String {
        let Some(shell) = self.shell.as_mut() else {
            return String::new();
        };
        // Most of what comes late is not very late.
        let newest = shell
            .sent
            .len()
            .saturating_sub(if dice.one_in(3) { usize::MAX } else { 5 });
        match dice.pick(&shell.sent[newest..]).cloned() {
            Some(command) => {
                let did = format!("once more: {command:?}");
                let _ = shell.send(&mut self.world, command);
                did
            }
            None => "nothing comes once more".to_owned(),
        }
    }

    /// An answer of the model is counted, perhaps after its attempt has ended.
    fn used(&mut self, dice: &mut Dice) -> String {
        let Some(shell) = self.shell.as_mut() else {
            return String::new();
        };
        let attempts: Vec<AttemptId> = shell.state.attempts().map(|known| known.id.clone()).collect();
        let Some(attempt) = dice.pick(&attempts).cloned() else {
            return "nothing is used".to_owned();
        };
        let usage = Usage {
            requests: 1,
            ..Usage::default()
        };
        let did = format!("{attempt}: uses the model");
        let command = Command::Used {
            attempt,
            usage,
            model: None,
            request: None,
        };
        format!("{did}: {:?}", shell.send(&mut self.world, command))
    }

    fn keep_fold(&mut self) -> String {
        if let Some(shell) = &self.shell {
            self.world.fold = Some((shell.state.seq(), shell.state.to_fold().unwrap()));
        }
        "keeps a fold".to_owned()
    }

    /// Lets something of what the engine has begun take its next step.
    pub(super) fn engine_goes_on(&mut self, dice: &mut Dice) -> String {
        let Some(shell) = self.shell.as_mut() else {
            return String::new();
        };
        let runners = shell.runners.len();
        match dice.below(runners + 4) {
            n if n < runners => shell.carry(n, &mut self.world, dice),
            n if n == runners => shell.discard(&mut self.world),
            n if n == runners + 1 => shell.verify(&mut self.world, dice),
            n if n == runners + 2 => worker::step(shell, &mut self.world),
            _ => shell.restore_goes_on(&mut self.world),
        }
    }

    fn worker_goes_on(&mut self) -> String {
        let shell = self.shell.as_mut();
        shell.map_or_else(String::new, |shell| shell.restore_goes_on(&mut self.world))
    }
}

impl Shell {
    /// A task is done, with a proposal that waits for review.
    fn propose(&mut self, world: &mut World, n: usize) {
        let task = TaskId::new(format!("t{n}"));
        let text = "Do it.".to_owned();
        let create = Command::Create {
            task: task.clone(),
            title: text.clone(),
            origin: Origin::Text { text },
        };
        self.send(world, create).unwrap();
        let attempt = self.state.task(&task).and_then(|task| task.attempt.clone()).unwrap();
        let end = finished(&attempt, HUNKS, false);
        let attempt_ended = Command::Ended { attempt, end };
        self.send(world, attempt_ended).unwrap();
        self.runners.clear();
    }

    /// Decides a command, records what follows, applies it and performs it.
    pub(super) fn send(&mut self, world: &mut World, command: Command) -> Result<(), Error> {
        let events = self.state.decide(command.clone())?;
        match self.fault {
            Fault::Full => {
                self.fault = Fault::None;
                return Err(Error::Unavailable("The disk is full.".to_owned()));
            }
            Fault::DiesBefore => {
                (self.fault, self.acknowledged) = (Fault::DiesAfter, 0);
                return Err(Error::Unavailable("The engine has died.".to_owned()));
            }
            Fault::None | Fault::DiesAfter => {}
        }
        let mut effects = Vec::new();
        for event in &events {
            world.log.push((serde_json::to_vec(event).unwrap(), world.now_ms));
            self.state.apply(event, world.now_ms);
            effects.extend(self.state.effects(event));
        }
        if self.fault == Fault::DiesAfter {
            self.acknowledged = 0;
            return Err(Error::Unavailable("The engine has died.".to_owned()));
        }
        self.acknowledged = world.log.len();
        if !matches!(
            command,
            Command::Used { .. }
                | Command::Restore { .. }
                | Command::Resume
                // The worker looks at the files each time it is asked.
                | Command::Decide {
                    decision: Decision::Accept,
                    ..
                }
        ) {
            if let Command::Replan { .. } = command {
                // The worker has waited for the answer to an earlier one.
                self.sent.retain(|sent| !matches!(sent, Command::Replan { .. }));
            }
            self.sent.push(command);
        }
        self.perform(effects);
        Ok(())
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Attempt(attempt) => {
                    let stage = self.state.attempt(&attempt).map_or(Stage::Ended, |known| known.stage);
                    let at = At::Begin;
                    self.runners.push(Runner { attempt, stage, at });
                }
                Effect::Stop(attempt) => drop(self.stops.insert(attempt)),
                Effect::Discard(attempt) => self.discards.push_back(attempt),
                Effect::Verify(task) => self.verifying.push_back(task),
                Effect::Review(task) => {
                    let open = self
                        .state
                        .task(&task)
                        .is_some_and(|task| task.operations.iter().any(|op| !op.ended));
                    if open && self.worker.is_idle() {
                        self.worker.jobs.push_back(Job::Finish(task));
                    }
                }
                Effect::Pause(..) | Effect::Tell(_) | Effect::Checkpoint { .. } => {}
            }
        }
    }

    fn discard(&mut self, world: &mut World) -> String {
        let Some(attempt) = self.discards.pop_front() else {
            return "nothing is left over".to_owned();
        };
        world.containers.remove(&attempt);
        world.discarded.insert(attempt.clone());
        format!("{attempt}: what is left of it is removed")
    }

    fn verify(&mut self, world: &mut World, dice: &mut Dice) -> String {
        let Some(task) = self.verifying.pop_front() else {
            return "nothing is checked".to_owned();
        };
        let passed = dice.one_in(2);
        let check = CheckView {
            command: "make check".to_owned(),
            hunks: None,
            state: if passed {
                CheckState::Passed
            } else {
                CheckState::Failed { code: Some(1) }
            },
            findings: Vec::new(),
            output: String::new(),
        };
        let retries = self.state.task(&task).map_or(0, |task| task.retries);
        let retry = (!passed && retries < 1).then(|| "The check fails.".to_owned());
        let sent = self.send(
            world,
            Command::Checked {
                task: task.clone(),
                check,
                retry,
            },
        );
        if let Err(Error::Unavailable(_)) = sent {
            self.verifying.push_front(task);
        }
        format!("the check has ended: {passed}")
    }

    /// A person goes back to a checkpoint.
    pub(super) fn restore(&mut self, world: &mut World, checkpoint: CheckpointId) -> Result<(), Error> {
        if self.restore.is_some() {
            return Err(Error::Invalid("One at a time.".to_owned()));
        }
        let seq = self.state.checkpoint(&checkpoint)?.seq;
        self.state.may_restore()?;
        let before = self.state.next_checkpoint();
        self.checkpoint(world, before, CheckpointReason::Before)?;
        let seq = usize::try_from(seq).unwrap();
        let then = Arc::new(replayed(new_state(), &world.log[..seq]));
        let way = self.state.way_back(&then).into();
        self.worker.by_hand.clear();
        self.restore = Some(Restore { checkpoint, then, way });
        Ok(())
    }

    fn restore_goes_on(&mut self, world: &mut World) -> String {
        if !self.worker.is_idle() {
            return worker::step(self, world);
        }
        let Some(mut restore) = self.restore.take() else {
            return "nobody goes back".to_owned();
        };
        if let Some(toggle) = restore.way.pop_front() {
            let did = format!("on the way back: {toggle:?}");
            self.worker
                .jobs
                .push_back(Job::GoBack(toggle.task, toggle.operation, toggle.hunks));
            self.restore = Some(restore);
            return did;
        }
        let by_hand: BTreeMap<TaskId, BTreeSet<HunkId>> = std::mem::take(&mut self.worker.by_hand);
        let did = format!("back at {}", restore.checkpoint);
        let command = Command::Restore {
            checkpoint: restore.checkpoint,
            then: restore.then,
            by_hand,
        };
        match self.send(world, command) {
            Ok(()) => did,
            Err(error) => format!("{did}: {error}"),
        }
    }

    pub(super) fn checkpoint(
        &mut self,
        world: &mut World,
        checkpoint: CheckpointId,
        why: CheckpointReason,
    ) -> Result<(), Error> {
        let command = Command::Checkpoint {
            checkpoint,
            name: None,
            why,
            about: String::new(),
            tree: "tree".to_owned(),
        };
        self.send(world, command)
    }

    /// Whether nothing of what it has begun is left to do, but for what waits for containers.
    pub(super) fn is_done(&self) -> bool {
        let done = self.runners.is_empty() && self.discards.is_empty() && self.verifying.is_empty();
        done && self.worker.is_idle() && self.restore.is_none()
    }
}

/// Returns the events of a log.
pub(super) fn events(log: &[(Vec<u8>, u64)]) -> impl Iterator<Item = Event> {
    log.iter().map(|(body, _)| serde_json::from_slice(body).unwrap())
}
