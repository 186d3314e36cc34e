//! What lasts when the engine does not: the log, the container engine, the directories of attempts, the clock.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::AttemptId;

use super::files::Files;
use crate::attempt::{Sandbox, Signs};

/// A day, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// A container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Made,
    Runs,
    Ended,
}

/// What an agent left.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Left {
    /// The specification was written.
    pub(super) spec: bool,
    /// The agent had begun.
    pub(super) begun: bool,
    /// It ended with an outcome of this many hunks.
    pub(super) outcome: Option<usize>,
}

/// Everything that survives a crash.
#[derive(Debug, Default)]
pub(super) struct World {
    /// The events as they are stored.
    pub(super) log: Vec<(Vec<u8>, u64)>,
    /// What was kept of a state, and the place of the last event in it.
    pub(super) fold: Option<(u64, Vec<u8>)>,
    pub(super) containers: BTreeMap<AttemptId, Container>,
    pub(super) left: BTreeMap<AttemptId, Left>,
    /// How often an attempt's program was begun, which is what is paid for.
    pub(super) begun: BTreeMap<AttemptId, u32>,
    /// Attempts of which the engine removed what was left.
    pub(super) discarded: BTreeSet<AttemptId>,
    pub(super) files: Files,
    pub(super) now_ms: u64,
}

impl World {
    pub(super) fn sandbox(&self, attempt: &AttemptId) -> Sandbox {
        match self.containers.get(attempt) {
            None => Sandbox::Absent,
            Some(Container::Made) => Sandbox::Created,
            Some(Container::Runs) => Sandbox::Running,
            Some(Container::Ended) => Sandbox::Exited,
        }
    }

    pub(super) fn left(&self, attempt: &AttemptId) -> Left {
        self.left.get(attempt).copied().unwrap_or_default()
    }

    pub(super) fn signs(&self, attempt: &AttemptId) -> Signs {
        let left = self.left(attempt);
        Signs {
            begun: left.begun,
            outcome: left.outcome.is_some(),
        }
    }

    /// The container engine starts a container. One that ended would run its program again.
    pub(super) fn start(&mut self, attempt: &AttemptId) {
        if self.containers.get(attempt) != Some(&Container::Runs) {
            self.containers.insert(attempt.clone(), Container::Runs);
            *self.begun.entry(attempt.clone()).or_default() += 1;
        }
    }

    /// The program of a container goes on: it leaves its sign, or its outcome, or dies.
    pub(super) fn go_on(&mut self, attempt: &AttemptId, luck: usize) -> &'static str {
        let left = self.left.entry(attempt.clone()).or_default();
        if !left.begun {
            left.begun = true;
            return "its agent begins";
        }
        match luck {
            0 => {
                self.containers.insert(attempt.clone(), Container::Ended);
                "its container dies"
            }
            1 => {
                self.containers.remove(attempt);
                "somebody removes its container"
            }
            _ => {
                left.outcome = Some(luck % 4);
                self.containers.insert(attempt.clone(), Container::Ended);
                "its agent ends"
            }
        }
    }

    /// Everything that ran has ended; what was written last may be as it was before.
    pub(super) fn power_cut(&mut self, rolls_back: bool) {
        for (attempt, container) in &mut self.containers {
            let never_began = !self.left.get(attempt).is_some_and(|left| left.begun);
            if rolls_back && never_began {
                // Nothing of it is on disk, so nothing was paid for.
                self.begun.remove(attempt);
            }
            *container = match *container {
                Container::Runs if rolls_back => Container::Made,
                Container::Runs => Container::Ended,
                other => other,
            };
        }
    }

    /// The clock goes on, or jumps.
    pub(super) fn tick(&mut self, jump: usize) {
        self.now_ms = match jump {
            0 => self.now_ms.saturating_sub(DAY),
            1 => self.now_ms + DAY,
            _ => self.now_ms + 10,
        };
    }
}
