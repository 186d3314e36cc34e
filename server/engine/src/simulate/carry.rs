//! How the engine carries an attempt through its stages, one small step at a time.

use std::collections::BTreeMap;

use aca_protocol::agent::Driver;
use aca_protocol::{AttemptId, HunkId};

use super::Dice;
use super::files::path_of;
use super::shell::Shell;
use super::world::{Container, World};
use crate::Error;
use crate::attempt::{Step, reconcile};
use crate::core::{AttemptEnd, Command, HunkRef, Proposed, Stage};

/// One attempt that is being carried.
#[derive(Debug, Clone)]
pub(super) struct Runner {
    pub(super) attempt: AttemptId,
    /// As it was when it was begun to be carried.
    pub(super) stage: Stage,
    pub(super) at: At,
}

#[derive(Debug, Clone)]
pub(super) enum At {
    Begin,
    Prepare,
    Spec,
    Starting,
    Make,
    Launch,
    Started,
    Watch,
    Over(AttemptEnd),
}

impl Shell {
    /// Carries an attempt one step on.
    pub(super) fn carry(&mut self, index: usize, world: &mut World, dice: &mut Dice) -> String {
        let Runner { attempt, stage, at } = self.runners[index].clone();
        let did = format!("{attempt}: {at:?}");
        let stop = self.stops.contains(&attempt);
        let stopped = || At::Over(AttemptEnd::Stopped { salvaged: None });
        let next = match at {
            At::Begin if stage == Stage::Planned && !world.left(&attempt).spec => At::Prepare,
            At::Begin => match reconcile(stage, world.sandbox(&attempt), world.signs(&attempt)) {
                Step::Start => At::Prepare,
                Step::Watch => At::Watch,
                Step::Collect => At::Over(collected(world, &attempt, dice)),
                Step::Lose(_) if stop => stopped(),
                Step::Lose(what) => At::Over(lost(what)),
                Step::Refuse => At::Over(failed("Its name is another's.")),
                Step::Nothing | Step::Remove | Step::Stop => At::Over(lost("it does not fit")),
            },
            At::Prepare if stop => stopped(),
            At::Prepare if stage > Stage::Planned => At::Spec,
            At::Prepare => {
                let base = "base".to_owned();
                let command = Command::Snapshotted {
                    attempt: attempt.clone(),
                    base,
                    start: None,
                };
                self.after(world, command, At::Spec)
            }
            At::Spec => {
                world.left.entry(attempt.clone()).or_default().spec = true;
                At::Starting
            }
            At::Starting => {
                let command = Command::Starting {
                    attempt: attempt.clone(),
                    nonce: "nonce".to_owned(),
                    backend: "docker".to_owned(),
                    driver: Driver::Direct,
                    image: None,
                    spec: None,
                };
                self.after(world, command, At::Make)
            }
            At::Make => {
                world.containers.entry(attempt.clone()).or_insert(Container::Made);
                At::Launch
            }
            At::Launch => {
                world.start(&attempt);
                match dice.one_in(20) {
                    // The answer is lost, so nobody knows that it runs.
                    true => At::Over(failed("The container engine does not answer.")),
                    false => At::Started,
                }
            }
            At::Started => {
                let command = Command::Started {
                    attempt: attempt.clone(),
                };
                self.after(world, command, At::Watch)
            }
            At::Watch => watch(world, &attempt, stop, dice),
            At::Over(end) => {
                let command = Command::Ended {
                    attempt: attempt.clone(),
                    end: end.clone(),
                };
                match self.send(world, command) {
                    Err(Error::Unavailable(_)) => At::Over(end),
                    _ => {
                        self.runners.remove(index);
                        return did;
                    }
                }
            }
        };
        if let Some(runner) = self.runners.get_mut(index) {
            runner.at = next;
        }
        did
    }

    /// Records something, and goes on if it is recorded.
    fn after(&mut self, world: &mut World, command: Command, next: At) -> At {
        let attempt = match &command {
            Command::Snapshotted { attempt, .. } | Command::Starting { attempt, .. } | Command::Started { attempt } => {
                attempt.clone()
            }
            other => panic!("{other:?} is not reported by an attempt"),
        };
        match self.send(world, command) {
            Ok(()) => next,
            Err(_) if self.stops.contains(&attempt) => At::Over(AttemptEnd::Stopped { salvaged: None }),
            Err(error) => At::Over(failed(&error.to_string())),
        }
    }
}

fn watch(world: &mut World, attempt: &AttemptId, stop: bool, dice: &mut Dice) -> At {
    if stop {
        if let Some(container) = world.containers.get_mut(attempt) {
            *container = Container::Ended;
        }
        return match world.left(attempt).outcome {
            Some(_) => At::Over(collected(world, attempt, dice)),
            None => At::Over(AttemptEnd::Stopped { salvaged: None }),
        };
    }
    match (world.containers.get(attempt), world.left(attempt).outcome) {
        (Some(Container::Runs | Container::Made), None) => At::Watch,
        (_, Some(_)) => At::Over(collected(world, attempt, dice)),
        (Some(Container::Ended), None) => At::Over(failed("It ended without an outcome.")),
        (None, None) => At::Over(lost("its sandbox was removed while it ran")),
    }
}

/// The end of an attempt that left an outcome.
fn collected(world: &World, attempt: &AttemptId, dice: &mut Dice) -> AttemptEnd {
    finished(attempt, world.left(attempt).outcome.unwrap_or(0), dice.one_in(3))
}

/// The end of an attempt that proposes so many hunks.
pub(super) fn finished(attempt: &AttemptId, hunks: usize, verify: bool) -> AttemptEnd {
    let hunk = |n: usize| {
        let id = HunkId::new(format!("{attempt}-h{n}"));
        let path = path_of(&id);
        HunkRef { id, path }
    };
    let proposed = (hunks > 0).then(|| Proposed {
        base: "base".to_owned(),
        result: attempt.to_string(),
        hunks: (0..hunks).map(hunk).collect(),
        reasons: BTreeMap::new(),
    });
    AttemptEnd::Finished {
        summary: "done".to_owned(),
        proposed,
        verify,
    }
}

fn failed(reason: &str) -> AttemptEnd {
    AttemptEnd::Failed {
        reason: reason.to_owned(),
        salvaged: None,
    }
}

fn lost(reason: &str) -> AttemptEnd {
    AttemptEnd::Lost {
        reason: reason.to_owned(),
        salvaged: Some(Proposed {
            base: "base".to_owned(),
            result: "found".to_owned(),
            hunks: Vec::new(),
            reasons: BTreeMap::new(),
        }),
    }
}
